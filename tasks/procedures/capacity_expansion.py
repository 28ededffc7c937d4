"""Capacity expansion: its form, what an inspection's finding and forecast ask for, and the reading that its planning needs."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import ModuleType

from reports.archive import inspections
from reports.records import CheckRow, Plan, Survey
from tasks import desk, trend
from tasks.errors import BlockersFound
from tasks.findings import findings_of
from tasks.planning.capacity.needs import part_for
from tasks.planning.capacity.plan import plan_capacity
from tasks.remote import connected
from tasks.requests import CapacityRequest as Request

AT_ONCE = 20
FACTS_LIMIT_S = 60


def complete(request: Request) -> Request:
    """Host and need of the finding, with the growth that the inspections forecast; figures that the request gives count more. Of a new node, both hosts.

    Raises:
        BlockersFound: no such inspection or finding, another customer's, or one that more room does not mend.
    """
    if request.node and not request.hosts:
        return request.model_copy(update={"hosts": [request.node.host, request.node.balancer]})
    if request.number or not request.finding:
        return request
    row = _finding(request)
    part, host = part_for(row, request, _growth(request.inspection, row))
    return request.model_copy(update={"hosts": request.hosts or [host], **part})


def _finding(request: Request) -> CheckRow:
    check, target, name = (*request.finding.split(" ", 2), "")[:3]
    rows = [row for row in findings_of(request.inspection, request.customer) if (row.check, row.target) == (check, target) and name in ("", row.object)]
    if len(rows) == 1:
        return rows[0]
    if rows:
        raise BlockersFound(f"“{request.finding}” means several findings of {request.inspection}; name its object: {', '.join(row.object for row in rows[:6])}",
                            f"“{request.finding}”对应 {request.inspection} 的多个问题；请写明对象：{'、'.join(row.object for row in rows[:6])}")
    raise BlockersFound(f"{request.inspection} has no finding “{request.finding}”; see the table of findings in its report, or give the figures yourself",
                        f"{request.inspection} 没有问题“{request.finding}”；请核对巡检报告中的问题清单，或直接填写数值")


def _growth(number: str, row: CheckRow) -> float:
    """How fast it grows a day, in the figure's own unit, as the report of that inspection forecasts it; 0: it says nothing of that."""
    archive = desk.archive()
    found = trend.forecasts(point for point in inspections.points(archive, inspections.inspection_of(archive, number)) if trend.key(point) == trend.key(row))
    return max(0.0, found[trend.key(row)].per_day) if found else 0.0


def plan(number: str, request: Request, surveys: dict[str, Survey], say: Callable[[str], None]) -> Plan:
    """The plan of the expansion (R011). What there is now is measured on the hosts; nothing is changed on them."""
    hosts = {name: desk.host(name) for name in request.hosts}

    def read(name: str):
        module, part = need_of(request, name)
        say(f"{name}: measuring what there is")
        with connected(hosts[name]) as remote:
            answer = remote.run(module.facts_script(part), timeout_s=FACTS_LIMIT_S)
        return module.expand(part, module.parse(answer.need("measuring what there is", name, "读取容量现状")))

    with ThreadPoolExecutor(min(AT_ONCE, len(hosts))) as pool:
        found = dict(zip(request.hosts, pool.map(read, request.hosts), strict=True))
    return plan_capacity(number, request, surveys, found, {name: tuple(host.acceptances()) for name, host in hosts.items()}, desk.now())


def need_of(request: Request, host: str) -> tuple[ModuleType, object]:
    """The part of the form that is filled in, and the module that plans it on this host."""
    name = request.parts[0]
    module = "balancer" if request.node and host == request.node.balancer else name
    return importlib.import_module(f"tasks.planning.capacity.{module}"), getattr(request, name)


__all__ = ["Request", "complete", "plan"]
