"""RES-08 Pressure: how long work stood still for want of memory or disk (R134 系统资源使用状况检查)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import HostCheck, Known, Limit, Limits, Row, not_applicable, number
from tasks.checks.resources import FIGURES, figures


def parse(output: str) -> dict[str, float]:
    """Share of the last 5 minutes in which nothing could go on, by resource; empty where the kernel keeps none."""
    found = figures(output, "loadavg")
    shares = {}
    for name in ("memory", "io"):
        for word in found.get(f"pressure_{name}_full", []):
            if word.startswith("avg300="):
                shares[name] = number(word[7:], "pressure")
    return shares


def judge(shares: dict[str, float], limits: Limits, known: Known) -> Iterator[Row]:
    if not shares:
        yield not_applicable("内核不提供 PSI(4.20 之前,或未启用)", "the kernel keeps no pressure figures (before 4.20, or switched off)")
    for name, share in shares.items():
        zh = {"memory": "内存", "io": "磁盘"}[name]
        en = {"memory": "memory", "io": "disks"}[name]
        yield Row(limits[name].grade(share), f"5 分钟内有 {share:g} % 的时间因等待{zh}而停顿", f"for want of {en} work stood still {share:g} % of 5 minutes",
                  object=name, value=share, unit="%")


CHECK = HostCheck(
    id="RES-08",
    title=Text(zh="资源停顿(PSI)", en="Pressure (PSI)"),
    chapter="resources",
    command=FIGURES,
    parse=parse,
    judge=judge,
    limits={"memory": Limit(5, 20, "%", Text(zh="经验值,参考 Documentation/accounting/psi.rst", en="own judgement, after Documentation/accounting/psi.rst")),
            "io": Limit(20, 50, "%", Text(zh="经验值,参考 Documentation/accounting/psi.rst", en="own judgement, after Documentation/accounting/psi.rst"))},
    objects={"cpu": "CPU", "memory": "内存", "io": "I/O"},
    remedy=Text(zh="内存:减少占用或扩容;磁盘:见 STO-05", en="Memory: use less or add some; disks: see STO-05"),
    source="Linux Documentation/accounting/psi.rst",
)
