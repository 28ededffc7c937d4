"""HW-02a All memory is still there (R128 硬件)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import HostCheck, Known, Limit, Limits, Row, Unreadable, whole
from tasks.checks.resources import FIGURES, figures


def parse(output: str) -> int:
    """Memory in KiB."""
    total = whole(figures(output, "MemTotal")["MemTotal"][0], "MemTotal")
    if total <= 0:
        raise Unreadable(f"MemTotal would be {total}", f"MemTotal 为 {total},不合理")
    return total


def judge(total: int, limits: Limits, known: Known) -> Iterator[Row]:
    before = known.before.get("")
    # The value is kept as bytes; a kernel update moves it by some MiB, a module that is gone by GiB.
    share = 100 * total * 1024 / before.value if before and before.value else 100
    yield Row(limits["left"].grade(share), f"内存 {total >> 10} MiB,为上次的 {share:.0f} %", f"{total >> 10} MiB of memory, {share:.0f} % of last time",
              value=total * 1024, unit="bytes")


CHECK = HostCheck(
    id="HW-02a",
    title=Text(zh="内存容量", en="Memory fitted"),
    chapter="hardware",
    command=FIGURES,
    parse=parse,
    about=lambda total: {"memory": f"{total / (1 << 20):.1f} GiB"},
    judge=judge,
    limits={"left": Limit(97, 94, "% of last time", Text(zh="经验值:最小的内存条为服务器内存的 1/16",
                                                         en="own judgement: the smallest module is 1/16 of a server's memory"), over=False)},
    remedy=Text(zh="核对资产台账与变更记录;物理机检查内存条与 BMC 日志",
                en="Compare with asset list and change records; on metal, look at modules and the BMC's log"),
    source="proc_meminfo(5)",
)
