"""H-SYS-05b Only root reads the kernel's log (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.kernel import OF_KERNEL, are, values, written
from tasks.controls.kinds import HostControl

WANTED = {"kernel.dmesg_restrict": "1"}

CONTROL = HostControl(
    id="H-SYS-05b",
    **OF_KERNEL,
    title=Text(zh="普通用户不能读内核日志", en="Only root reads the kernel's log"),
    severity="low",
    judge=are(WANTED),
    mend=values(WANTED),
    remedy=written(WANTED),
    clause="1.4.4 a",
    rule="sysctl_kernel_dmesg_restrict",
    breaks=Text(zh="以普通账户读 dmesg 的监控会失败", en="monitoring that reads dmesg as an ordinary account fails"),
)
