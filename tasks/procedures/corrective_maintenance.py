"""Corrective maintenance: its form, and the reading that its planning needs. The planning itself is pure, in tasks/planning."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from reports.records import CheckRow, Plan, Survey
from tasks import desk, obstacles
from tasks.checks.kinds import DatabaseCheck, HostCheck
from tasks.checks.reading import Reading
from tasks.errors import BlockersFound
from tasks.findings import findings_of, known_checks, place_of, read_again, read_database_again, require_read, unread_of
from tasks.planning.corrections import chosen, plan_corrections
from tasks.requests import CorrectionRequest as Request
from tasks.requests import HardeningRequest
from tasks.sandbox.container import silent_units

AT_ONCE = 20


def complete(request: Request) -> Request:
    """The hosts on which the inspection found what is to be mended.

    Raises:
        BlockersFound: no such inspection, another customer's, or no such finding.
    """
    if request.number:  # it is open already, and has its hosts
        return request
    rows = _chosen(request)
    places = {row.target: place_of(row.target) for row in rows if _of_database(row)}
    nowhere = [name for name, place in places.items() if place is None]
    if nowhere and (request.findings or all(_of_database(row) and row.target in nowhere for row in rows)):
        raise BlockersFound(f"the inventory does not say on which host {nowhere[0]} runs (through, and an address of that host's loopback); mend it by hand",
                            f"清单没有写明 {nowhere[0]} 运行在哪台主机上（through，且地址为该主机的回环地址）；请人工处理")
    hosts = [places[row.target] and places[row.target].host if _of_database(row) else row.target for row in rows]
    return request.model_copy(update={"hosts": list(dict.fromkeys(filter(None, hosts)))})


def _of_database(row: CheckRow) -> bool:
    return any(check.id == row.check and isinstance(check, DatabaseCheck) for check in known_checks())


def _chosen(request: Request):
    found = findings_of(request.inspection, request.customer)
    require_read(request.inspection, request.targets)
    return chosen(found, request.findings, request.targets, {check.id: check for check in known_checks()})


def plan(number: str, request: Request, surveys: dict[str, Survey], say: Callable[[str], None]) -> Plan:
    """The plan of the corrections (R013). Every check concerned is read anew; nothing is changed on the targets."""
    findings, checks = _chosen(request), {check.id: check for check in known_checks()}
    hosts = {name: desk.host(name) for name in request.hosts}
    databases = {row.target: (place.host, place.port) for row in findings if _of_database(row) and (place := place_of(row.target))}
    targets = list(dict.fromkeys((row.target, _of_database(row)) for row in findings))

    def read(target: tuple[str, bool]) -> dict[str, Reading]:
        name, is_database = target
        wanted = {row.check for row in findings if row.target == name}
        asked = [check for check in known_checks() if check.id in wanted and isinstance(check, DatabaseCheck if is_database else HostCheck)]
        say(f"{name}: reading anew {', '.join(check.id for check in asked)}")
        return read_database_again(name, asked) if is_database else read_again(desk.host(name), asked)

    readings: dict[str, dict[str, Reading]] = {}
    with ThreadPoolExecutor(min(AT_ONCE, len(targets))) as pool:
        for (name, _), found in zip(targets, pool.map(read, targets), strict=True):
            readings.setdefault(name, {}).update(found)
    given = (number, request, surveys, findings, checks, readings, {name: tuple(host.acceptances()) for name, host in hosts.items()},
             silent_units(), desk.now(), databases)
    # Who asks for all that was found must not take the rest for well.
    unread = [] if request.findings else [row for row in unread_of(request.inspection, request.customer) if row.target in (request.targets or (row.target,))]
    made = plan_corrections(*given, unread=unread)
    # A control's step that its host refuses is left to people, and the others go on.
    refused = _refused(made) if isinstance(request, HardeningRequest) else {}
    return plan_corrections(*given, refused, unread) if refused else made


def _refused(made: Plan) -> dict[tuple[str, str], str]:
    """By host and key, why a step could not be done."""
    hosts = sorted({step.target for step in made.steps})
    with ThreadPoolExecutor(min(AT_ONCE, len(hosts) or 1)) as pool:
        answers = pool.map(lambda name: obstacles.of_steps(desk.host(name), made.steps_of(name)), hosts)
        return {(name, key): said for name, found in zip(hosts, answers, strict=True) for key, said in found.items()}


__all__ = ["Request", "complete", "plan"]
