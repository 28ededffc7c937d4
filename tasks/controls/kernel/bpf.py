"""H-SYS-05h Only root uses BPF (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.kernel import OF_KERNEL, are, values, written
from tasks.controls.kinds import HostControl

WANTED = {"kernel.unprivileged_bpf_disabled": ("1", "2")}

CONTROL = HostControl(
    id="H-SYS-05h",
    **OF_KERNEL,
    title=Text(zh="普通用户不能使用 BPF", en="Only root uses BPF"),
    severity="medium",
    judge=are(WANTED),
    mend=values(WANTED),
    remedy=written(WANTED),
    clause="1.4.4 a",
    rule="sysctl_kernel_unprivileged_bpf_disabled",
)
