"""Database inspection (数据库巡检服务, R007, R135-R142).

Purpose: look at every database server of a customer, running state, log, backups, space, resources, growth, tables and indexes, tuning
    opportunities with the statement to run, and hand over a report.
When to use: every quarter by schedule; when a database is slow; before an upgrade or a migration.
Approval: none; the session is read-only, with statement and lock time-outs, by a role that may only look (docs/database-inspection.md).
Before you start: the databases are in the inventory, the role is made by the script in deployments/roles.
Steps: 1 choose the servers; 2 read them, one connection a database; 3 compare and forecast; 4 report, seal, send.
Back-out plan: none needed. Point of no return: none.
Known errors: docs/known-errors.md. A server that cannot be reached stands at the top of the report.
Evidence kept: every row, the report, sealed and chained (R125, R179).
"""

from prefect import State, flow

from flows.parts.inspection import inspect
from tasks.requests import InspectionRequest


@flow(name="database-inspection", flow_run_name="Database inspection of {request.customer}", persist_result=True)
async def database_inspection(request: InspectionRequest) -> State:
    """Inspect a customer's database servers; read-only."""
    return await inspect("database-inspection", request)
