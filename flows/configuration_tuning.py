"""Configuration tuning (配置优化, R014).

Purpose: change settings of the kernel, PostgreSQL, MariaDB, nginx or a Java service for stability and performance, and keep them only if a real load
    shows that the system is better for it; both figures stand in the papers either way.
When to use: for proposals of an inspection, or settings that an engineer has in mind, where somebody can name a load that tells better from worse.
    Settings that decide about security are hardening; more disk, memory or nodes are an expansion.
Approval: one, by an approver whom the customer named, for exactly the plan, facts and rehearsal shown (R104, R111, X7); the loads that run on the live
    system are steps of that plan, with their commands and their longest time. The requester cannot approve. Silence until expiry is a refusal.
Before you start: a load that prints a figure (pgbench, wrk, any command), its account, and by how much it must be better. Best on a quiet system.
Steps: 1 survey, read each setting with the file and line that makes it, and ask its own program whether it takes the new value; 2 rehearse on a simulated
    copy or a staging host, with the load before and after, and with the back-out; 3 ask for approval; 4 carry out, canary first: load, settings, load;
    5 verify: the applications' own checks, and the figures by the plan's criterion; 6 archive.
Back-out plan: on the first failure, or if the figures are not better by the plan's criterion, everything begun is undone in reverse: files byte for byte
    with owner and mode, and the values in force. Also later, on request: see the procedure back-out.
Point of no return: none. What restarted stays restarted.
Known errors: docs/known-errors.md, docs/configuration-tuning.md.
Evidence kept: surveys, plan, rehearsal, approval, every step's output with every round's figure, the verdict, both documents, sealed and chained
    (R175, R179).
"""

from prefect import State, flow

from flows.parts.change import carry_through
from flows.parts.run import named
from tasks.requests import TuningRequest


@flow(name="configuration-tuning", flow_run_name=named("Configuration tuning asked for by {request.requester}"), persist_result=True, validate_parameters=False)
def configuration_tuning(request: TuningRequest) -> State:
    """Change settings and keep them only if a load shows that it is better: rehearsed, approved, carried out, measured, filed."""
    return carry_through("configuration-tuning", request)
