"""Taking a change back: what was done on the same hosts later stands in the way, what only looked does not."""

from datetime import timedelta

import pytest

from reports.records import Acceptance, Closure, Health, Service, Text, same
from tasks import carrying_out, inspection, verification
from tasks.planning.roll_out import last_first, side_by_side
from tasks.procedures import back_out
from tasks.requests import BackOutRequest, InspectionRequest
from tests.live.scratch import plan, step
from tests.tasks.test_release_plan import survey


def closed_change(office, minutes: int, **of_plan) -> str:
    archive, at = office.archive(), office.now() + timedelta(minutes=minutes)
    number = archive.new_change(procedure="software-upgrade", customer="bureau", requester="张工", operator="", reason="试",
                                request={"hosts": ["web1"]}, opened_at=at)
    archive.save(number, "plan", "1", plan(number, [step(1, "a", "web1")], **of_plan))
    archive.note(number, "step begun", target="web1", step=1)
    archive.close(number, Closure.SUCCESSFUL, "done", at)
    return number


def later(office, number: str) -> list[str]:
    request = BackOutRequest(change=number, requester="张工", reason="试")
    return [blocker.en for blocker in back_out.plan("CHG-20270101-999", request, {}, print).blockers]


def test_an_inspection_of_the_same_host_does_not_stand_in_the_way(office):
    first = closed_change(office, 0)
    looked = inspection.open_inspection("system-inspection", InspectionRequest(customer="bureau", targets=["web1"]))
    office.archive().close(looked, Closure.SUCCESSFUL, "all well", office.now())
    assert later(office, first) == []
    second = closed_change(office, 1)
    assert len(later(office, first)) == 1 and second in later(office, first)[0] and later(office, second) == []


def test_going_back_to_what_was_down_asks_no_health_that_was_not_there(office):
    good, bad, never = (Acceptance(target="web1", title=Text(zh=f"检查{n}", en=n), command="true") for n in ("well", "down before", "never asked"))
    first = closed_change(office, 0, acceptance=(good, bad, never))
    before = survey(health=(Health(title=good.title, ok=True, detail=same("")), Health(title=bad.title, ok=False, detail=same("HTTP 500"))))
    office.archive().save(first, "survey", "web1 before 1", before)
    made = back_out.plan("CHG-20270101-999", BackOutRequest(change=first, requester="张工", reason="试"), {}, print)
    assert made.acceptance == (good,)
    assert [bad.title.en in r.en or never.title.en in r.en for r in made.risk.reasons] == [False, True, True]
    packages, release = (plan("CHG-1", [], kind=kind) for kind in ("packages", "release"))
    assert [verification.was_good(release, before, check.title) for check in (good, bad, never)] == [True, False, False]
    dies = before.model_copy(update={"services": (Service(name="orders.service", active="restarting", enabled="enabled"),)})
    assert verification.was_good(packages, dies, good.title) and not verification.was_good(release, dies, good.title)


def test_what_was_begun_is_undone_last_step_first(office):
    """A step that was only intended counts as begun; one that has nothing to undo is left out."""
    archive, at = office.archive(), office.now()
    number = archive.new_change(procedure="software-upgrade", customer="bureau", requester="张工", operator="", reason="试",
                                request={"hosts": ["web1", "web2"]}, opened_at=at)
    steps = [step(1, "a", "web1"), step(1, "a", "web2"), step(2, "b", "web1", undo=""), step(3, "c", "web1"), step(4, "d", "web1")]
    archive.save(number, "plan", "1", plan(number, steps))
    for target, count in (("web1", 1), ("web2", 1), ("web1", 2), ("web1", 3)):
        archive.note(number, "step begun", target=target, step=count)
    assert [(s.target, s.number) for s in carrying_out.steps_to_undo(number)] == [("web1", 3), ("web2", 1), ("web1", 1)]


ACROSS = [("web1", 1, "a"), ("web2", 2, "b"), ("web1", 3, "c"), ("web2", 4, "d")]


def across(number: str, **changes):
    return plan(number, [step(count, key, target) for target, count, key in ACROSS], in_order=True, **changes)


def test_a_plan_in_order_alternates_between_its_hosts_and_goes_back_the_same_way(office):
    made = across("CHG-1")
    assert [[(s.target, s.number) for s in row] for row in side_by_side(made, made.batches[0])] == [[(target, count)] for target, count, _ in ACROSS]
    assert [s.number for s in last_first(made)] == [4, 3, 2, 1]
    beside = plan("CHG-2", [step(1, "a", "web1"), step(2, "b", "web1"), step(3, "a", "web2")])
    assert [[s.number for s in row] for row in side_by_side(beside, beside.batches[0])] == [[1, 3], [2]]
    assert [s.number for s in last_first(beside)] == [2, 1, 3]


def test_the_order_is_part_of_what_is_approved_and_must_be_whole():
    made, beside = across("CHG-1"), plan("CHG-1", [step(count, key, target) for target, count, key in ACROSS])
    assert made.fingerprint() != beside.fingerprint() and "in_order" not in beside.canonical()
    with pytest.raises(ValueError, match="numbered from 1"):
        plan("CHG-1", [step(1, "a", "web1"), step(1, "b", "web2")], in_order=True)
    with pytest.raises(ValueError, match="one batch"):
        across("CHG-1", batches=(("web1",), ("web2",)))


def test_taking_back_a_plan_in_order_is_in_order_too(office):
    archive, at = office.archive(), office.now()
    number = archive.new_change(procedure="software-upgrade", customer="bureau", requester="张工", operator="", reason="试",
                                request={"hosts": ["web1", "web2"]}, opened_at=at)
    archive.save(number, "plan", "1", across(number))
    for target, count, _ in ACROSS[:3]:
        archive.note(number, "step begun", target=target, step=count)
    assert [(s.target, s.number) for s in carrying_out.steps_to_undo(number)] == [("web1", 3), ("web2", 2), ("web1", 1)]
    archive.close(number, Closure.SUCCESSFUL, "done", at)
    made = back_out.plan("CHG-20270101-999", BackOutRequest(change=number, requester="张工", reason="试"), {}, print)
    assert made.in_order and [(s.target, s.number, s.key) for s in made.steps] == [
        ("web2", 1, "undo-d"), ("web1", 2, "undo-c"), ("web2", 3, "undo-b"), ("web1", 4, "undo-a")]
