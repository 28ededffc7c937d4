"""Back-out on request (回退): takes a finished change back, also long after it was closed.

Purpose: bring hosts back to the state before a change, with what the change kept on them for this moment.
When to use: the customer asks for it, or a defect shows days after an upgrade.
Approval: one, like every change (R104, R111).
Before you start: no later change on the same hosts stands; otherwise back that out first.
Steps: 1 survey and plan (the undo steps of that change, last first); 2 no rehearsal, they were rehearsed with the change;
    3 ask for approval; 4 carry out; 5 verify; 6 archive.
Back-out plan: none; a back-out that fails stops and calls people.
Point of no return: its first step.
Known errors: docs/known-errors.md.
Evidence kept: as for every change.
"""

from prefect import State, flow

from flows.parts.change import carry_through
from flows.parts.run import named
from tasks.requests import BackOutRequest


@flow(name="back-out", flow_run_name=named("Back-out of {request.change}"), persist_result=True, validate_parameters=False)
def back_out(request: BackOutRequest) -> State:
    """Take a finished change back through the same lifecycle."""
    return carry_through("back-out", request)
