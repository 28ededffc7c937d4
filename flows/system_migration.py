"""System migration (系统迁移, R010, R011, R013).

Purpose: move a service with its data from one host to another: PostgreSQL or MariaDB by replication, files in two passes, packages, configuration,
    accounts, scheduled jobs and certificates; with a cutover of seconds and nothing that was acknowledged lost.
When to use: a host is to be replaced or relieved. Both hosts are Debian, of one architecture, and reach each other by SSH.
Approval: one, by an approver whom the customer named, for exactly the plan, facts and rehearsal shown (R104, R111, X7).
    The requester cannot approve. Silence until expiry is a refusal.
Before you start: both hosts are in the inventory, with the address at which the other reaches them; the new one has room; the front door is known.
Steps: 1 survey both hosts and plan; 2 rehearse on copies of both, the cutover and the way back, which measures the downtime; 3 ask for approval;
    4 carry out, step by step across the hosts: packages, accounts, a temporary way between them, files, replica; fence the old host, open the
    new one, turn the front door; compare every table, sequence and file; 5 verify; 6 archive.
Back-out plan: any failure undoes all steps in the opposite order, across the hosts. After the end an approved back-out brings the service home, with
    what was written since the cutover: the old host follows the new one before it takes over.
Point of no return: none by itself. Once the new host's log since the cutover is no longer whole, there is no way back that keeps the data.
Known errors: docs/known-errors.md, docs/system-migration.md.
Evidence kept: surveys, plan, rehearsal, approval, every step's output with both hosts' counts and digests, both documents, sealed and chained
    (R175, R179).
"""

from prefect import State, flow

from flows.parts.change import carry_through
from flows.parts.run import named
from tasks.requests import MigrationRequest


@flow(name="system-migration", flow_run_name=named("System migration asked for by {request.requester}"), persist_result=True, validate_parameters=False)
def system_migration(request: MigrationRequest) -> State:
    """Move a service to another host: rehearsed, approved, carried out, compared, filed."""
    return carry_through("system-migration", request)
