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
        BlockersFound: old and new host are the same machine, or the service's address is how the old one is reached.
    """
    old, new = desk.host(request.source), desk.host(request.destination)
    if old.identity == new.identity:
        raise BlockersFound(f"{request.source} and {request.destination} are the same machine; name another one to move to",
                            f"{request.source} 与 {request.destination} 是同一台机器；请另选新主机")
    if (moving := request.service_address) and str(moving.address) in (old.address, old.for_peers[0]):
        raise BlockersFound(f"{moving.address} is how {old.name} itself is reached; give it an address of its own in the inventory",
                            f"{moving.address} 正是登录 {old.name} 所用的地址；请先在主机清单中为其登记自有地址")
    others = [request.front_door and request.front_door.host, request.dns_record and request.dns_record.host]
    return request.model_copy(update={"hosts": list(dict.fromkeys(filter(None, [request.source, request.destination, *others])))})


def plan(number: str, request: Request, surveys: dict[str, Survey], say: Callable[[str], None]) -> Plan:
    """The plan of the migration (R013). Both hosts are read; nothing is changed on them."""
    old, new = desk.host(request.source), desk.host(request.destination)
    moves = what_moves(request)
    say(f"{old.name}: reading what moves")
    setting = request.service_address.file if request.service_address else ""
    here = _read(old, facts_script(user=old.user, **moves.asked, wished=["rsync"], setting=setting))
    if moves.tools(here):
        here = _read(old, facts_script(user=old.user, **moves.asked, wished=moves.missing(here), setting=setting))
    say(f"{new.name}: reading whether it has room for it")
    there = _read(new, facts_script(user=new.user, **moves.asked, data=moves.place(here) or "/", wished=moves.wished(here), setting=setting))
    zone = Facts()
    if record := request.dns_record:
        server = desk.host(record.host)
        say(f"{server.name}: reading where {record.name} points")
        zone = _read(server, facts_script(user=server.user, record=record.name, record_type=record.kind))
    return plan_migration(number, request, surveys, here, there, (old.user, new.user), (old.acceptances(), new.acceptances()), desk.now(),
                          peers.ways(desk.host(name) for name in request.hosts), zone)


def _read(host: HostAccess, script: str) -> Facts:
    with connected(host) as remote:
        answer = remote.run(script, timeout_s=FACTS_LIMIT_S)
    try:
        return parse_facts(answer.out)
    except (ValueError, IndexError) as problem:
        raise UnreadableOutput(f"{host.name}: what moves could not be read ({problem})", f"{host.name}：待迁移的内容无法读取") from problem


__all__ = ["Request", "complete", "plan"]
