"""LOG-03b Tasks the kernel found hung (R129 系统日志检查)."""

from __future__ import annotations

from reports.records import Text
from tasks.checks.kinds import HostCheck, Limit
from tasks.checks.logs import KERNEL_LOG, kernel_lines, kernel_rows

CHECK = HostCheck(
    id="LOG-03b",
    title=Text(zh="被挂起的任务", en="Hung tasks"),
    chapter="log",
    command=KERNEL_LOG,
    parse=lambda output: kernel_lines(output, "hung"),
    judge=lambda answer, limits, known: kernel_rows(answer, limits["tasks"], "任务挂起超过 120 秒", "hung tasks"),
    limits={"tasks": Limit(1, 20, "lines", "own judgement")},
    remedy=Text(zh="多为存储过慢或 NFS 断开:STO-03c、STO-05", en="Mostly slow storage or an NFS server that is gone: STO-03c, STO-05"),
    source="Linux Documentation/admin-guide/sysctl/kernel.rst, hung_task",
)
