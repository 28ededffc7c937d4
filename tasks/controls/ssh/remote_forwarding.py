"""H-SSH-08b Ports are not opened for others from afar (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.kinds import HostControl
from tasks.controls.ssh import OF_SSHD, one_of, sets

CONTROL = HostControl(
    id="H-SSH-08b",
    **OF_SSHD,
    title=Text(zh="不为远方开放端口", en="Ports are not opened for others from afar"),
    severity="low",
    judge=one_of("AllowTcpForwarding", "no", "local"),
    mend=sets("AllowTcpForwarding", "local"),
    remedy=Text(zh="AllowTcpForwarding local", en="AllowTcpForwarding local"),
    clause="1.4.4 b",
    level=3,
    breaks=Text(zh="反向隧道(ssh -R)将中断;正向隧道照常", en="tunnels back (ssh -R) break; those forwards go on"),
    cuts_off=True,
)
