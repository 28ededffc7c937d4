"""Software upgrade: its form, and the reading that its planning needs. The planning itself is pure, in tasks/planning."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from reports.records import Plan, Survey
from tasks import desk
from tasks.errors import BlockersFound
from tasks.media import obtain
from tasks.planning.packages import facts_script, parse_facts, plan_packages
from tasks.planning.releases import plan_release
from tasks.remote import connected
from tasks.requests import UpgradeRequest as Request

FACTS_LIMIT_S = 600


def plan(number: str, request: Request, surveys: dict[str, Survey], say: Callable[[str], None]) -> Plan:
    """The plan of an upgrade (R013, R173, R177). Reads what new versions there are; changes nothing on the targets."""
    hosts = {name: desk.host(name) for name in request.hosts}
    watched = {name: tuple(host.watched) for name, host in hosts.items()}
    acceptance = {name: tuple(host.acceptances()) for name, host in hosts.items()}
    if request.kind == "release":
        if request.release is None:
            raise BlockersFound("The kind is “release”, but no release is described; fill in the part “Application release”",
                                "升级类型为 release，但未填写应用版本；请填写“Application release”部分")
        medium = obtain(request.release.archive, request.release.sha256, request.release.signature, request.release.keyring,
                        desk.archive().root / "media")
        return plan_release(number, request, surveys, medium, acceptance, desk.now())

    def read(name: str):
        if surveys[name].package_manager != "apt":
            return None
        say(f"{name}: reading which versions there are")
        with connected(hosts[name]) as remote:
            answer = remote.run(facts_script(request, surveys[name]), timeout_s=FACTS_LIMIT_S)
        return parse_facts(answer.out)

    with ThreadPoolExecutor(min(20, len(hosts))) as pool:
        facts = {name: found for name, found in zip(request.hosts, pool.map(read, request.hosts), strict=True) if found is not None}
    return plan_packages(number, request, surveys, facts, watched, acceptance, desk.now())


__all__ = ["Request", "plan"]
