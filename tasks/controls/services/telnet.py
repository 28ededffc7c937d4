"""H-SVC-01a No telnet server (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.kinds import HostControl
from tasks.controls.services import masked, of_service

CONTROL = HostControl(
    id="H-SVC-01a",
    **of_service("telnet.socket", "telnetd.service", "inetutils-telnetd.service"),
    mend=masked("telnet.socket", "telnetd.service", "inetutils-telnetd.service"),
    title=Text(zh="不提供 telnet", en="No telnet server"),
    severity="high",
    clause="1.4.1 c",
    rule="package_telnetd_removed",
    risk="medium",
    breaks=Text(zh="仍在使用它的客户端会中断", en="clients that still use it are cut off"),
)
