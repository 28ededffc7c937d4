"""What people enter never becomes shell: the forms refuse it before anything is read or touched."""

import pytest
from pydantic import ValidationError

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
