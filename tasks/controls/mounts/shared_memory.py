"""H-FS-04b How /dev/shm is mounted (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.kinds import HostControl
from tasks.controls.mounts import OF_MOUNTS, mounted

CONTROL = HostControl(
    id="H-FS-04b",
    **OF_MOUNTS,
    title=Text(zh="/dev/shm 的挂载选项", en="How /dev/shm is mounted"),
    severity="medium",
    judge=mounted("/dev/shm", "nodev", "nosuid", "noexec"),
    remedy=Text(zh="fstab 中 /dev/shm 加入 nodev,nosuid,noexec,findmnt --verify 后重新挂载",
                en="nodev,nosuid,noexec for /dev/shm in fstab; findmnt --verify, then remount"),
    clause="1.4.2 e", clause_2="1.4.2 a",
    rule="mount_option_dev_shm_noexec", cis="1.1.2.2.4",
    risk="medium",
    breaks=Text(zh="从共享内存执行代码的旧程序会失败", en="old programs that run code from shared memory fail"),
)
