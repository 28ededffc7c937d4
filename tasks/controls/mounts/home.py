"""H-FS-04d How /home is mounted (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.kinds import HostControl
from tasks.controls.mounts import OF_MOUNTS, mounted

CONTROL = HostControl(
    id="H-FS-04d",
    **OF_MOUNTS,
    title=Text(zh="/home 的挂载选项", en="How /home is mounted"),
    severity="medium",
    judge=mounted("/home", "nodev", "nosuid", own=False),
    remedy=Text(zh="fstab 中 /home 加入 nodev,nosuid,findmnt --verify 后重新挂载", en="nodev,nosuid for /home in fstab; findmnt --verify, then remount"),
    clause="1.4.2 e", clause_2="1.4.2 a",
    rule="mount_option_home_nosuid", cis="1.1.2.3.3",
    risk="medium",
    breaks=Text(zh="改挂载会短暂影响使用它的程序", en="programs that use it notice the change"),
)
