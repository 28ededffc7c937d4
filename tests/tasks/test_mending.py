"""Findings of an inspection in the archive, turned into changes: by the command line, by the form; and how it is judged that they are gone."""

from __future__ import annotations

import json

import pytest
import yaml
from pydantic import ValidationError
from typer.testing import CliRunner

import standfast
from reports.archive import inspections
from reports.documents import render_inspection_page
from reports.records import Acceptance, CheckRow, Outcome, TargetRead, Text, same
from tasks import findings, inspection, inspection_papers, lifecycle, mending
from tasks.checks.catalogue import all_checks
from tasks.checks.kinds import Known, Row, critical, ok, unknown, warning
from tasks.checks.reading import Reading, check_rows, object_of
from tasks.errors import BlockersFound, HostUnreachable
from tasks.procedures import corrective_maintenance, security_hardening
from tasks.requests import CorrectionRequest, HardeningRequest, InspectionRequest, SecurityRequest

ROWS = (("CFG-09a", "/etc/shadow", Outcome.CRITICAL), ("CFG-05b", "orders.service", Outcome.CRITICAL), ("CFG-16", "", Outcome.CRITICAL),
        ("CFG-02a", "", Outcome.WARNING), ("CFG-02a", "openssl", Outcome.WARNING), ("CFG-09b", "", Outcome.OK))


def inspected(office, *rows: tuple[str, str, Outcome]) -> str:
    """A finished inspection of web1 that found this."""
    number = inspection.open_inspection("system-inspection", InspectionRequest(customer="bureau"))
    told = tuple(CheckRow(target="web1", check=check, object=name, outcome=outcome, says=Text(zh=f"{name}有问题", en=f"{name} is bad"))
                 for check, name, outcome in rows)
    inspections.file_targets(office.archive(), inspection.inspection(number),
                             [TargetRead(target="web1", kind="host", read_at=office.now(), seconds=1.0, rows=told)])
    return number


@pytest.fixture
def number(office) -> str:
    return inspected(office, *ROWS)


def shown(result) -> str:
    return result.output + (result.stderr if result.stderr_bytes else "")


def command(*arguments: str):
    return CliRunner().invoke(standfast.app, arguments)


def test_all_findings_become_a_correction_and_an_upgrade_and_the_rest_is_named(office, number):
    done = command("mend", number, "--requester", "张工", "--json")
    assert done.exit_code == 0, shown(done)
    opened = json.loads(done.stdout)
    assert [one["procedure"] for one in opened] == ["corrective-maintenance", "software-upgrade"]
    assert [row[0] for row in opened[0]["findings"]] == ["CFG-09a", "CFG-05b"] and opened[1]["hosts"] == ["web1"]
    correction, upgrade = (office.change(one["number"]) for one in opened)
    assert correction.request["inspection"] == number and correction.request["hosts"] == ["web1"] and correction.requester == "张工"
    assert (upgrade.request["scope"], upgrade.request["kind"]) == ("security", "packages") and number in upgrade.reason
    assert lifecycle.request_of(correction.number).findings == []
    text = command("mend", number, "--requester", "张工", "--show").stdout
    assert "would open: corrective-maintenance on web1" in text and "left to people: CFG-16 web1" in text
    assert len(office.archive().changes(limit=100)) == 3, "showing opens nothing"


def test_chosen_findings_only(office, number):
    found, _ = mending.openings(number, ["CFG-09a web1 /etc/shadow"], [], requester="张工")
    assert [(one.procedure, [row.object for row in one.findings]) for one in found] == [("corrective-maintenance", ["/etc/shadow"])]
    found, _ = mending.openings(number, ["CFG-02a"], ["web1"], requester="张工")
    assert [one.procedure for one in found] == ["software-upgrade"]
    both, _ = mending.openings(number, ["CFG-02a", "CFG-05b"], [], requester="张工")
    assert [one.procedure for one in both] == ["corrective-maintenance", "software-upgrade"]


@pytest.mark.parametrize(("arguments", "says"), [
    (("INS-20200101-001",), "no inspection INS-20200101-001"),
    (("NUMBER", "--check", "CFG-16"), "CFG-16 (Rules of sudo) is dealt with by hand"),
    (("NUMBER", "--check", "CFG-09b"), "no finding “CFG-09b”"),
    (("NUMBER", "--check", "CFG-02a web9"), "no finding “CFG-02a web9”"),
    (("NUMBER", "--target", "web9"), "web9 is none of the targets that INS-"),
    (("NUMBER", "--check", "CFG-99"), "there is no check CFG-99"),
    (("CHG-20200101-001",), "there is no inspection CHG-20200101-001"),
])
def test_bad_input_is_one_sentence_and_opens_nothing(office, number, arguments, says):
    done = command("mend", *(number if one == "NUMBER" else one for one in arguments), "--requester", "张工")
    assert done.exit_code == 4 and says in shown(done) and "Traceback" not in shown(done)
    assert len(office.archive().changes(limit=100)) == 1


