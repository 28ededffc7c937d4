"""H-SYS-05d Processes do not trace each other at will (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.kernel import OF_KERNEL, are, values, written
from tasks.controls.kinds import HostControl

WANTED = {"kernel.yama.ptrace_scope": ("1", "2", "3")}

CONTROL = HostControl(
    id="H-SYS-05d",
    **OF_KERNEL,
    title=Text(zh="进程不能随意跟踪彼此", en="Processes do not trace each other at will"),
    severity="medium",
    judge=are(WANTED),
    mend=values(WANTED),
    remedy=written(WANTED),
    clause="1.4.4 a",
    rule="sysctl_kernel_yama_ptrace_scope", cis="1.5.2",
    breaks=Text(zh="调试器只能跟踪自己启动的进程", en="debuggers trace only what they started"),
)
