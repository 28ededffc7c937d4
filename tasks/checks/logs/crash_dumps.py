"""LOG-04b Dumps a crashed kernel left (R129 系统日志检查)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import HostCheck, Known, Limit, Limits, Row, number
from tasks.checks.lines import listed, until_end, words


def parse(output: str) -> list[tuple[int, str]]:
    """Moment and path of each dump."""
    return [(int(number(moment, "a moment")), path) for moment, path in (words(line, 2) for line in until_end(output))]


def judge(dumps: list[tuple[int, str]], limits: Limits, known: Known) -> Iterator[Row]:
    new = [path for moment, path in dumps if known.now.timestamp() - moment <= 90 * 86400]
    yield Row(limits["dumps"].grade(len(new)), f"90 天内内核崩溃转储 {len(new)} 个(共 {len(dumps)} 个)",
              f"{len(new)} kernel dumps of 90 days, {len(dumps)} in all",
              value=len(new), unit="dumps", evidence=listed(new))


CHECK = HostCheck(
    id="LOG-04b",
    title=Text(zh="内核崩溃转储", en="Kernel crash dumps"),
    chapter="log",
    command=r"""
for d in /var/crash /var/lib/systemd/pstore /sys/fs/pstore; do
  [ -d "$d" ] && find "$d" -xdev -mindepth 1 -maxdepth 3 -type f \( -name 'vmcore*' -o -name 'dmesg*' -o -name 'dump.*' -o -name 'kdump*' \) -printf '%T@ %p\n'
done | head -n 200
echo end
""",
    parse=parse,
    judge=judge,
    limits={"dumps": Limit(1, 1, "dumps", "own judgement")},
    remedy=Text(zh="用 crash 分析转储,更新内核", en="Read the dump with crash(8); update the kernel"),
    source="kdump(5); systemd-pstore(8)",
)
