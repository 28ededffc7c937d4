"""Configuration tuning: its form, and the reading that its planning needs. The planning itself is pure, in tasks/planning/tuning."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

from reports.records import Plan, Survey
from tasks import desk
from tasks.errors import BlockersFound
from tasks.planning.tuning import plan_tuning, questions
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
    wishes: dict[str, list[SettingWish]] = {name: list(request.settings) for name in request.hosts}

    def read(name: str) -> Mapping[str, Answer]:
        parts = questions(wishes[name], surveys[name])
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


__all__ = ["Request", "plan"]
