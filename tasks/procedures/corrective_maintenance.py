"""Corrective maintenance: its form, and the reading that its planning needs. The planning itself is pure, in tasks/planning."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from reports.records import Plan, Survey
from tasks import desk
from tasks.checks.catalogue import all_checks
from tasks.checks.kinds import HostCheck, mender_of
from tasks.findings import findings_of, read_again
from tasks.planning.corrections import chosen, plan_corrections
from tasks.requests import CorrectionRequest as Request
from tasks.sandbox.container import silent_units

AT_ONCE = 20


def complete(request: Request) -> Request:
    """The hosts on which the inspection found what is to be mended.

    Raises:
        BlockersFound: no such inspection, another customer's, or no such finding.
    """
    if request.number:  # it is open already, and has its hosts
        return request
    return request.model_copy(update={"hosts": list(dict.fromkeys(row.target for row in _chosen(request)))})


def _chosen(request: Request):
    return chosen(findings_of(request.inspection, request.customer), request.findings, request.targets, {check.id: check for check in all_checks()})


def plan(number: str, request: Request, surveys: dict[str, Survey], say: Callable[[str], None]) -> Plan:
    """The plan of the corrections (R013). Every check concerned is read anew; nothing is changed on the targets."""
    findings, checks = _chosen(request), {check.id: check for check in all_checks()}
    hosts = {name: desk.host(name) for name in request.hosts}

    def read(name: str):
        wanted = {row.check for row in findings if row.target == name}
        asked = [check for check in all_checks() if check.id in wanted and isinstance(check, HostCheck) and mender_of(check)]
        say(f"{name}: reading anew {', '.join(check.id for check in asked) or 'nothing'}")
        return read_again(hosts[name], asked) if asked else {}

    with ThreadPoolExecutor(min(AT_ONCE, len(hosts))) as pool:
        readings = dict(zip(hosts, pool.map(read, hosts), strict=True))
    return plan_corrections(number, request, surveys, findings, checks, readings, {name: tuple(host.acceptances()) for name, host in hosts.items()},
                            silent_units(), desk.now())


__all__ = ["Request", "complete", "plan"]
