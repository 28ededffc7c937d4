"""LOG-01a Which processes were killed for want of memory (R129 系统日志检查)."""

from __future__ import annotations

from reports.records import Text
from tasks.checks.kinds import HostCheck, Limit
from tasks.checks.logs import KERNEL_LOG, kernel_lines, kernel_rows

CHECK = HostCheck(
    id="LOG-01a",
    title=Text(zh="因内存不足被杀的进程", en="Out-of-memory kills"),
    chapter="log",
    command=KERNEL_LOG,
    parse=lambda output: kernel_lines(output, "oom"),
    judge=lambda answer, limits, known: kernel_rows(answer, limits["kills"], "因内存不足杀进程", "kills for want of memory"),
    limits={"kills": Limit(1, 3, "kills", Text(zh="netdata oom_kill;严重为经验值", en="netdata oom_kill; critical: own judgement"))},
    remedy=Text(zh="按证据中的进程调整内存、交换空间或单元的 MemoryMax", en="Size memory, swap or the unit's MemoryMax for the processes named"),
    source="journalctl(1); Linux mm/oom_kill.c",
)
