"""H-SSH-17b No network tunnels (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.kinds import HostControl
from tasks.controls.ssh import OF_SSHD, one_of, sets

CONTROL = HostControl(
    id="H-SSH-17b",
    **OF_SSHD,
    title=Text(zh="不建立网络隧道", en="No network tunnels"),
    severity="low",
    judge=one_of("PermitTunnel", "no"),
    mend=sets("PermitTunnel", "no"),
    remedy=Text(zh="PermitTunnel no", en="PermitTunnel no"),
    clause="1.4.4 b",
    level=3,
    breaks=Text(zh="经 sshd 的虚拟网络(ssh -w)将中断", en="networks through sshd (ssh -w) break"),
    cuts_off=True,
)
