"""H-SVC-01e No NIS (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.kinds import HostControl
from tasks.controls.services import of_service

CONTROL = HostControl(
    id="H-SVC-01e",
    **of_service("ypserv.service", "ypbind.service", "nis.service"),
    title=Text(zh="不使用 NIS", en="No NIS"),
    severity="medium",
    clause="1.4.1 a",
    rule="service_ypserv_disabled", cis="2.1.10",
    risk="medium",
    breaks=Text(zh="仍在使用它的客户端会中断", en="clients that still use it are cut off"),
)
