"""H-SYS-05g Files in folders of all are protected (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.kernel import OF_KERNEL, are, values, written
from tasks.controls.kinds import HostControl

WANTED = {"fs.protected_fifos": ("1", "2"), "fs.protected_regular": ("1", "2")}

CONTROL = HostControl(
    id="H-SYS-05g",
    **OF_KERNEL,
    title=Text(zh="公共目录中的文件受保护", en="Files in folders of all are protected"),
    severity="medium",
    judge=are(WANTED),
    mend=values(WANTED),
    remedy=written(WANTED),
    clause="1.4.4 a",
    rule="sysctl_fs_protected_regular",
)
