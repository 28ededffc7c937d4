"""RES-04b How long processors wait for disks (R134 系统资源使用状况检查)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import HostCheck, Known, Limit, Limits, Row
from tasks.checks.resources import SPAN, cpu_shares


def judge(answer: tuple[dict[str, float], float], limits: Limits, known: Known) -> Iterator[Row]:
    share = answer[0]["iowait"]
    yield Row(limits["iowait"].grade(share), f"CPU 等待 I/O 的时间占 {share:.0f} %", f"the processors wait for disks {share:.0f} % of the time",
              value=round(share, 1), unit="%")


CHECK = HostCheck(
    id="RES-04b",
    title=Text(zh="I/O 等待", en="Waiting for disks"),
    chapter="resources",
    command=SPAN,
    parse=cpu_shares,
    judge=judge,
    limits={"iowait": Limit(20, 40, "%", "netdata 10min_cpu_iowait")},
    remedy=Text(zh="用 iotop 或 pidstat -d 1 找出读写最多的进程,并看磁盘延迟(STO-05)",
                en="Find who reads and writes: iotop, pidstat -d 1; see the disks' latency (STO-05)"),
    source="proc_stat(5); netdata health.d/cpu.conf",
)
