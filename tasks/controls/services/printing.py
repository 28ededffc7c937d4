"""H-SVC-01g No printing service (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.kinds import HostControl
from tasks.controls.services import masked, of_service

CONTROL = HostControl(
    id="H-SVC-01g",
    **of_service("cups.service", "cups.socket", "cups-browsed.service"),
    mend=masked("cups.service", "cups.socket", "cups-browsed.service"),
    title=Text(zh="不运行打印服务", en="No printing service"),
    severity="medium",
    clause="1.4.4 b",
    rule="service_cups_disabled", cis="2.1.11",
    breaks=Text(zh="仍在使用它的客户端会中断", en="clients that still use it are cut off"),
)
