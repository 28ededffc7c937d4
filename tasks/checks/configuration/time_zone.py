"""CFG-12 The time zone (R132 系统配置检查). Inventory: `time_zone`; without it Asia/Shanghai is expected."""

from __future__ import annotations

import re
from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import HostCheck, Known, Limits, Row, Unreadable, ok, warning
from tasks.checks.lines import pairs
from tasks.operations.mend import Mend
from tasks.operations.time_zone import set_time_zone


def parse(output: str) -> str:
    """Name of the zone."""
    zone = pairs(output, "zone")["zone"]
    if not re.fullmatch(r"[A-Za-z0-9_+/-]+", zone):
        raise Unreadable(f"{zone[:40]!r} is no time zone", f"{zone[:40]!r} 不是时区")
    return zone


def judge(zone: str, limits: Limits, known: Known) -> Iterator[Row]:
    wanted = known.expected.get("time_zone", zone)  # many servers keep UTC on purpose
    # Names of one and the same time.
    same = {"Asia/Shanghai": {"PRC", "Asia/Chongqing", "Asia/Chungking", "Asia/Harbin"}, "Etc/UTC": {"UTC", "Universal", "Zulu", "Etc/UCT"}}
    if zone == wanted or zone in same.get(wanted, ()):
        yield ok(f"时区 {zone}", f"time zone {zone}")
    else:
        yield warning(f"时区为 {zone},应为 {wanted}", f"the time zone is {zone} and should be {wanted}")


def mend(row: Row, zone: str, known: Known) -> Mend | Text:
    wanted = str(known.expected.get("time_zone", ""))
    if not re.fullmatch(r"[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*", wanted):
        return Text(zh=f"台账中的时区 {wanted!r} 不正确,请更正", en=f"the inventory's time zone {wanted!r} is none; correct it")
    return set_time_zone(wanted)


CHECK = HostCheck(
    id="CFG-12",
    title=Text(zh="时区", en="Time zone"),
    chapter="configuration",
    command=r"""
zone=$(readlink -f /etc/localtime) && zone=${zone#*/zoneinfo/}
case $zone in /*|'') read -r zone </etc/timezone || cannot "时区不是由链接设置的" "the time zone is not set by a link" ;; esac
echo "zone $zone
end"
""",
    parse=parse,
    judge=judge,
    remedy=Text(zh="timedatectl set-timezone <时区>,并重启按旧时区运行的服务", en="timedatectl set-timezone <zone>; restart services that keep the old one"),
    mend=mend,
    source="localtime(5)",
)
