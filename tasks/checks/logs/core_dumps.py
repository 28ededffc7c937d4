"""LOG-05a Core dumps kept by systemd (R129 系统日志检查)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import HostCheck, Known, Limit, Limits, Row, Unreadable, number, ok
from tasks.checks.lines import until_end, words


def parse(output: str) -> list[tuple[str, int]]:
    """Program, moment. File names: core.<program>.<uid>.<boot>.<pid>.<microseconds>[.zst]."""
    found = []
    for line in until_end(output):
        moment, name = words(line, 2)
        if not name.startswith("core."):
            raise Unreadable(f"{name[:60]!r} is no core dump", f"{name[:60]!r} 不是核心转储")
        found.append((name.split(".")[1], int(number(moment, "a moment"))))
    return found


def judge(dumps: list[tuple[str, int]], limits: Limits, known: Known) -> Iterator[Row]:
    counts: dict[str, int] = {}
    for program, moment in dumps:
        if known.now.timestamp() - moment <= 90 * 86400:
            counts[program] = counts.get(program, 0) + 1
    for program, count in counts.items():
        yield Row(limits["dumps"].grade(count), f"{program} 在 90 天内崩溃 {count} 次", f"{program} crashed {count} times in 90 days", object=program,
                  value=count,
                  unit="dumps")
    if not counts:
        yield ok("90 天内没有核心转储", "no core dumps in 90 days")


CHECK = HostCheck(
    id="LOG-05a",
    title=Text(zh="核心转储", en="Core dumps"),
    chapter="log",
    command=r"""
[ -d /var/lib/systemd/coredump ] || na "没有安装 systemd-coredump" "systemd-coredump is not installed"
find /var/lib/systemd/coredump -maxdepth 1 -type f -name 'core.*' -printf '%T@ %f\n' | head -n 2000
echo end
""",
    parse=parse,
    judge=judge,
    limits={"dumps": Limit(1, 5, "dumps of one program", "own judgement")},
    remedy=Text(zh="coredumpctl info <程序>;联系软件厂商", en="coredumpctl info <program>; call its makers"),
    source="systemd-coredump(8)",
)
