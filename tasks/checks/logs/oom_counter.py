"""LOG-01b Out-of-memory kills by the kernel's counter, which needs no log (R129 系统日志检查)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import HostCheck, Known, Limit, Limits, Row, not_applicable, whole
from tasks.checks.resources import FIGURES, figures


def parse(output: str) -> int | None:
    """Kills since the start; None before kernel 4.13, which does not count them."""
    found = figures(output, "loadavg", "MemTotal")
    return whole(found["oom_kill"][0], "oom_kill") if "oom_kill" in found else None


def judge(kills: int | None, limits: Limits, known: Known) -> Iterator[Row]:
    if kills is None:
        yield not_applicable("内核不计数(4.13 之前)", "the kernel does not count them (before 4.13)")
        return
    before = known.before.get("")
    # The counter begins anew with each start: a smaller figure than last time is all new.
    new = kills - before.value if before and before.value is not None and before.value <= kills else kills
    yield Row(limits["kills"].grade(new), f"新增 OOM 杀进程 {new:.0f} 次(自启动共 {kills} 次)",
              f"{new:.0f} new kills for want of memory, {kills} since the start",
              value=kills, unit="kills")


CHECK = HostCheck(
    id="LOG-01b",
    title=Text(zh="OOM 计数", en="Out-of-memory kills, counted"),
    chapter="log",
    command=FIGURES,
    parse=parse,
    judge=judge,
    limits={"kills": Limit(1, 3, "kills", Text(zh="netdata oom_kill;严重为经验值", en="netdata oom_kill; critical: own judgement"))},
    remedy=Text(zh="见 LOG-01a 中被杀的进程;调整内存或限制", en="See LOG-01a for the processes; size memory and limits"),
    source="proc_vmstat(5), oom_kill; netdata health.d/ram.conf",
)
