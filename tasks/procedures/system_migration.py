"""System migration: its form, and the reading that its planning needs. The planning itself is pure, in tasks/planning."""

from __future__ import annotations

from collections.abc import Callable

from blocks.host_access import HostAccess
from reports.records import Plan, Survey
from tasks import desk, peers
from tasks.errors import BlockersFound, UnreadableOutput
from tasks.planning.migration import plan_migration, what_moves
from tasks.planning.migration_facts import Facts, facts_script, parse_facts
from tasks.remote import connected
from tasks.requests import MigrationRequest as Request

FACTS_LIMIT_S = 600


def complete(request: Request) -> Request:
    """The hosts concerned.

    Raises:
        BlockersFound: old and new host are the same machine.
    """
    old, new = desk.host(request.source), desk.host(request.destination)
    if old.identity == new.identity:
        raise BlockersFound(f"{request.source} and {request.destination} are the same machine; name another one to move to",
                            f"{request.source} 与 {request.destination} 是同一台机器；请另选新主机")
    door = request.front_door.host if request.front_door else ""
    return request.model_copy(update={"hosts": list(dict.fromkeys(filter(None, [request.source, request.destination, door])))})


def plan(number: str, request: Request, surveys: dict[str, Survey], say: Callable[[str], None]) -> Plan:
    """The plan of the migration (R013). Both hosts are read; nothing is changed on them."""
    old, new = desk.host(request.source), desk.host(request.destination)
    moves = what_moves(request)
    say(f"{old.name}: reading what moves")
    here = _read(old, facts_script(user=old.user, **moves.asked, wished=["rsync"]))
    if moves.tools(here):
        here = _read(old, facts_script(user=old.user, **moves.asked, wished=moves.missing(here)))
    say(f"{new.name}: reading whether it has room for it")
    there = _read(new, facts_script(user=new.user, **moves.asked, data=moves.place(here) or "/", wished=moves.wished(here)))
    return plan_migration(number, request, surveys, here, there, (old.user, new.user), (old.acceptances(), new.acceptances()), desk.now(),
                          peers.ways(desk.host(name) for name in request.hosts))


def _read(host: HostAccess, script: str) -> Facts:
    with connected(host) as remote:
        answer = remote.run(script, timeout_s=FACTS_LIMIT_S)
    try:
        return parse_facts(answer.out)
    except (ValueError, IndexError) as problem:
        raise UnreadableOutput(f"{host.name}: what moves could not be read ({problem})", f"{host.name}：待迁移的内容无法读取") from problem


__all__ = ["Request", "complete", "plan"]
