"""H-SSH-06a Ciphers of SSH (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.kinds import HostControl
from tasks.controls.ssh import OF_SSHD, offers_only, only

GOOD = ("chacha20-poly1305@openssh.com", "aes256-gcm@openssh.com", "aes256-ctr", "aes192-ctr", "aes128-gcm@openssh.com", "aes128-ctr")


CONTROL = HostControl(
    id="H-SSH-06a",
    **OF_SSHD | {"source": "sshd_config(5); ssh-audit, policy for Debian 12"},
    title=Text(zh="SSH 加密算法", en="Ciphers of SSH"),
    severity="medium",
    judge=only("Ciphers", GOOD),
    mend=offers_only("Ciphers", GOOD),
    remedy=Text(zh="Ciphers 只保留 chacha20-poly1305、aes-gcm、aes-ctr", en="Ciphers: chacha20-poly1305, aes-gcm and aes-ctr only"),
    clause="1.4.1 c",
    rule="sshd_use_strong_ciphers", cis="5.1.6",
    risk="medium",
    breaks=Text(zh="旧客户端与网络设备可能无法连接", en="old clients and network gear may fail to connect"),
    cuts_off=True,
)
