"""H-SVC-01j No automounter (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.kinds import HostControl
from tasks.controls.services import of_service

CONTROL = HostControl(
    id="H-SVC-01j",
    **of_service("autofs.service"),
    title=Text(zh="不自动挂载", en="No automounter"),
    severity="medium",
    clause="1.4.4 a",
    rule="service_autofs_disabled", cis="2.1.1",
    risk="medium",
    breaks=Text(zh="仍在使用它的客户端会中断", en="clients that still use it are cut off"),
)
