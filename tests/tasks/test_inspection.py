"""When an inspection is due, which one is taken up, and what becomes of it when nothing can be reached."""

import dataclasses
from datetime import UTC, datetime

import pytest

from reports.documents.inspection_words import Words
from reports.documents.phrases import Phrases
from reports.records import Outcome
from tasks import desk, inspection, inspection_papers
from tasks.errors import BlockersFound
from tasks.requests import InspectionRequest
from tasks.targets import DATABASE, SYSTEM, Target

QUARTERLY = InspectionRequest(customer="bureau", when="quarterly")
ON_REQUEST = InspectionRequest(customer="bureau", targets=["web1"], reason="slow")


@pytest.fixture
def today(office, monkeypatch):
    """Sets the day on which the office works; 1 January 2027 is a Friday."""
    def set_day(month: int, day: int, hour: int = 2) -> None:
        monkeypatch.setattr(office, "now", lambda: datetime(2027, month, day, hour, tzinfo=UTC))
    set_day(1, 4)
    return set_day


def test_the_quarters_inspection_is_due_once_and_says_how_late_it_began(today):
    assert inspection.is_due("bureau", SYSTEM)
    number = inspection.open_inspection(SYSTEM, QUARTERLY)
    assert not inspection.is_due("bureau", SYSTEM) and inspection.is_due("bureau", DATABASE)
    today(1, 9)
    assert inspection.days_late(number) == 3  # planned for Friday the 1st, begun on Monday, whenever it is asked
    today(4, 1)
    assert inspection.is_due("bureau", SYSTEM) and inspection.left_open("bureau", SYSTEM) == ""


def test_one_that_was_asked_for_in_between_is_not_the_quarters(today):
    number = inspection.open_inspection(SYSTEM, ON_REQUEST)
    assert inspection.is_due("bureau", SYSTEM) and inspection.left_open("bureau", SYSTEM) == "" and inspection.days_late(number) == 0


def test_one_whose_run_died_is_taken_up_until_it_is_finished(today):
    number = inspection.open_inspection(SYSTEM, QUARTERLY, run_id="run-1")
    inspection.open_inspection(SYSTEM, ON_REQUEST)
    assert inspection.left_open("bureau", SYSTEM) == number
    taken_up = QUARTERLY.model_copy(update={"number": number})
    assert inspection.open_inspection(SYSTEM, taken_up, run_id="run-2") == number
    inspection.read_targets(number, inspection.missing(number), print)
    inspection.finish(number)
    assert inspection.left_open("bureau", SYSTEM) == "" and not inspection.is_due("bureau", SYSTEM)


def test_what_one_target_answers_does_not_take_the_others_with_it(office, monkeypatch):
    def trips(*_: object) -> None:
        raise RuntimeError("an answer that nobody thought of, password=geheim")
    number = inspection.open_inspection(SYSTEM, ON_REQUEST)
    kind = dataclasses.replace(inspection.targets_of(SYSTEM, "bureau")["web1"].kind, read=trips)
    monkeypatch.setattr(inspection, "targets_of", lambda *_: {"web1": Target(kind, desk.host("web1"))})
    said: list[str] = []
    inspection.read_targets(number, ["web1"], said.append)
    assert inspection.missing(number) == [] and "reading it failed (RuntimeError" in said[0] and "geheim" not in said[0]


def test_a_host_that_nobody_reaches_is_critical_in_a_sealed_report(office, capsys):
    number = inspection.open_inspection(SYSTEM, ON_REQUEST)
    assert inspection.missing(number) == ["web1"] and inspection.read_targets(number, ["web1"], print) == {}
    found = inspection.finish(number)
    assert inspection.finish(number) == found and found["grade"] == Outcome.CRITICAL.value and "web1" in capsys.readouterr().out
    names = [evidence.name for evidence in office.archive().evidence(number)]
    assert sorted(names) == [f"report-{language}.{suffix}" for language in ("en", "zh") for suffix in ("docx", "html", "pdf", "xlsx")]
    assert office.archive().verify().ok and "web1" in found["page"]


def test_limits_and_the_schedules_own_words_are_told_in_the_readers_language(today):
    number = inspection.open_inspection(SYSTEM, QUARTERLY)
    record = inspection_papers.record_of(number)
    said = Words(record, Phrases("zh", "Asia/Shanghai")).limits(next(check for check in record.checks if check.id == "RES-16"))
    assert said.startswith("警告 ≥ 365") and "经验值" in said and Phrases("zh", "UTC").known("reason", record.reason) == "季度巡检"


def test_what_cannot_be_taken_up_is_said(office):
    number = inspection.open_inspection(SYSTEM, ON_REQUEST)
    for request, says in ((number, "is no database-inspection"), ("INS-20200101-001", "there is no inspection")):
        with pytest.raises(BlockersFound, match=says):
            inspection.open_inspection(DATABASE, ON_REQUEST.model_copy(update={"number": request}))
