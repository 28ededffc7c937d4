"""Security check (安全检查服务, R008, R058).

Purpose: look at every host and database server of a customer against the security baseline of GB/T 22239 level 2 or 3, score them, and hand over a
    report that says what fails, by which reference, how it is put right and what that may break, what is excepted, and what changed since last time.
When to use: every quarter by schedule (R058); before and after a hardening; when a customer or an assessor asks.
Approval: none; it reads and changes nothing. Logging in needs the customer's standing leave in the contract.
Before you start: hosts and databases are in the inventory, level, exceptions and own limits in the customer's `baseline` (docs/security-check.md).
Steps: 1 choose the targets and see that the profile fits; 2 read them, each in one go, many at once; 3 judge, score, compare with the last check;
    4 write the report in two languages, seal it, send it.
Back-out plan: none needed. Point of no return: none.
Known errors: docs/known-errors.md. A target that cannot be reached stands at the top of the report and is not in the score.
Evidence kept: every target's whole answer, every row, the profile, the report, sealed and chained (R179).
"""

from prefect import State, flow

from flows.parts.inspection import inspect
from tasks.requests import SecurityRequest


@flow(name="security-check", flow_run_name="Security check of {request.customer}", persist_result=True)
async def security_check(request: SecurityRequest) -> State:
    """Check a customer's hosts and database servers against the security baseline, and report score, faults and exceptions."""
    return await inspect("security-check", request)
