"""RES-14b How wrong the clock is (R134 系统资源使用状况检查)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import HostCheck, Known, Limit, Limits, Row, not_applicable
from tasks.checks.resources.clock import CLOCK, parse


def judge(answer: tuple[str, bool, float | None, list[str]], limits: Limits, known: Known) -> Iterator[Row]:
    service, _, offset, _ = answer
    if offset is None:
        yield not_applicable(f"{service or '主机'}不提供偏差", f"{service or 'the host'} does not tell the offset")
        return
    yield Row(limits["offset"].grade(abs(offset)), f"时钟偏差 {offset:.6f} 秒", f"the clock is {offset:.6f} s off", value=offset, unit="s")


CHECK = HostCheck(
    id="RES-14b",
    title=Text(zh="时钟偏差", en="Clock offset"),
    chapter="resources",
    command=CLOCK,
    parse=parse,
    judge=judge,
    limits={"offset": Limit(0.05, 1, "s", Text(zh="node-exporter mixin NodeClockSkewDetected;严重为经验值",
                                               en="node-exporter mixin NodeClockSkewDetected; critical: own judgement"))},
    remedy=Text(zh="chronyc makestep(先确认应用能承受时间跳变)", en="chronyc makestep, once the applications are known to bear a jump"),
    source="chronyc(1) tracking; ntpq(8)",
)
