"""H-SVC-01f No Avahi (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.kinds import HostControl
from tasks.controls.services import masked, of_service

CONTROL = HostControl(
    id="H-SVC-01f",
    **of_service("avahi-daemon.service", "avahi-daemon.socket"),
    mend=masked("avahi-daemon.service", "avahi-daemon.socket"),
    title=Text(zh="不运行 Avahi", en="No Avahi"),
    severity="medium",
    clause="1.4.4 b",
    rule="service_avahi-daemon_disabled", cis="2.1.2",
    breaks=Text(zh="仍在使用它的客户端会中断", en="clients that still use it are cut off"),
)
