"""H-SYS-05j The kernel's compiler of filters is hardened (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.kernel import OF_KERNEL, are, values, written
from tasks.controls.kinds import HostControl

WANTED = {"net.core.bpf_jit_harden": "2"}

CONTROL = HostControl(
    id="H-SYS-05j",
    **OF_KERNEL,
    title=Text(zh="加固内核 BPF 即时编译", en="The kernel's compiler of filters is hardened"),
    severity="medium",
    judge=are(WANTED),
    mend=values(WANTED),
    remedy=written(WANTED),
    clause="1.4.4 e",
    rule="sysctl_net_core_bpf_jit_harden",
    breaks=Text(zh="BPF 程序略慢", en="programs of BPF run a little slower"),
)
