"""The review of an emergency restore as a flow: put together, confirmed by the customer, sealed."""

from __future__ import annotations

from prefect import State
from prefect.states import Cancelled, Completed

from blocks.foundation import Undescribed
from flows.parts.asking import ask_approval
from flows.parts.run import ending, name_this_run, run_id, waiting_for_approval
from reports.records import Closure
from tasks import approval, desk, emergency_review
from tasks.errors import ProcedureError
from tasks.requests import ReviewRequest, filled_in


def review_and_confirm(entered: ReviewRequest) -> State:
    """Take the review to its confirmation; without one it stays open and is put again by another run."""
    try:
        request = filled_in(ReviewRequest, entered)
        number = emergency_review.open_review(request, run_id())
    except (ProcedureError, Undescribed) as problem:
        return ending(None, Closure.REFUSED, problem.text)
    name_this_run(number)
    with desk.driving(number):
        decision = ask_approval(number, approval.current_round(number))
        if decision is None:
            return waiting_for_approval(number)
        if emergency_review.confirmed(number, decision):
            return Completed(name="Reviewed", message=f"{number}: {desk.change(number).closure_reason}")
    return Cancelled(name="NotConfirmed", message=f"{number}: not confirmed ({decision}); the review stays open, put it again")
