"""H-SYS-05a Addresses are laid out at random (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.kernel import OF_KERNEL, are, values, written
from tasks.controls.kinds import HostControl

WANTED = {"kernel.randomize_va_space": "2"}

CONTROL = HostControl(
    id="H-SYS-05a",
    **OF_KERNEL,
    title=Text(zh="地址空间随机化", en="Addresses are laid out at random"),
    severity="medium",
    judge=are(WANTED),
    mend=values(WANTED),
    remedy=written(WANTED),
    clause="1.4.4 a",
    rule="sysctl_kernel_randomize_va_space", cis="1.5.1",
)
