"""H-FS-04c How /var/tmp is mounted (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.kinds import HostControl
from tasks.controls.mounts import OF_MOUNTS, mounted

CONTROL = HostControl(
    id="H-FS-04c",
    **OF_MOUNTS,
    title=Text(zh="/var/tmp 的挂载选项", en="How /var/tmp is mounted"),
    severity="medium",
    judge=mounted("/var/tmp", "nodev", "nosuid", own=False),
    remedy=Text(zh="fstab 中 /var/tmp 加入 nodev,nosuid,findmnt --verify 后重新挂载",
                en="nodev,nosuid for /var/tmp in fstab; findmnt --verify, then remount"),
    clause="1.4.2 e", clause_2="1.4.2 a",
    rule="mount_option_var_tmp_nosuid", cis="1.1.2.5.3",
    risk="medium",
    breaks=Text(zh="改挂载会短暂影响使用它的程序", en="programs that use it notice the change"),
)
