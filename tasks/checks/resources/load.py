"""RES-05 Load of 15 minutes (R134 系统资源使用状况检查)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import HostCheck, Known, Limit, Limits, Row, number
from tasks.checks.resources import FIGURES, figures


def parse(output: str) -> tuple[float, int]:
    """Load of 15 minutes, number of processors."""
    found = figures(output, "loadavg", "core")
    return number(found["loadavg"][2], "load"), len(found["core"])


def judge(answer: tuple[float, int], limits: Limits, known: Known) -> Iterator[Row]:
    load, cores = answer
    yield Row(limits["load"].grade(load / cores), f"15 分钟负载 {load:g},{cores} 核", f"the load of 15 minutes is {load:g} on {cores} processors",
              value=load, unit="processes")


CHECK = HostCheck(
    id="RES-05",
    title=Text(zh="系统负载", en="Load"),
    chapter="resources",
    command=FIGURES,
    parse=parse,
    judge=judge,
    limits={"load": Limit(1.75, 3.5, "per processor", "netdata load_average_15")},
    remedy=Text(zh="区分 CPU 与 D 状态进程(RES-10)造成的负载", en="Tell load by processors from load by processes in state D (RES-10)"),
    source="proc_loadavg(5); netdata health.d/load.conf",
)