def test_a_form_that_is_none_is_wrong_usage(number):
    assert command("mend", number, "--requester", "张工", "--check", "reboot; now").exit_code == 2


def test_an_inspection_in_which_only_updates_wait_becomes_an_upgrade_alone(office):
    found, left = mending.openings(inspected(office, ("CFG-02a", "", Outcome.WARNING)), [], [], requester="张工")
    assert [one.procedure for one in found] == ["software-upgrade"] and left == []


def test_the_form_takes_hosts_from_the_inspection_and_refuses_another_customers(office, number):
    asked = CorrectionRequest(customer="bureau", inspection=number, requester="张工")
    assert corrective_maintenance.complete(asked).hosts == ["web1"]
    taken_up = asked.model_copy(update={"number": "CHG-20270101-001"})
    assert corrective_maintenance.complete(taken_up) is taken_up
    with pytest.raises(BlockersFound, match="of customer bureau, not of harbour") as problem:
        corrective_maintenance.complete(asked.model_copy(update={"customer": "harbour"}))
    assert "不属于 harbour" in problem.value.text.zh


def test_a_plan_is_made_by_number_and_a_host_out_of_reach_is_said(office, number):
    opened = json.loads(command("mend", number, "--requester", "张工", "--check", "CFG-09a", "--json").stdout)[0]["number"]
    for name in ("plan", "rehearse"):
        done = command(name, opened)
        assert done.exit_code == 1 and "cannot be reached" in shown(done)
    with pytest.raises(HostUnreachable):
        lifecycle.make_plan(opened, 1, print)


def test_the_report_says_how_a_finding_becomes_a_change(office, number):
    record = inspection_papers.record_of(number)
    for language in ("zh", "en"):
        page = render_inspection_page(record, language)
        line = next(line for line in page.splitlines() if f"standfast mend {number}" in line)
        assert all(word in line for word in ("CFG-09a", "CFG-05b", "CFG-02a", "corrective-maintenance", "software-upgrade")) and "CFG-16" not in line
    operations = {check.id: check.operation for check in record.checks}
    assert (operations["CFG-09a"], operations["CFG-02a"], operations["CFG-16"]) == ("corrective-maintenance", "software-upgrade", "")


# --- gone or not

def health(*rows: Row, objects: tuple[str, ...] = ("/etc/shadow",)):
    promised = Acceptance(target="web1", title=same("t"), command="", check="CFG-09a", objects=objects)
    return findings._health(promised, Reading(rows, None, Known(now=None)))  # type: ignore[arg-type]


def test_a_finding_is_gone_if_its_object_is_well_or_no_longer_named():
    assert health(ok("好", "fine")).ok and health(ok("好", "fine", object="/etc/shadow")).ok
    assert not health(critical("坏", "bad", object="/etc/shadow")).ok and not health(warning("坏", "bad"), objects=("",)).ok
    other = health(critical("坏", "bad", object="/etc/passwd"))
    assert other.ok, "what else is wrong was not to be mended"


def test_what_could_not_be_read_proves_nothing():
    assert not health(unknown("读不到", "not read")).ok and "not read" in health(unknown("读不到", "not read")).detail.en
    promised = Acceptance(target="web1", title=same("t"), command="", check="XX-99", objects=("",))
    assert not findings._health(promised, None).ok


def test_a_name_that_bears_a_secret_is_found_again_under_the_name_it_was_kept_by():
    secret = "/srv/password=hunter2hunter2"
    kept, = check_rows("web1", all_checks()[0], [critical("坏", "bad", object=secret)])
    assert not health(critical("坏", "bad", object=secret), objects=(kept.object,)).ok and object_of(critical("坏", "bad", object=secret)) == kept.object


# --- a security check becomes a hardening

CONTROLS_BAD = (("H-SSH-03", "", Outcome.WARNING), ("H-FS-01b", "/etc/shadow", Outcome.WARNING), ("H-SSH-09", "", Outcome.WARNING),
                ("H-SYS-03a", "net.ipv4.tcp_syncookies", Outcome.EXCEPTED))


def checked(office, *found: tuple[str, str, Outcome]) -> str:
    """A finished security check of web1 that found this."""
    number = inspection.open_inspection("security-check", SecurityRequest(customer="bureau"))
    told = tuple(CheckRow(target="web1", check=check, object=name, outcome=outcome, says=Text(zh=f"{name}有问题", en=f"{name} is bad"))
                 for check, name, outcome in found or CONTROLS_BAD)
    inspections.file_targets(office.archive(), inspection.inspection(number),
                             [TargetRead(target="web1", kind="host", read_at=office.now(), seconds=1.0, rows=told)])
    return number


def test_failed_controls_become_one_hardening_and_the_rest_is_left_to_people(office):
    number = checked(office)
    text = command("mend", number, "--requester", "张工", "--show").stdout
    assert "would open: security-hardening on web1" in text and "left to people: H-SSH-09" in text and "H-SYS-03a" not in text
    opened, = json.loads(command("mend", number, "--requester", "张工", "--json").stdout)
    assert opened["procedure"] == "security-hardening" and [row[0] for row in opened["findings"]] == ["H-SSH-03", "H-FS-01b"]
    request = lifecycle.request_of(opened["number"])
    assert isinstance(request, HardeningRequest) and (request.inspection, request.hosts) == (number, ["web1"])


