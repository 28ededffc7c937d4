"""RES-16 How long the host has been up (R134 系统资源使用状况检查)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import HostCheck, Known, Limit, Limits, Row, number
from tasks.checks.resources import FIGURES, figures


def parse(output: str) -> float:
    """Days."""
    return number(figures(output, "uptime")["uptime"][0], "uptime") / 86400


def judge(days: float, limits: Limits, known: Known) -> Iterator[Row]:
    # A start within the last day is told, not blamed: LOG-04 says whether it was orderly.
    yield Row(limits["days"].grade(days), f"已运行 {days:.1f} 天", f"the host has been up for {days:.1f} days", value=round(days, 2), unit="days")


CHECK = HostCheck(
    id="RES-16",
    title=Text(zh="运行时间", en="Uptime"),
    chapter="resources",
    command=FIGURES,
    parse=parse,
    judge=judge,
    limits={"days": Limit(365, None, "days", Text(zh="经验值:运行这么久的内核没有打过补丁", en="own judgement: a kernel that old has not been patched"))},
    remedy=Text(zh="安排窗口更新内核并重启", en="Plan a window to update the kernel and reboot"),
    source="proc_uptime(5)",
)
