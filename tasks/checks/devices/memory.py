"""NET-05d How full the memory is (R127 网络设备)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from reports.records import Text
from tasks.checks.devices import RAM, STORAGE, Storage, column, columns, console, figure, storages
from tasks.checks.kinds import DeviceCheck, Known, Limit, Limits, Row, Unreadable, not_applicable
from tasks.checks.tables import size

BOARDS = {"1.3.6.1.4.1.2011.5.25.31.1.1.1.1.7": "Huawei", "1.3.6.1.4.1.25506.2.6.1.1.1.1.8": "H3C"}
POOL_USED, POOL_FREE = "1.3.6.1.4.1.9.9.48.1.1.1.5", "1.3.6.1.4.1.9.9.48.1.1.1.6"
NOT_TOLD = 65535  # H3C, for parts without memory
CACHES = ("Memory buffers", "Cached memory")  # of net-snmp, which counts them as used


COMMANDS = {"huawei": "display memory-usage", "h3c": "display memory", "cisco": "show processes memory | include Processor Pool"}


def parse(output: str) -> list[tuple[str, float, int | None]]:
    """Name, per cent used, and the whole in bytes where it is told."""
    if said := console.printed(output):
        return _printed(*said)
    found, areas = columns(output), storages(output)
    memory = []
    there = {area.name: area for area in areas}
    for area in areas:
        if area.kind == RAM:
            memory.append((area.name, _share(area.name, _in_use(area, there), area.size), area.size))
    for oid, maker in BOARDS.items():
        told = {index: figure(value, "a board's memory") for index, value in column(found, oid).items()}
        memory += [(f"{maker} {index}", _share(maker, value, 100), None) for index, value in told.items() if 0 < value < NOT_TOLD]
    used, free = column(found, POOL_USED), column(found, POOL_FREE)
    for index, value in used.items():
        if index in free and (whole := figure(value, "a pool") + figure(free[index], "a pool")) > 0:
            memory.append((f"pool {index}", _share(f"pool {index}", figure(value, "a pool"), whole), whole))
    return memory


def _printed(vendor: str, lines: list[str]) -> list[tuple[str, float, int | None]]:
    if vendor == "cisco":
        pools = [tuple(map(int, match.groups())) for line in lines if (match := re.search(r"Total:\s*(\d+)\s+Used:\s*(\d+)", line))]
        if not pools or not pools[0][0]:
            raise Unreadable("no pool is told", "没有列出内存池")
        return [("Processor Pool", _share("the pool", pools[0][1], pools[0][0]), pools[0][0])]
    if vendor == "h3c" and (free := [float(match[1]) for line in lines if (match := re.match(r"Mem:.*?([\d.]+)%", line))]):
        shares = [100 - share for share in free]  # it tells what is free
    else:
        shares = console.per_cents(r"(?:Memory Using Percentage(?: Is)?|Used Rate)\s*:\s*([\d.]+)%", lines)
    return [(f"memory {number}", _share("the memory", round(share), 100), None) for number, share in enumerate(shares, 1)]


def _in_use(memory: Storage, there: dict[str, Storage]) -> int:
    """What cannot be had back. What only keeps files at hand is given up when it is needed."""
    if available := there.get("Available memory"):
        return memory.size - (available.size - available.used)
    return memory.used - sum(there[name].used for name in CACHES if name in there)


def _share(name: str, used: int, whole: int) -> float:
    if not 0 <= used <= whole:
        raise Unreadable(f"{name} would be {used} of {whole}", f"{name} 已用 {used}/{whole},不合理")
    return 100 * used / whole


def judge(memory: list[tuple[str, float, int | None]], limits: Limits, known: Known) -> Iterator[Row]:
    for name, share, whole in memory:
        of = f" {size(whole)}" if whole else ""
        yield Row(limits["used"].grade(share), f"内存{of} 已用 {share:.0f} %({name})", f"{name}{f',{of},' if of else ''} is {share:.0f} % used",
                  object=name, value=round(share, 1), unit="%")
    if not memory:
        yield not_applicable("设备不提供内存占用", "the device does not tell its memory")


CHECK = DeviceCheck(
    id="NET-05d",
    title=Text(zh="设备内存占用", en="Device's memory"),
    oids=(*STORAGE, *BOARDS, POOL_USED, POOL_FREE),
    commands=COMMANDS,
    parse=parse,
    judge=judge,
    limits={"used": Limit(80, 90, "%", Text(zh="经验值;netdata ram_available 在剩余 15 % 时告警",
                                            en="own judgement; netdata ram_available warns at 15 % left"))},
    objects={"pool": "内存池"},
    remedy=Text(zh="查看各进程与表项的内存(display memory-usage / show memory);持续增长可能是泄漏,升级或在窗口内重启",
                en="See who holds it (display memory-usage / show memory); what only grows may be a leak: upgrade, or restart in a window"),
    source="RFC 2790 hrStorageTable; HUAWEI-ENTITY-EXTENT-MIB, HH3C-ENTITY-EXT-MIB, CISCO-MEMORY-POOL-MIB",
)