def refused(office, *arguments: str) -> str:
    """The one sentence; nothing was opened."""
    there = {row.number for row in office.archive().changes(limit=100)}
    done = command("mend", *arguments, "--requester", "张工")
    assert done.exit_code == 4 and "Traceback" not in shown(done)
    assert {row.number for row in office.archive().changes(limit=100)} == there
    sentence, = done.stderr.strip().splitlines()
    return sentence


@pytest.mark.parametrize(("wish", "says"), [
    ("H-SSH-09", "is dealt with by hand"), ("H-XX-99", "there is no control H-XX-99; see the list with: standfast controls"),
    ("H-SYS-03a", "There is no finding “H-SYS-03a”"), ("H-SSH-03 web9", "There is no finding “H-SSH-03 web9”")])
def test_a_control_that_cannot_be_hardened_is_refused_in_one_sentence(office, wish, says):
    assert says in refused(office, checked(office), "--check", wish)


def test_a_host_that_the_check_did_not_look_at_is_refused(office):
    number = checked(office)
    assert refused(office, number, "--target", "harbour1").endswith(f"harbour1 is none of the targets that {number} looked at; those are: web1")


def test_a_check_in_which_nothing_can_be_mended_or_nothing_fails_is_refused(office):
    by_hand = checked(office, ("H-SSH-09", "", Outcome.WARNING))
    assert "Nothing was found here that this procedure could mend" in refused(office, by_hand)
    well = checked(office, ("H-SSH-03", "", Outcome.OK), ("H-SSH-09", "", Outcome.EXCEPTED))
    assert "There is nothing to do" in refused(office, well)


def test_numbers_of_other_kinds_are_refused(office):
    change = office.archive().new_change(procedure="software-upgrade", customer="bureau", requester="张工", operator="", reason="试",
                                         request={"hosts": ["web1"]}, opened_at=office.now())
    assert f"{change} is a software-upgrade, which finds no faults" in refused(office, change)
    assert "there is no security check SEC-20200101-001" in refused(office, "SEC-20200101-001")


@pytest.mark.parametrize(("form", "number", "says"), [
    (HardeningRequest, "INS-20261123-001", "INS-20261123-001 is of another kind; name a security check"),
    (HardeningRequest, "CHG-20261123-001", "CHG-20261123-001 is of another kind"),
    (CorrectionRequest, "SEC-20261123-001", "put right by security-hardening"),
    (HardeningRequest, "yesterday's", "String should match pattern")])
def test_a_form_says_that_a_number_is_of_another_kind(form, number, says):
    with pytest.raises(ValidationError, match=says):
        form(customer="bureau", inspection=number, requester="张工")


def test_the_command_line_says_it_without_the_librarys_words(office, tmp_path):
    (tmp_path / "request.yaml").write_text("{customer: bureau, inspection: INS-20261123-001, requester: 张工}")
    done = command("plan", str(tmp_path / "request.yaml"), "--procedure", "security-hardening")
    assert done.exit_code == 4 and "inspection: INS-20261123-001 is of another kind" in shown(done) and "Value error" not in shown(done)


def test_another_customers_security_check_is_refused(office):
    form = HardeningRequest(customer="harbour", inspection=checked(office), requester="张工")
    with pytest.raises(BlockersFound, match="of customer bureau, not of harbour"):
        security_hardening.complete(form)


ENTRY = {"control": "H-SUD-02a", "reason": "自动化", "approver": "王主任", "expires": "2099-12-31"}


@pytest.mark.parametrize(("baseline", "says"), [
    ({"exceptions": [{key: value for key, value in ENTRY.items() if key != "expires"}]}, "expires is missing"),
    ({"exceptions": [{**ENTRY, "control": "H-ABC-01"}]}, "H-ABC-01, which is no control"),
    ({"level": 3, "exceptions": [{**ENTRY, "targets": ["harbour1"]}]}, "harbour1, which is no target of this customer"),
    ({"limits": {"H-PWD-04a.days": 5, "H-PWD-04b.days": 9}}, "contradict each other"),
    ({"banner": ["运行于 \\r"]}, "has a \\ in"),
])
def test_a_baseline_that_makes_no_sense_stops_a_hardening_before_it_is_opened(office, tmp_path, baseline, says):
    number, inventory = checked(office), tmp_path / "inventory.yaml"
    well = inventory.read_text()
    content = yaml.safe_load(well)
    content["customers"][0]["baseline"] = baseline
    inventory.write_text(yaml.safe_dump(content, allow_unicode=True))
    office.forget_what_is_kept()
    done = command("mend", number, "--requester", "张工")
    sentence, = done.stderr.strip().splitlines()
    assert done.exit_code == 4 and says in sentence
    inventory.write_text(well)
    office.forget_what_is_kept()
    assert [row.number for row in office.archive().changes(limit=100)] == [number]
