"""Taking a change back: what was done on the same hosts later stands in the way, what only looked does not."""

from datetime import timedelta

from reports.records import Closure
from tasks import inspection
from tasks.procedures import back_out
from tasks.requests import BackOutRequest, InspectionRequest
from tests.live.scratch import plan, step


def closed_change(office, minutes: int) -> str:
    archive, at = office.archive(), office.now() + timedelta(minutes=minutes)
    number = archive.new_change(procedure="software-upgrade", customer="bureau", requester="张工", operator="", reason="试", request={"hosts": ["web1"]}, opened_at=at)
    archive.save(number, "plan", "1", plan(number, [step(1, "a", "web1")]))
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
