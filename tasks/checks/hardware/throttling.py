"""HW-08b Processors slowed down because of heat (R128 硬件)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import HostCheck, Known, Limit, Limits, Row, whole
from tasks.checks.lines import pairs


def parse(output: str) -> int:
    """Events since the start."""
    return whole(pairs(output, "events")["events"], "a count")


def judge(count: int, limits: Limits, known: Known) -> Iterator[Row]:
    before = known.before.get("")
    new = count - before.value if before and before.value is not None and before.value <= count else count
    yield Row(limits["new"].grade(new), f"CPU 因过热降频 {new:.0f} 次(自启动共 {count} 次)",
              f"processors were slowed for heat {new:.0f} times anew, {count} since the start",
              value=count, unit="events")


CHECK = HostCheck(
    id="HW-08b",
    title=Text(zh="CPU 过热降频", en="Throttled processors"),
    chapter="hardware",
    command=r"""
set -- /sys/devices/system/cpu/cpu*/thermal_throttle/*_throttle_count
[ -e "$1" ] || na "处理器不提供此信息(虚拟机)" "the processor does not tell (a virtual machine)"
echo "events $(cat "$@" | awk '{ n += $1 } END { print n + 0 }')"
echo end
""",
    parse=parse,
    judge=judge,
    limits={"new": Limit(1, 1000, "new events", "own judgement")},
    remedy=Text(zh="检查风扇、散热与机房温度", en="Check fans, heat sinks and the room"),
    source="Linux Documentation/ABI/testing/sysfs-devices-system-cpu",
)
