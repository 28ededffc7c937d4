"""Capacity expansion (扩容, R011).

Purpose: give a host the room that it needs, by figures: a file system grown, swap or a tablespace added, more connections, higher limits, an
    application node more; and prove by measuring that the goal of the request is met.
When to use: when an inspection's forecast or finding says that something becomes full, or when somebody knows that more will be needed.
Approval: one, by an approver whom the customer named, for exactly the plan, facts and rehearsal shown (R104, R111, X7).
    The requester cannot approve. Silence until expiry is a refusal.
Before you start: the disk or volume group has been enlarged, if it was full; name the finding, or the figures; say the goal.
Steps: 1 survey, measure what there is, and plan only what the goal needs; 2 rehearse on a simulated copy or a staging host, with the back-out;
    3 ask for approval; 4 carry out, canary first, what cannot be taken back last; 5 verify: the room that was wanted is measured, under load
    where a service is concerned; 6 archive.
Back-out plan: on the first failure, or if the goal is missed, everything begun is undone in reverse. Also later, on request: see the
    procedure back-out.
Point of no return: growing XFS, and ext4 that may not be unmounted: they cannot be made smaller. The plan names it, puts it last, and begins it
    only if the device is large enough for the goal.
Known errors: docs/known-errors.md, docs/capacity-expansion.md.
Evidence kept: surveys, figures before and after, plan, rehearsal, approval, every step's output, both documents, sealed and chained (R175, R179).
"""

from prefect import State, flow

from flows.parts.change import carry_through
from flows.parts.run import named
from tasks.requests import CapacityRequest


@flow(name="capacity-expansion", flow_run_name=named("Capacity expansion asked for by {request.requester}"), persist_result=True, validate_parameters=False)
def capacity_expansion(request: CapacityRequest) -> State:
    """Give hosts the room that they need: measured, rehearsed, approved, carried out, proved by measuring, filed."""
    return carry_through("capacity-expansion", request)
