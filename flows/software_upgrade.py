"""Software upgrade (软件升级服务, R167-R179).

Purpose: bring operating-system packages, middleware, a database or an application to a new version the way the contract
    promises: tried on a simulated copy first, approved by the customer, carried out, verified, filed.
When to use: a customer asks for an upgrade (R167, R013), a vendor publishes security updates, or a program defect is repaired
    by a new release (R012), also where the application is down already: the plan then says so.
Approval: one, by an approver whom the customer named, for exactly the plan, facts and rehearsal shown (R104, R111, X7).
    The requester cannot approve. Silence until expiry is a refusal.
Before you start: the hosts are in the inventory with their host keys pinned; acceptance checks say what "healthy" means.
Steps: 1 survey and plan; 2 rehearse on a simulated copy, with the back-out; 3 ask for approval; 4 carry out, canary first;
    5 verify; 6 archive.
Back-out plan: on the first failure everything begun is undone in reverse, from old versions kept on the target, and
    compared with the facts before. Also later, on request: see the procedure back-out.
Point of no return: none for packages and releases; a plan that has one names it.
Known errors: docs/known-errors.md.
Evidence kept: surveys, plan, rehearsal, approval, every step's output, both documents, sealed and chained (R175, R179).
"""

from prefect import State, flow

from flows.parts.change import carry_through
from flows.parts.run import named
from tasks.requests import UpgradeRequest


@flow(name="software-upgrade", flow_run_name=named("Software upgrade asked for by {request.requester}"), persist_result=True, validate_parameters=False)
def software_upgrade(request: UpgradeRequest) -> State:
    """Upgrade software on a customer's hosts: rehearsed, approved, carried out, verified, filed."""
    return carry_through("software-upgrade", request)
