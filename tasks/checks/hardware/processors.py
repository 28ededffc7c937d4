"""HW-01b All processors are still there (R128 硬件)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import HostCheck, Known, Limit, Limits, Row
from tasks.checks.resources import FIGURES, figures


def parse(output: str) -> int:
    """Processors online."""
    return len(figures(output, "core", "loadavg")["core"])


def judge(cores: int, limits: Limits, known: Known) -> Iterator[Row]:
    before = known.before.get("")
    share = 100 * cores / before.value if before and before.value else 100
    yield Row(limits["left"].grade(share), f"{cores} 个 CPU,为上次的 {share:.0f} %", f"{cores} processors, {share:.0f} % of last time", value=cores,
              unit="processors")


CHECK = HostCheck(
    id="HW-01b",
    title=Text(zh="CPU 数量", en="Processors fitted"),
    chapter="hardware",
    command=FIGURES,
    parse=parse,
    about=lambda cores: {"cores": str(cores)},
    judge=judge,
    limits={"left": Limit(99, 50, "% of last time", "own judgement", over=False)},
    remedy=Text(zh="核对变更记录;物理机查看 BMC 日志", en="Compare with the change records; on metal, look at the BMC's log"),
    source="proc_stat(5)",
)
