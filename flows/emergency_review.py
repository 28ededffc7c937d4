"""Emergency review (应急恢复复核, R165, R166).

Purpose: make up afterwards for what an emergency saves beforehand: say what happened, whether the restore was right, what follows, and have
    another approver of the customer confirm it with a code of his own.
When to use: after every emergency restore that touched a host, however it ended; such a review is open from that moment on.
Approval: the confirmation itself, by an approver other than who gave leave by phone, where the customer has another.
Before you start: the restore has ended and its archive is sealed.
Steps: 1 put the record together; 2 ask for confirmation; 3 close and seal. Without confirmation the review stays open: the watchdog reminds
    every day, and no further leave by phone is taken from this customer.
Back-out plan: none needed. Point of no return: none.
Known errors: docs/known-errors.md, docs/emergency-restore.md.
Evidence kept: the review, the digest of the restore's sealed bundle, the confirmation, sealed and chained.
"""

from prefect import State, flow

from flows.parts.review import review_and_confirm
from flows.parts.run import named
from tasks.requests import ReviewRequest


@flow(name="emergency-review", flow_run_name=named("Review of {request.change}"), persist_result=True, validate_parameters=False)
def emergency_review(request: ReviewRequest) -> State:
    """Review an emergency restore and have the customer confirm it."""
    return review_and_confirm(request)
