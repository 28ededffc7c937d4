"""H-SYS-05l In folders that all may write nobody lays a file for others to write into (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.kernel import OF_KERNEL, are, values, written
from tasks.controls.kinds import HostControl

WANTED = {"fs.protected_fifos": "2", "fs.protected_regular": "2"}

CONTROL = HostControl(
    id="H-SYS-05l",
    **OF_KERNEL,
    title=Text(zh="公共目录中受保护的文件与管道", en="Files and pipes in folders that all may write are protected"),
    severity="medium",
    judge=are(WANTED),
    mend=values(WANTED),
    remedy=written(WANTED),
    clause="1.4.4 a",
    rule="sysctl_fs_protected_fifos",
)
