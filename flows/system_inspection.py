"""System inspection (系统巡检服务, R006, R058, R123-R134).

Purpose: look at every host of a customer, hardware, system log, cluster, storage, configuration, backups, resources, network, middleware,
    at its network devices (SNMP) and its web endpoints (status, time, certificate), and hand over a report that says what is wrong,
    what is new since last time, and what to do.
When to use: every quarter by schedule (R058); before and after larger work; when a customer asks.
Approval: none; it reads and changes nothing. Logging in needs the customer's standing leave in the contract.
Before you start: hosts, devices and endpoints are in the inventory; `expected` says which services, ports, backups and interfaces there must be.
Steps: 1 choose the targets; 2 read them, each in one go, many at once; 3 compare with the last inspection and forecast;
    4 write the report in two languages, seal it, send it.
Back-out plan: none needed. Point of no return: none.
Known errors: docs/known-errors.md. A target that cannot be reached stands at the top of the report.
Evidence kept: every target's whole answer, every row, the report, sealed and chained (R125, R179).
"""

from prefect import State, flow

from flows.parts.inspection import inspect
from tasks.requests import InspectionRequest


@flow(name="system-inspection", flow_run_name="System inspection of {request.customer}", persist_result=True)
async def system_inspection(request: InspectionRequest) -> State:
    """Inspect a customer's hosts, network devices and web endpoints, and report what is wrong, new, worse, better and fixed."""
    return await inspect("system-inspection", request)
