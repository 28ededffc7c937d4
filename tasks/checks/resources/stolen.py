"""RES-04c How much processor time the hypervisor gives to others (R134 系统资源使用状况检查)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import HostCheck, Known, Limit, Limits, Row
from tasks.checks.resources import SPAN, cpu_shares


def judge(answer: tuple[dict[str, float], float], limits: Limits, known: Known) -> Iterator[Row]:
    share = answer[0]["steal"]
    yield Row(limits["steal"].grade(share), f"被宿主机拿走的 CPU 时间占 {share:.0f} %", f"the hypervisor gives {share:.0f} % of the processor time to others",
              value=round(share, 1), unit="%")


CHECK = HostCheck(
    id="RES-04c",
    title=Text(zh="被宿主机拿走的 CPU 时间", en="Stolen processor time"),
    chapter="resources",
    command=SPAN,
    parse=cpu_shares,
    judge=judge,
    limits={"steal": Limit(10, 20, "%", "netdata 20min_steal_cpu")},
    remedy=Text(zh="请虚拟化平台管理员减少宿主机超配或迁移此虚拟机", en="Ask the owner of the platform to overcommit less, or to move this machine"),
    source="proc_stat(5); netdata health.d/cpu.conf",
)
