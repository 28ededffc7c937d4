"""Configuration tuning: its form, and the reading that its planning needs. The planning itself is pure, in tasks/planning/tuning."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

from reports.records import CheckRow, Plan, Survey
from tasks import desk
from tasks.checks.catalogue import all_checks
from tasks.checks.kinds import DatabaseCheck
from tasks.checks.reading import object_of
from tasks.errors import BlockersFound
from tasks.findings import BAD, findings_of, place_of, read_database_again
from tasks.planning.tuning import plan_tuning, questions
from tasks.planning.tuning.proposals import chosen, proposals_of
from tasks.remote import connected
from tasks.requests import SettingWish
from tasks.requests import TuningRequest as Request
from tasks.sandbox.container import silent_units
from tasks.sections import Answer, compose, take_apart

FACTS_LIMIT_S = 300


def plan(number: str, request: Request, surveys: dict[str, Survey], say: Callable[[str], None]) -> Plan:
    """The plan of a tuning (R014). Reads what each setting is, where it stands, and whether its program takes the new value; changes nothing.

    Raises:
        BlockersFound: a wish that cannot be meant. HostUnreachable, UnreadableOutput: a host does not say.
    """
    hosts = {name: desk.host(name) for name in request.hosts}
    wishes = _proposed(request, say) if request.inspection else {name: list(request.settings) for name in request.hosts}

    def read(name: str) -> Mapping[str, Answer]:
        parts = questions(wishes[name], surveys[name])
        if not parts:
            return {}
        say(f"{name}: reading {', '.join(wish.name for wish in wishes[name])}")
        with connected(hosts[name]) as remote:
            answer = remote.run(compose(parts), timeout_s=FACTS_LIMIT_S)
        return take_apart(answer.out, [part.name for part in parts], name)

    if not request.hosts:
        raise BlockersFound("name the hosts whose settings are to be changed", "请填写要调整参数的主机")
    with ThreadPoolExecutor(min(20, len(hosts))) as pool:
        answers = dict(zip(request.hosts, pool.map(read, request.hosts), strict=True))
    return plan_tuning(number, request, surveys, wishes, answers, {name: tuple(host.acceptances()) for name, host in hosts.items()}, silent_units(),
                       desk.now())


def complete(request: Request) -> Request:
    """With the hosts that the inspection's proposals are of.

    Raises:
        BlockersFound: no such inspection, another customer's, or one that proposes no setting; or nobody knows where the server runs.
    """
    if not request.inspection or request.number:
        return request
    hosts = []
    for row in _findings(request):
        place = place_of(row.target)
        if place is None:
            raise BlockersFound(f"the inventory does not say on which host {row.target} runs (through, with an address of that host's loopback); do it by hand",
                                f"清单没有写明 {row.target} 运行在哪台主机上（through，且地址为该主机的回环地址）；请人工调整")
        hosts.append(place.host)
    return request.model_copy(update={"hosts": list(dict.fromkeys(hosts))})


def _findings(request: Request) -> list[CheckRow]:
    return chosen(findings_of(request.inspection, request.customer), request.findings, all_checks())


def _proposed(request: Request, say: Callable[[str], None]) -> dict[str, list[SettingWish]]:
    """By host, what the proposals would have set, as far as their checks still find fault: each is read anew."""
    wishes: dict[str, list[SettingWish]] = {name: [] for name in request.hosts}
    rows = _findings(request)
    for name in dict.fromkeys(row.target for row in rows):
        here = [row for row in rows if row.target == name]
        place, ids = place_of(name), {row.check for row in here}
        asked = [check for check in all_checks() if isinstance(check, DatabaseCheck) and check.id in ids]
        say(f"{name}: reading anew {', '.join(check.id for check in asked)}")
        for check, reading in read_database_again(name, asked).items():
            still = [now for now in reading.rows if now.outcome in BAD and any((row.check, row.object) == (check, object_of(now)) for row in here)]
            for now in still if place and place.host in wishes else ():
                wishes[place.host] += [wish for wish in proposals_of(now.en, place.port) if wish not in wishes[place.host]]
    return wishes


__all__ = ["Request", "complete", "plan"]
