"""H-SVC-01d No TFTP server (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.kinds import HostControl
from tasks.controls.services import masked, of_service

CONTROL = HostControl(
    id="H-SVC-01d",
    **of_service("tftpd-hpa.service", "tftp.socket", "tftp.service", "atftpd.service"),
    mend=masked("tftpd-hpa.service", "tftp.socket", "tftp.service", "atftpd.service"),
    title=Text(zh="不提供 TFTP", en="No TFTP server"),
    severity="high",
    clause="1.4.4 b",
    rule="service_tftp_disabled", cis="2.1.16",
    risk="medium",
    breaks=Text(zh="网络启动与设备升级若由它提供会中断", en="network boot and updates of devices that use it break"),
)
