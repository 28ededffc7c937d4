"""H-SYS-07 The keyboard gives the kernel no orders (SysRq) (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.kernel import OF_KERNEL, are, values, written
from tasks.controls.kinds import HostControl

WANTED = {"kernel.sysrq": "0"}

CONTROL = HostControl(
    id="H-SYS-07",
    **OF_KERNEL,
    title=Text(zh="禁用 SysRq 组合键", en="The keyboard gives the kernel no orders (SysRq)"),
    severity="medium",
    judge=are(WANTED),
    mend=values(WANTED),
    remedy=written(WANTED),
    clause="1.4.4 b",
    level=3,
    rule="sysctl_kernel_sysrq",
    breaks=Text(zh="主机僵死时不能再用 SysRq 同步磁盘与重启", en="a host that hangs can no longer be synced and restarted by SysRq"),
)
