"""RES-10 Processes that wait for disks and cannot be stopped, state D (R134 系统资源使用状况检查)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import HostCheck, Known, Limit, Limits, Row, whole
from tasks.checks.resources import SPAN, figures


def parse(output: str) -> int:
    """Processes blocked both when the reading began and now: those of a moment are normal."""
    found = figures(output, "before_procs_blocked", "now_procs_blocked")
    return min(whole(found[f"{when}_procs_blocked"][0], "procs_blocked") for when in ("before", "now"))


def judge(count: int, limits: Limits, known: Known) -> Iterator[Row]:
    yield Row(limits["count"].grade(count), f"{count} 个进程持续处于 D 状态", f"{count} processes stay in state D", value=count, unit="processes")


CHECK = HostCheck(
    id="RES-10",
    title=Text(zh="D 状态进程", en="Blocked processes"),
    chapter="resources",
    command=SPAN,
    parse=parse,
    judge=judge,
    limits={"count": Limit(5, 20, "processes", "own judgement")},
    remedy=Text(zh="ps -eo pid,stat,wchan:30,args | awk '$2 ~ /D/';多为存储或 NFS 问题(STO-03c、STO-05)",
                en="ps -eo pid,stat,wchan:30,args | awk '$2 ~ /D/'; mostly storage or NFS (STO-03c, STO-05)"),
    source="proc_stat(5), procs_blocked",
)
