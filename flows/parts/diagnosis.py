"""A diagnosis as a flow: nobody logs in before the customer's leave is recorded; then read, think, report, seal."""

from __future__ import annotations

from prefect import State
from prefect.states import Completed, Failed

from blocks.foundation import Undescribed
from flows.parts import diagnosis_steps as steps
from flows.parts.asking import ask_approval
from flows.parts.run import ending, name_this_run, run_id, waiting_for_approval
from reports.documents import get_ready
from reports.records import Closure, Outcome, Text
from tasks import approval, desk, gates, inspection, leave, lifecycle, remote_diagnosis
from tasks.errors import ProcedureError
from tasks.requests import DiagnosisRequest, filled_in

STATES = {Outcome.OK: "NothingFound", Outcome.WARNING: "Warnings", Outcome.CRITICAL: "Critical", Outcome.UNKNOWN: "Incomplete",
          Outcome.NOT_APPLICABLE: "NothingFound"}


def diagnose(entered: DiagnosisRequest) -> State:
    """Take a diagnosis from the problem as it was told to its sealed report, and say the worst that was found in the run's state."""
    try:
        request = filled_in(DiagnosisRequest, entered)
        number = remote_diagnosis.open_diagnosis(request, run_id=run_id())
    except (ProcedureError, Undescribed) as problem:
        return ending(None, Closure.REFUSED, problem.text)
    name_this_run(number)
    with desk.driving(number):
        if closed := lifecycle.closed_as(number):
            return _end(number, *closed)
        try:
            return _diagnose(number)
        except ProcedureError as problem:
            if desk.archive().journal(number, event="logging in"):
                raise  # it stays open: what is read is kept, the rest is read when it is taken up again
            return _end(number, Closure.REFUSED, problem.text)


def _diagnose(number: str) -> State:
    while unread := remote_diagnosis.unread(number):
        # 1 The customer's leave, again if it has run out meanwhile
        leave.ask_anew_if_it_ran_out(number)
        if not leave.holding(number):
            decision = ask_approval(number, approval.current_round(number))
            if decision is None:
                return waiting_for_approval(number)
            if decision != "approved":
                return _end(number, Closure.REJECTED if decision == "rejected" else Closure.EXPIRED, gates.why_not(leave.refusal(number)))
            continue
        # 2 Read what is missing
        parts = inspection.handfuls(unread)
        reading = [steps.read.submit(number, names, part, len(parts)) for part, names in enumerate(parts, start=1)]
        get_ready()  # what draws the report's chart, while the hosts answer
        for future in reading:
            future.wait()
        if left := remote_diagnosis.unread(number):
            if leave.holding(number):
                return Failed(name="Interrupted", message=f"{number}: {len(left)} targets are not read, the first {left[0]}; take it up again with Retry")
    # 3 What it means, report, seal
    return _end(number, Closure.SUCCESSFUL, Text(zh="", en=""))


def _end(number: str, closure: Closure, reason: Text) -> State:
    found = steps.report(number, closure.value, reason)
    if closure is not Closure.SUCCESSFUL:
        return ending(number, closure, reason)
    return Completed(name=STATES[Outcome(found["grade"])], message=f"{number}: {found['says']}")
