"""H-SVC-01b No rsh or rlogin server (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.kinds import HostControl
from tasks.controls.services import masked, of_service

CONTROL = HostControl(
    id="H-SVC-01b",
    **of_service("rsh.socket", "rlogin.socket", "rexec.socket"),
    mend=masked("rsh.socket", "rlogin.socket", "rexec.socket"),
    title=Text(zh="不提供 rsh、rlogin", en="No rsh or rlogin server"),
    severity="high",
    clause="1.4.1 c",
    rule="package_rsh-server_removed",
    risk="medium",
    breaks=Text(zh="仍在使用它的客户端会中断", en="clients that still use it are cut off"),
)
