"""H-SYS-05f Links are protected (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.kernel import OF_KERNEL, are, values, written
from tasks.controls.kinds import HostControl

WANTED = {"fs.protected_hardlinks": "1", "fs.protected_symlinks": "1"}

CONTROL = HostControl(
    id="H-SYS-05f",
    **OF_KERNEL,
    title=Text(zh="受保护的链接", en="Links are protected"),
    severity="medium",
    judge=are(WANTED),
    mend=values(WANTED),
    remedy=written(WANTED),
    clause="1.4.4 a",
    rule="sysctl_fs_protected_symlinks",
)
