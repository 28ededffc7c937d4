"""HW-09 Machine checks: the processor reports broken hardware (R128 硬件)."""

from __future__ import annotations

from reports.records import Text
from tasks.checks.kinds import HostCheck, Limit
from tasks.checks.logs import KERNEL_LOG, kernel_lines, kernel_rows

CHECK = HostCheck(
    id="HW-09",
    title=Text(zh="机器检查异常", en="Machine checks"),
    chapter="hardware",
    command=KERNEL_LOG,
    parse=lambda output: kernel_lines(output, "mce"),
    judge=lambda answer, limits, known: kernel_rows(answer, limits["events"], "硬件错误报告", "hardware errors"),
    limits={"events": Limit(1, 1, "lines", "own judgement")},
    remedy=Text(zh="联系硬件厂商;查看 BMC 日志(HW-06b)", en="Call the vendor; see the BMC's log (HW-06b)"),
    source="Linux Documentation/arch/x86/x86_64/machinecheck.rst",
)
