"""RES-07 Swap space taken (R134 系统资源使用状况检查)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import HostCheck, Known, Limit, Limits, Row, not_applicable, whole
from tasks.checks.resources import FIGURES, figures


def parse(output: str) -> tuple[int, int]:
    """Swap and free swap in KiB."""
    found = figures(output, "SwapTotal", "SwapFree")
    return whole(found["SwapTotal"][0], "SwapTotal"), whole(found["SwapFree"][0], "SwapFree")


def judge(answer: tuple[int, int], limits: Limits, known: Known) -> Iterator[Row]:
    total, free = answer
    if not total:
        yield not_applicable("没有交换空间", "there is no swap space")
        return
    share = 100 * (total - free) / total
    yield Row(limits["used"].grade(share), f"交换空间已用 {share:.0f} %", f"{share:.0f} % of the swap space are taken",
              value=(total - free) * 1024, unit="bytes", capacity=total * 1024)


CHECK = HostCheck(
    id="RES-07",
    title=Text(zh="交换空间", en="Swap"),
    chapter="resources",
    command=FIGURES,
    parse=parse,
    judge=judge,
    limits={"used": Limit(80, 90, "%", "netdata used_swap")},
    remedy=Text(zh="找出换出最多的进程:grep VmSwap /proc/[0-9]*/status | sort -k2 -n | tail;增加内存",
                en="Find who was swapped out: grep VmSwap /proc/[0-9]*/status | sort -k2 -n | tail; add memory"),
    remedy_operation="capacity-expansion",
    source="proc_meminfo(5); netdata health.d/swap.conf",
)
