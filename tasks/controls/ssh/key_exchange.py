"""H-SSH-06b Key exchange of SSH (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.kinds import HostControl
from tasks.controls.ssh import OF_SSHD, offers_only, only

GOOD = ("sntrup761x25519-sha512", "sntrup761x25519-sha512@openssh.com", "mlkem768x25519-sha256", "curve25519-sha256", "curve25519-sha256@libssh.org",
        "diffie-hellman-group16-sha512", "diffie-hellman-group18-sha512", "diffie-hellman-group-exchange-sha256")


CONTROL = HostControl(
    id="H-SSH-06b",
    **OF_SSHD | {"source": "sshd_config(5); ssh-audit, policy for Debian 12"},
    title=Text(zh="SSH 密钥交换算法", en="Key exchange of SSH"),
    severity="medium",
    judge=only("KexAlgorithms", GOOD),
    mend=offers_only("KexAlgorithms", GOOD),
    remedy=Text(zh="KexAlgorithms 只保留 sntrup761x25519、curve25519 与 group16/18、group-exchange-sha256",
                en="KexAlgorithms: sntrup761x25519, curve25519, groups 16 and 18, group-exchange-sha256 only"),
    clause="1.4.1 c",
    rule="sshd_use_strong_kex", cis="5.1.12",
    risk="medium",
    breaks=Text(zh="旧客户端与网络设备可能无法连接", en="old clients and network gear may fail to connect"),
    cuts_off=True,
)
