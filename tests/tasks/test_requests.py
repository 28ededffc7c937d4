"""What people enter never becomes shell: the forms refuse it before anything is read or touched."""

import pytest
from pydantic import ValidationError

from tasks import requests
from tasks.errors import BlockersFound
from tasks.lifecycle import procedure_of
from tasks.requests import UpgradeRequest
from tasks.sections import Part, compose

GOOD = {"customer": "bureau", "hosts": ["web1"], "requester": "张工", "reason": "安全更新", "scope": "listed"}


@pytest.mark.parametrize("package", ["x\nEND_OF_SELECTION\nid >/tmp/x\n", "nginx; id", "$(id)", "nginx=1.0 2", "-o", "", " ", "a`id`", "nginx=1\n"])
def test_a_package_is_a_name_and_a_version(package):
    with pytest.raises(ValidationError):
        UpgradeRequest(**GOOD, packages=[package])
    assert UpgradeRequest(**GOOD, packages=["libssl3:amd64=3.0.20-1~deb12u2", "g++"]).packages


@pytest.mark.parametrize("field", ["requester", "operator", "reason"])
def test_words_are_one_printable_line(field):
    with pytest.raises(ValidationError):
        UpgradeRequest(**{**GOOD, field: "x\nexpires=1"})


def test_hosts_are_names():
    with pytest.raises(ValidationError):
        UpgradeRequest(**{**GOOD, "hosts": ["web1\nid"]})


def test_a_part_cannot_end_its_own_document():
    script = compose([Part("health", "echo a\nEND_OF_HEALTH\necho outside")])
    assert script.count("<<'END_OF_HEALTH_'") == 1


FORMS = [getattr(requests, name) for name in dir(requests) if name.endswith("Request")]


def parts_of(form, above=()):
    """A form and the forms in it."""
    yield form
    for field in form.model_fields.values():
        if (inner := requests._form_in(field.annotation)) is not None and inner not in above:
            yield from parts_of(inner, (*above, form))


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.__name__)
def test_every_field_of_a_form_says_what_to_enter(form):
    """The UI shows title and description, and nothing else that would help."""
    for part in parts_of(form):
        assert part.__doc__ and part.model_config.get("title")
        assert [name for name, field in part.model_fields.items() if not field.title or not field.description] == [], part.__name__


WRONG = {
    "two parts": ("capacity_expansion",
                  {"customer": "bureau", "hosts": ["web1"], "requester": "张工", "reason": "满", "swap": {"mib": 64}, "connections": {"free": 9}},
                  "fill in one part only; each is a change of its own"),
    "nothing in a part": ("capacity_expansion", {"customer": "bureau", "hosts": ["web1"], "requester": "张工", "reason": "满", "swap": {}},
                          "Swap: say how large the swap file is to be, or how much swap is to be free"),
    "no load": ("configuration_tuning", {"customer": "bureau", "hosts": ["web1"], "requester": "张工", "reason": "慢", "loads": []}, "Loads: add at least one"),
    "a wrong value deep inside": ("configuration_tuning", {"customer": "bureau", "hosts": ["web1"], "requester": "张工", "reason": "慢",
                                                           "loads": [{"title": "t", "command": "true", "run_as": "No Body"}],
                                                           "settings": [{"system": "kernel", "name": "vm.swappiness", "value": "1"}]},
                                  "Loads, item 1, Account that runs it: 'No Body' "
     "is not written as it must be here (On the host, not root; postgres for pgbench)"),
    "a time without a zone": ("emergency_restore", {"customer": "bureau", "hosts": ["web1"], "requester": "张工", "reason": "满", "to": "2026-11-23T10:00:00"},
                              "Data as of just before: needs its time zone"),
    "another's number": ("security_hardening", {"customer": "bureau", "inspection": "INS-20261123-001", "requester": "张工"},
                         "Security check: INS-20261123-001 is of another kind"),
    "an empty form": ("system_migration", {}, "Customer: must be filled in; Old host: must be filled in"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_mistake_in_a_form_is_told_in_its_own_words(case):
    procedure, entered, says = WRONG[case]
    with pytest.raises(BlockersFound) as refused:
        requests.filled_in(procedure_of(procedure).Request, entered)
    assert says in str(refused.value) and "\n" not in str(refused.value) and "input" not in str(refused.value)
