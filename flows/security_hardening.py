"""Security hardening (安全加固, R008).

Purpose: put right what a security check found: settings of sshd, sudo and the kernel, permissions, services, what new accounts get; so that nobody is
    locked out, us neither, and every byte can be brought back.
When to use: after a security check whose report says of controls that they can be hardened. What the report leaves to people stays with people;
    what the customer excepted is left alone.
Approval: one, by an approver whom the customer named, for exactly the plan, facts and rehearsal shown (R104, R111, X7).
    The requester cannot approve. Silence until expiry is a refusal.
Before you start: the security check is in the archive; choose controls or hosts, or leave both empty for all that can be hardened. The
    applications' own acceptance checks stand in the inventory.
Steps: 1 survey, read the controls anew, and plan only what fails now, with every line of every file before and after; 2 rehearse on a simulated
    copy or a staging host, with the back-out; 3 ask for approval; 4 carry out, canary first, files first and the way in last; what can lock
    somebody out is taken back by the host itself unless new logins confirm it; 5 verify: each control must pass, each application must be well;
    6 read the whole baseline once more (the first time was just before the first step), score both, archive.
Back-out plan: on the first failure, or if a control still fails, everything begun is undone in reverse: bytes, owner, mode and state come back as
    each step saved them. Also later, on request: see the procedure back-out.
Point of no return: none.
Known errors: docs/known-errors.md, docs/security-hardening.md.
Evidence kept: surveys, plan, rehearsal, approval, every step's output, the whole baseline before and after with its score, also when it was
    taken back, both documents, sealed and chained (R175, R179).
"""

from prefect import State, flow

from flows.parts.change import carry_through
from flows.parts.run import named
from tasks.requests import HardeningRequest


@flow(name="security-hardening", flow_run_name=named("Security hardening asked for by {request.requester}"), persist_result=True, validate_parameters=False)
def security_hardening(request: HardeningRequest) -> State:
    """Put right what a security check found: rehearsed, approved, carried out under guard, proved by the same controls, filed."""
    return carry_through("security-hardening", request)
