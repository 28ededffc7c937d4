"""Limits of a service under systemd that are too low: what it has, what it should have. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from reports.records import Text
from tasks.operations import unit_limit
from tasks.operations.scripts import fill
from tasks.planning.capacity.expansion import Act, Expansion, Headroom, figures
from tasks.requests import ServiceLimits

MIB = 1 << 20
NAMES = (*unit_limit.SETTINGS, *unit_limit.SHOWN.values())
NO_LIMIT = ("infinity", str(2**64 - 1))

_FACTS = """unit=@unit@
systemctl show "$unit" -p LoadState -p ActiveState -p LimitNOFILE -p LimitNOFILESoft -p MemoryMax -p TasksMax
awk '/^MemTotal:/ { print "total_kib=" $2 }' /proc/meminfo
"""


@dataclass(frozen=True)
class Facts:
    """limits: by setting, as systemd says them."""

    loaded: bool
    active: bool
    limits: dict[str, str]
    total_kib: int


def facts_script(part: ServiceLimits) -> str:
    return fill(_FACTS, unit=part.unit)


def parse(output: str) -> Facts:
    """Raises UnreadableOutput."""
    told = figures(output, "LoadState", "ActiveState", *NAMES, "total_kib")
    return Facts(told["LoadState"] == "loaded", told["ActiveState"] == "active", {name: told[name] for name in NAMES}, int(told["total_kib"]))


def expand(part: ServiceLimits, facts: Facts) -> Expansion:
    """Only what is higher than now is raised; a limit is not lowered, and none is set where there is none."""
    wished = {name: value for name, value in zip(unit_limit.SETTINGS, (part.files, part.memory_mib * MIB, part.tasks), strict=True) if value}
    has = {name: facts.limits[unit_limit.SHOWN.get(name, name)] for name in wished}
    raised = {name: value for name, value in wished.items() if has[name] not in NO_LIMIT and value > int(has[name] or 0)}
    told = ", ".join(f"{name}={value}" for name, value in has.items())
    asked = ", ".join(f"{name}={value}" for name, value in wished.items())
    need = Text(zh=f"{part.unit} 现有限额 {told}；要求 {asked}，负载下至少余 {part.free_pct} %",
                en=f"{part.unit} has {told}; {asked} are wanted, with at least {part.free_pct} % free under load")
    if not facts.loaded:
        return Expansion(need, blockers=(Text(zh=f"主机上没有服务 {part.unit}。", en=f"There is no {part.unit} on this host."),))
    if part.memory_mib * 1024 > facts.total_kib:
        return Expansion(need, blockers=(Text(zh=f"主机内存只有 {facts.total_kib >> 10} MiB。",
                                               en=f"The host has only {facts.total_kib >> 10} MiB of memory."),))
    if not raised:
        return Expansion(need)
    mend = unit_limit.raise_limits(part.unit, raised, facts.limits)
    headroom = unit_limit.headroom(part.unit, raised, part.free_pct, url=part.load_url, at_once=part.load_at_once, requests=part.load_requests)
    title = Text(zh=f"{part.unit} 在负载下各限额至少余 {part.free_pct} %", en=f"{part.unit} leaves {part.free_pct} % of its limits free under load")
    measured = Headroom(title, headroom, unit_limit.headroom_reads(raised))
    return Expansion(need, (Act("raise-limits", mend),), (measured,) if facts.active else (), noticed=mend.breaks)
