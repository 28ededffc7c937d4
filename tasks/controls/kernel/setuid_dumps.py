"""H-SYS-05e Programs with setuid leave no core dump (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.kernel import OF_KERNEL, are, values, written
from tasks.controls.kinds import HostControl

WANTED = {"fs.suid_dumpable": "0"}

CONTROL = HostControl(
    id="H-SYS-05e",
    **OF_KERNEL,
    title=Text(zh="setuid 程序不产生核心转储", en="Programs with setuid leave no core dump"),
    severity="medium",
    judge=are(WANTED),
    mend=values(WANTED),
    remedy=written(WANTED),
    clause="1.4.4 a",
    rule="sysctl_fs_suid_dumpable", cis="1.5.3",
)
