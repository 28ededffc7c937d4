"""H-SYS-03e Strangers do not end a connection's last wait early (RFC 1337) (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.kernel import OF_KERNEL, are, values, written
from tasks.controls.kinds import HostControl

WANTED = {"net.ipv4.tcp_rfc1337": "1"}

CONTROL = HostControl(
    id="H-SYS-03e",
    **OF_KERNEL,
    title=Text(zh="防 TIME-WAIT 被提前终止(RFC 1337)", en="Strangers do not end a connection's last wait early (RFC 1337)"),
    severity="medium",
    judge=are(WANTED),
    mend=values(WANTED),
    remedy=written(WANTED),
    clause="1.4.4 b",
    rule="sysctl_net_ipv4_tcp_rfc1337",
    cuts_off=True,
)
