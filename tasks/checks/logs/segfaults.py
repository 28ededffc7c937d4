"""LOG-05b Programs that crashed (R129 系统日志检查)."""

from __future__ import annotations

from reports.records import Text
from tasks.checks.kinds import HostCheck, Limit
from tasks.checks.logs import KERNEL_LOG, kernel_lines, kernel_rows

CHECK = HostCheck(
    id="LOG-05b",
    title=Text(zh="程序崩溃(段错误)", en="Crashed programs"),
    chapter="log",
    command=KERNEL_LOG,
    parse=lambda output: kernel_lines(output, "segfault"),
    judge=lambda answer, limits, known: kernel_rows(answer, limits["crashes"], "程序崩溃", "crashes"),
    limits={"crashes": Limit(1, 20, "lines", "own judgement")},
    remedy=Text(zh="用 coredumpctl info <程序> 分析;联系软件厂商", en="coredumpctl info <program>; call its makers"),
    source="Linux arch/x86/mm/fault.c",
)
