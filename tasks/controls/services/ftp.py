"""H-SVC-01c No FTP server (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.kinds import HostControl
from tasks.controls.services import masked, of_service

CONTROL = HostControl(
    id="H-SVC-01c",
    **of_service("vsftpd.service", "proftpd.service", "pure-ftpd.service"),
    mend=masked("vsftpd.service", "proftpd.service", "pure-ftpd.service"),
    title=Text(zh="不提供 FTP", en="No FTP server"),
    severity="medium",
    clause="1.4.1 c",
    rule="service_vsftpd_disabled", cis="2.1.6",
    risk="medium",
    breaks=Text(zh="仍在使用它的客户端会中断", en="clients that still use it are cut off"),
)
