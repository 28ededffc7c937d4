"""H-SVC-01i No inetd or xinetd (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.kinds import HostControl
from tasks.controls.services import of_service

CONTROL = HostControl(
    id="H-SVC-01i",
    **of_service("xinetd.service", "inetd.service", "openbsd-inetd.service", "inetutils-inetd.service"),
    title=Text(zh="不运行 inetd、xinetd", en="No inetd or xinetd"),
    severity="medium",
    clause="1.4.4 b",
    rule="service_xinetd_disabled", cis="2.1.19",
    risk="medium",
    breaks=Text(zh="仍在使用它的客户端会中断", en="clients that still use it are cut off"),
)
