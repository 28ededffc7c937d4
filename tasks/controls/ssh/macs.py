"""H-SSH-06c Message authentication of SSH (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.kinds import HostControl
from tasks.controls.ssh import OF_SSHD, offers_only, only

GOOD = ("hmac-sha2-256-etm@openssh.com", "hmac-sha2-512-etm@openssh.com", "umac-128-etm@openssh.com")


CONTROL = HostControl(
    id="H-SSH-06c",
    **OF_SSHD | {"source": "sshd_config(5); ssh-audit, policy for Debian 12"},
    title=Text(zh="SSH 消息校验算法", en="Message authentication of SSH"),
    severity="medium",
    judge=only("MACs", GOOD),
    mend=offers_only("MACs", GOOD),
    remedy=Text(zh="MACs 只保留 hmac-sha2-*-etm 与 umac-128-etm", en="MACs: hmac-sha2-*-etm and umac-128-etm only"),
    clause="1.4.8 a",
    level=3,
    rule="sshd_use_strong_macs", cis="5.1.15",
    risk="medium",
    breaks=Text(zh="旧客户端与网络设备可能无法连接", en="old clients and network gear may fail to connect"),
    cuts_off=True,
)
