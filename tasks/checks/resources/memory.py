"""RES-06 Memory that is left (R134 系统资源使用状况检查)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import HostCheck, Known, Limit, Limits, Row, Unreadable, whole
from tasks.checks.resources import FIGURES, figures


def parse(output: str) -> tuple[int, int]:
    """Total and available memory in KiB. Kernels before 3.14 do not say what is available: free and cache come near."""
    found = figures(output, "MemTotal", "MemFree", "Cached")
    total, free, cached = (whole(found[name][0], name) for name in ("MemTotal", "MemFree", "Cached"))
    left = whole(found["MemAvailable"][0], "MemAvailable") if found.get("MemAvailable") else free + cached
    if total <= 0:
        raise Unreadable(f"MemTotal would be {total}", f"MemTotal 为 {total},不合理")
    return total, left


def judge(answer: tuple[int, int], limits: Limits, known: Known) -> Iterator[Row]:
    total, left = answer
    share = 100 * left / total
    yield Row(limits["available"].grade(share), f"可用内存 {left >> 10} MiB,占 {share:.0f} %", f"{left >> 10} MiB of memory are available, {share:.0f} %",
              value=(total - left) * 1024, unit="bytes", capacity=total * 1024)


CHECK = HostCheck(
    id="RES-06",
    title=Text(zh="可用内存", en="Memory"),
    chapter="resources",
    command=FIGURES,
    parse=parse,
    judge=judge,
    limits={"available": Limit(15, 10, "%", "netdata ram_available", over=False)},
    remedy=Text(zh="按内存排序查看进程(RES-15);缓存不算占用", en="See the largest processes (RES-15); cache is not use"),
    source="proc_meminfo(5); netdata health.d/ram.conf",
)
