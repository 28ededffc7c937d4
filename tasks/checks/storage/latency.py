"""STO-05 How long disks take, and how busy they are (R131 存储外设检查)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from reports.records import Outcome, Text
from tasks.checks.kinds import HostCheck, Known, Limit, Limits, Row, Unreadable, not_applicable, number, whole
from tasks.checks.lines import until_end


def _figures(lines: list[str]) -> dict[str, tuple[int, ...]]:
    """Of whole disks: operations, ms of operations, ms in which one was under way."""
    found = {}
    for line in lines:
        parts = line.split()
        if len(parts) < 14:
            raise Unreadable(f"/proc/diskstats has {line[:60]!r}", f"/proc/diskstats 中有 {line[:60]!r}")
        if re.fullmatch(r"[shv]d[a-z]+|xvd[a-z]+|nvme\d+n\d+|mmcblk\d+|dasd[a-z]+", parts[2]):
            numbers = [whole(part, "a figure") for part in parts[3:14]]
            found[parts[2]] = (numbers[0] + numbers[4], numbers[3] + numbers[7], numbers[9])
    return found


def parse(output: str) -> list[tuple[str, float, float, int]]:
    """Disk, busy in percent, ms for one operation, operations."""
    lines = until_end(output)
    if "now" not in lines or not lines[0].startswith("span "):
        raise Unreadable("the two looks at /proc/diskstats are missing", "缺少 /proc/diskstats 的两次读数")
    span = number(lines[0].split()[1], "the span") - number(lines[0].split()[2], "the span")
    if span < 0.5:
        raise Unreadable("less than half a second passed between the two looks", "两次读数的间隔不足半秒")
    at = lines.index("now")
    before, now = _figures(lines[1:at]), _figures(lines[at + 1:])
    found = []
    for name in now.keys() & before.keys():
        operations, spent, busy = (later - sooner for later, sooner in zip(now[name], before[name], strict=True))
        found.append((name, min(100.0, max(0, busy) / span / 10), spent / operations if operations > 0 else 0.0, operations))
    return sorted(found)


def judge(found: list[tuple[str, float, float, int]], limits: Limits, known: Known) -> Iterator[Row]:
    for name, busy, latency, operations in found:
        # Busy alone is no fault (many disks work in parallel), nor is one slow operation.
        slow = limits["latency"].grade(latency) if operations >= 10 else Outcome.OK
        outcome = min(limits["busy"].grade(busy), slow, key=lambda outcome: outcome.weight)
        yield Row(outcome, f"{name} 忙 {busy:.0f} %,每次操作 {latency:.1f} 毫秒", f"{name} is {busy:.0f} % busy, {latency:.1f} ms for an operation",
                  object=name,
                  value=round(latency, 2), unit="ms")
    if not found:
        yield not_applicable("没有可测量的磁盘", "there is no disk to measure")


CHECK = HostCheck(
    id="STO-05",
    title=Text(zh="磁盘延迟", en="Latency of disks"),
    chapter="storage",
    command=r"""
read -r up rest </proc/uptime
if [ $((${up%%.*} - ${UPTIME_BEFORE%%.*})) -lt 2 ]; then sleep 1; read -r up rest </proc/uptime; fi
echo "span $up ${UPTIME_BEFORE%% *}"
echo "$DISKS_BEFORE"
echo now
cat /proc/diskstats
echo end
""",
    parse=parse,
    judge=judge,
    limits={"busy": Limit(90, 98, "%", "own judgement; netdata 10min_disk_utilization"),
            "latency": Limit(50, 200, "ms", Text(zh="经验值:有负载的机械硬盘", en="own judgement: a turning disk under load"))},
    remedy=Text(zh="iotop 或 pidstat -d 1 找出读写最多的进程;检查 RAID 与多路径", en="Find who reads and writes: iotop, pidstat -d 1; check RAID and paths"),
    source="Linux Documentation/admin-guide/iostats.rst",
)
