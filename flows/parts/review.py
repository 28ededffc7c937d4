"""The review of an emergency restore as a flow: put together, confirmed by the customer, sealed."""

from __future__ import annotations

from prefect import State
from prefect.states import Cancelled, Completed

from blocks.lookup import UnknownName
from flows.parts.asking import ask_approval
from flows.parts.run import ending, name_this_run, run_id, waiting_for_approval
from reports.records import Closure
from tasks import approval, desk, emergency_review
from tasks.errors import ProcedureError
from tasks.requests import ReviewRequest


def review_and_confirm(request: ReviewRequest) -> State:
    """Take the review to its confirmation; without one it stays open and is put again by another run."""
    try:
        number = emergency_review.open_review(request, run_id())
    except (ProcedureError, UnknownName) as problem:
        return ending(None, Closure.REFUSED, problem.text)
    name_this_run(number)
    with desk.driving(number):
        decision = ask_approval(number, approval.current_round(number))
        if decision is None:
            return waiting_for_approval(number)
        if emergency_review.confirmed(number, decision):
            return Completed(name="Reviewed", message=f"{number}: {desk.change(number).closure_reason}")
    return Cancelled(name="NotConfirmed", message=f"{number}: not confirmed ({decision}); the review stays open, put it again")
