"""RES-04a How busy the processors are (R134 系统资源使用状况检查)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import HostCheck, Known, Limit, Limits, Row
from tasks.checks.resources import SPAN, cpu_shares


def judge(answer: tuple[dict[str, float], float], limits: Limits, known: Known) -> Iterator[Row]:
    shares, load = answer
    # A second proves little: it is only bad where the load of 15 minutes agrees.
    lasting = min(shares["busy"], load)
    yield Row(limits["busy"].grade(lasting), f"CPU 此刻忙 {shares['busy']:.0f} %,15 分钟负载为核数的 {load:.0f} %",
              f"the processors are {shares['busy']:.0f} % busy now, the load of 15 minutes is {load:.0f} % of them", value=round(shares["busy"], 1), unit="%")


CHECK = HostCheck(
    id="RES-04a",
    title=Text(zh="CPU 使用率", en="Processor"),
    chapter="resources",
    command=SPAN,
    parse=cpu_shares,
    judge=judge,
    limits={"busy": Limit(75, 85, "%", "netdata 10min_cpu_usage")},
    remedy=Text(zh="查看占用最多的进程:ps -eo pid,user,pcpu,args --sort=-pcpu | head;对照 sar -u 的历史",
                en="Look at the busiest: ps -eo pid,user,pcpu,args --sort=-pcpu | head; compare with the history of sar -u"),
    source="proc_stat(5); netdata health.d/cpu.conf",
)
