"""H-SSH-08 TCP ports are not forwarded (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.kinds import HostControl
from tasks.controls.ssh import OF_SSHD, one_of

CONTROL = HostControl(
    id="H-SSH-08",
    **OF_SSHD,
    title=Text(zh="不转发 TCP 端口", en="TCP ports are not forwarded"),
    severity="medium",
    judge=one_of("AllowTcpForwarding", "no"),
    remedy=Text(zh="AllowTcpForwarding no;经 SSH 隧道的数据库连接与跳板机用 Match 例外",
                en="AllowTcpForwarding no; a Match block for tunnels to databases and for jump hosts"),
    clause="1.4.4 c",
    level=3,
    rule="sshd_disable_tcp_forwarding", cis="5.1.8",
    risk="high",
    breaks=Text(zh="经此主机 SSH 隧道的数据库连接、跳板机(含我方数据库巡检)将中断",
                en="tunnels to databases and jump hosts through this host break, ours for inspecting databases among them"),
    cuts_off=True,
)
