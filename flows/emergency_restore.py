"""Emergency restore (应急支持, R157-R166).

Purpose: bring a host back to the state before a grave failure, from its proven backup: configuration, packages, application release, data;
    with the loss in time and transactions said beforehand, and proved by comparison afterwards.
When to use: a host that crashed, data that were lost, a failure that nothing else solved (R157). For a change of ours that went wrong: back-out.
Approval: one of the customer's approvers by phone, taken down by name (R160, R164); given with the call it counts up to the loss he accepted,
    else he is told the figure. Nobody approves his own request. A review follows by force: see the procedure emergency-review.
Before you start: the senior manager is told and has assigned the emergency group (R161); there is a proven backup; for lost rows, the moment.
Steps: 1 survey, compare with the backup, plan only what is damaged, state the loss; 2 no rehearsal: the backup was restored by these steps when
    it was taken; 3 ask; 4 build beside the system, then configuration, packages, data, services; 5 verify; 6 archive, open the review.
Back-out plan: on the first failure all is as it was before the restore. The data folder in use is renamed and never deleted, so the restore
    can be taken back on request, too, until the review says that it is done.
Point of no return: none.
Known errors: docs/known-errors.md, docs/emergency-restore.md.
Evidence kept: call, leave, promised times and whether they were kept, surveys, plan with the loss, every step, both documents, sealed (R165).
"""

from prefect import State, flow

from flows.parts.change import carry_through
from flows.parts.run import named
from tasks.requests import RestoreRequest


@flow(name="emergency-restore", flow_run_name=named("Emergency restore asked for by {request.requester}"), persist_result=True, validate_parameters=False)
def emergency_restore(request: RestoreRequest) -> State:
    """Bring a host back to the state before the failure: planned, approved by phone, carried out, proved, filed, reviewed."""
    return carry_through("emergency-restore", request)
