"""RES-11 Processes and threads against what the kernel allows (R134 系统资源使用状况检查)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import HostCheck, Known, Limit, Limits, Row, Unreadable, whole
from tasks.checks.resources import FIGURES, figures


def parse(output: str) -> tuple[int, int]:
    """Threads, and how many there may be: the lower of pid_max and threads-max."""
    found = figures(output, "loadavg", "pid_max", "threads-max")
    now = found["loadavg"][3].partition("/")[2]
    most = min(whole(found[name][0], name) for name in ("pid_max", "threads-max"))
    if most <= 0:
        raise Unreadable(f"the kernel would allow {most} threads", f"内核允许的线程数为 {most},不合理")
    return whole(now, "threads"), most


def judge(answer: tuple[int, int], limits: Limits, known: Known) -> Iterator[Row]:
    now, most = answer
    share = 100 * now / most
    yield Row(limits["used"].grade(share), f"线程 {now} 个,上限 {most}({share:.0f} %)", f"{now} of {most} threads ({share:.0f} %)",
              value=now, unit="threads", capacity=most)


CHECK = HostCheck(
    id="RES-11",
    title=Text(zh="进程与线程数", en="Processes and threads"),
    chapter="resources",
    command=FIGURES,
    parse=parse,
    judge=judge,
    limits={"used": Limit(85, 90, "%", "netdata active_processes")},
    remedy=Text(zh="查找线程最多的进程:ps -eo nlwp,pid,args --sort=-nlwp | head", en="Find who has the most: ps -eo nlwp,pid,args --sort=-nlwp | head"),
    source="proc_loadavg(5); netdata health.d/processes.conf",
)
