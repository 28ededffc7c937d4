"""H-SYS-03b Pings to everybody are not answered (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.kernel import OF_KERNEL, are, values, written
from tasks.controls.kinds import HostControl

WANTED = {"net.ipv4.icmp_echo_ignore_broadcasts": "1"}

CONTROL = HostControl(
    id="H-SYS-03b",
    **OF_KERNEL,
    title=Text(zh="不回应广播 ping", en="Pings to everybody are not answered"),
    severity="medium",
    judge=are(WANTED),
    mend=values(WANTED),
    remedy=written(WANTED),
    clause="1.4.4 b",
    rule="sysctl_net_ipv4_icmp_echo_ignore_broadcasts", cis="3.3.4",
    cuts_off=True,
)
