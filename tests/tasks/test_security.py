"""A security check in the office: by which profile it judges, what it comes to, what it is compared with."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime

import pytest
import yaml

from reports.records import CheckRow, Outcome, TargetRead, Text
from tasks import desk, inspection, security
from tasks.controls.catalogue import host_controls
from tasks.errors import BlockersFound
from tasks.inspection_papers import record_of
from tasks.requests import SecurityRequest
from tasks.targets import HOST, SECURITY

ASKED = SecurityRequest(customer="bureau")
EXCEPTION = {"control": "H-SUD-02a", "reason": "运维账户需要", "approver": "王主任", "expires": "2027-06-30"}


@pytest.fixture
def bureau(office, tmp_path, monkeypatch):
    """Sets the customer's baseline, and what the host answers from now on: rows by control, all others pass."""
    answers: dict[str, dict[str, Outcome]] = {}

    def read(block, controls, bounds, known_for):
        rows = [CheckRow(target=block.name, check=control.id, object=name, outcome=outcome, says=Text(zh="所见", en=f"found {sorted(bounds[control.id])}"))
                for control in controls for name, outcome in answers.get(control.id, {"": Outcome.OK}).items()]
        return TargetRead(target=block.name, kind="host", read_at=datetime(2027, 1, 4, tzinfo=UTC), seconds=1, rows=tuple(rows)), "answers"

    def set_up(found: dict[str, dict[str, Outcome]] | None = None, **baseline) -> None:
        content = yaml.safe_load((tmp_path / "inventory.yaml").read_text())
        content["customers"][0]["baseline"] = baseline
        (tmp_path / "inventory.yaml").write_text(yaml.safe_dump(content, allow_unicode=True))
        desk.forget_what_is_kept()
        answers.clear()
        answers.update(found or {})

    monkeypatch.setattr(security, "HOST", dataclasses.replace(HOST, read=read))
    return set_up


def check() -> str:
    number = inspection.open_inspection(SECURITY, ASKED)
    inspection.read_targets(number, inspection.missing(number), print)
    return number


def rows(number: str) -> dict[tuple[str, str], Outcome]:
    return {(row.check, row.object): row.outcome for read in record_of(number).reads for row in read.rows}


def test_a_check_has_a_number_of_its_own_and_asks_what_the_level_asks_for(bureau):
    bureau()
    second = check()
    assert second.startswith("SEC-")
    bureau(level=3)
    third = check()
    assert {name for name, _ in rows(second)} == {control.id for control in host_controls(2)} < {name for name, _ in rows(third)}
    assert record_of(third).last_level == 0  # the first one is not finished


def test_a_check_judges_by_the_profile_as_it_was_when_it_was_opened(bureau):
    found = {"H-SUD-02a": {"ops": Outcome.WARNING}, "H-ACC-01": {"open": Outcome.WARNING}}
    bureau(found, level=3, exceptions=[EXCEPTION])
    number = inspection.open_inspection(SECURITY, ASKED)
    bureau(found, level=2)
    inspection.read_targets(number, inspection.missing(number), print)
    assert rows(number)["H-SUD-02a", "ops"] is Outcome.EXCEPTED and rows(number)["H-ACC-01", "open"] is Outcome.CRITICAL
    record = record_of(number)
    assert record.profile.level == 3 and record.score.excepted == 1 and record.score.strict < record.score.score < 100


def test_it_is_compared_with_the_last_one_of_its_kind(bureau):
    bureau({"H-ACC-01": {"open": Outcome.WARNING}, "H-SSH-01": {"": Outcome.WARNING}, "H-SUD-01b": {"": Outcome.WARNING}}, level=3)
    first = check()
    inspection.finish(first)
    bureau({"H-ACC-02a": {"toor": Outcome.WARNING}, "H-SUD-01b": {"": Outcome.WARNING}, "H-SSH-01": {"": Outcome.UNKNOWN}}, level=3)
    record = record_of(check())
    assert {(one.check, one.object): one.change for one in record.developments} == {
        ("H-ACC-01", "open"): "fixed", ("H-ACC-02a", "toor"): "new", ("H-SUD-01b", ""): "same"}
    assert record.last_number == first and record.last_level == 3 and record.last_score.failed == 3 and record.score.failed == 2


def test_a_fault_that_is_excepted_now_is_not_called_fixed(bureau):
    bureau({"H-SUD-02a": {"ops": Outcome.WARNING}}, level=3)
    inspection.finish(check())
    bureau({"H-SUD-02a": {"ops": Outcome.WARNING}}, level=3, exceptions=[EXCEPTION])
    record = record_of(check())
    assert record.developments == () and record.grade is Outcome.OK and record.score.score == 100 > record.score.strict


def test_it_is_sealed_with_its_report_in_both_languages(bureau, office):
    bureau({"H-ACC-01": {"open": Outcome.WARNING}})
    number = check()
    found = inspection.finish(number)
    assert inspection.finish(number) == found and found["grade"] == "critical" and "score 99.0 " in found["says"]
    assert [row["fail"] for row in found["table"]] == [1] and "H-ACC-01" in found["page"]
    names = [evidence.name for evidence in office.archive().evidence(number) if evidence.name.startswith("report")]
    assert sorted(names) == [f"report-{language}.{suffix}" for language in ("en", "zh") for suffix in ("docx", "html", "pdf", "xlsx")]
    assert office.archive().verify().ok and "第 2 级基线得分" in desk.change(number).closure_reason_zh


def test_the_quarters_check_is_not_the_quarters_inspection(bureau, office, monkeypatch):
    bureau()
    monkeypatch.setattr(office, "now", lambda: datetime(2027, 1, 4, 2, tzinfo=UTC))
    assert inspection.is_due("bureau", SECURITY)
    inspection.open_inspection(SECURITY, SecurityRequest(customer="bureau", when="quarterly"))
    assert not inspection.is_due("bureau", SECURITY) and inspection.is_due("bureau", "system-inspection")


@pytest.mark.parametrize(("baseline", "says"), [
    ({"exceptions": [{**EXCEPTION, "control": "H-XXX-01"}]}, "H-XXX-01, which is no control"),
    ({"level": 3, "exceptions": [{**EXCEPTION, "targets": ["web7"]}]}, "web7, which is no target"),
    ({"limits": {"H-PWD-04b.days": 400}}, "contradict each other"),
])
def test_a_profile_that_does_not_fit_opens_nothing(bureau, office, baseline, says):
    bureau(**baseline)
    with pytest.raises(BlockersFound, match=says):
        inspection.open_inspection(SECURITY, ASKED)
    assert office.archive().changes(open_only=False) == []
