"""LOG-03a Panics, oopses and lock-ups of the kernel (R129 系统日志检查)."""

from __future__ import annotations

from reports.records import Text
from tasks.checks.kinds import HostCheck, Limit
from tasks.checks.logs import KERNEL_LOG, kernel_lines, kernel_rows

CHECK = HostCheck(
    id="LOG-03a",
    title=Text(zh="内核错误", en="Kernel trouble"),
    chapter="log",
    command=KERNEL_LOG,
    parse=lambda output: kernel_lines(output, "kernel"),
    judge=lambda answer, limits, known: kernel_rows(answer, limits["errors"], "内核出错", "oopses, panics or lock-ups"),
    limits={"errors": Limit(1, 1, "lines", "own judgement")},
    remedy=Text(zh="收集 kdump,更新内核与固件", en="Collect the dump; update kernel and firmware"),
    source="Linux Documentation/admin-guide/bug-hunting.rst, lockup-watchdogs.rst",
)
