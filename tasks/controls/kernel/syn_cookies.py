"""H-SYS-03a Floods of SYN packets are withstood (SYN cookies) (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.kernel import OF_KERNEL, are, values, written
from tasks.controls.kinds import HostControl

WANTED = {"net.ipv4.tcp_syncookies": "1"}

CONTROL = HostControl(
    id="H-SYS-03a",
    **OF_KERNEL,
    title=Text(zh="防 SYN 洪水(SYN cookies)", en="Floods of SYN packets are withstood (SYN cookies)"),
    severity="medium",
    judge=are(WANTED),
    mend=values(WANTED),
    remedy=written(WANTED),
    clause="1.4.4 b",
    rule="sysctl_net_ipv4_tcp_syncookies", cis="3.3.10",
    cuts_off=True,
)
