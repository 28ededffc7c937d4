"""Corrective maintenance (巡检整改, R006, R013).

Purpose: put right what an inspection found, by the operation that each check's own file names: a service started, a permission narrowed,
    an account locked, a file system mounted; and prove by the same check that the finding is gone.
When to use: after an inspection whose report says of findings that they can be dealt with by corrective maintenance. Security updates are
    a software upgrade; what the report leaves to people stays with people.
Approval: one, by an approver whom the customer named, for exactly the plan, facts and rehearsal shown (R104, R111, X7).
    The requester cannot approve. Silence until expiry is a refusal.
Before you start: the inspection is in the archive; choose findings or hosts, or leave both empty for all that can be mended.
Steps: 1 survey, read the checks anew, and plan only what is still wrong; 2 rehearse on a simulated copy or a staging host, with the
    back-out; 3 ask for approval; 4 carry out, canary first; 5 verify: each check must find no fault any more; 6 archive.
Back-out plan: on the first failure, or if a check still finds fault, everything begun is undone in reverse: owner, mode, content and state
    come back as each step saved them. Also later, on request: see the procedure back-out.
Point of no return: none. A restarted service stays restarted; it changes no file.
Known errors: docs/known-errors.md, docs/corrective-maintenance.md.
Evidence kept: surveys, plan, rehearsal, approval, every step's output, what the checks said afterwards, both documents, sealed and
    chained (R175, R179).
"""

from prefect import State, flow

from flows.parts.change import carry_through
from flows.parts.run import named
from tasks.requests import CorrectionRequest


@flow(name="corrective-maintenance", flow_run_name=named("Corrective maintenance asked for by {request.requester}"), persist_result=True,
      validate_parameters=False)
def corrective_maintenance(request: CorrectionRequest) -> State:
    """Put right what an inspection found: rehearsed, approved, carried out, proved by the same checks, filed."""
    return carry_through("corrective-maintenance", request)
