"""H-SYS-05c Addresses of the kernel are hidden (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.kernel import OF_KERNEL, are, values, written
from tasks.controls.kinds import HostControl

WANTED = {"kernel.kptr_restrict": ("1", "2")}

CONTROL = HostControl(
    id="H-SYS-05c",
    **OF_KERNEL,
    title=Text(zh="隐藏内核地址", en="Addresses of the kernel are hidden"),
    severity="medium",
    judge=are(WANTED),
    mend=values(WANTED),
    remedy=written(WANTED),
    clause="1.4.4 a",
    rule="sysctl_kernel_kptr_restrict",
)
