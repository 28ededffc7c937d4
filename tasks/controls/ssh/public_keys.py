"""H-SSH-12c Modes of the host's public keys (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.files import OF_FILES, narrowed, no_wider
from tasks.controls.kinds import HostControl

CONTROL = HostControl(
    id="H-SSH-12c",
    **OF_FILES | {"family": "ssh"},
    title=Text(zh="主机公钥权限", en="Modes of the host's public keys"),
    severity="medium",
    judge=no_wider("/etc/ssh/ssh_host_*_key.pub", most=0o644),
    mend=narrowed(0o644),
    remedy=Text(zh="chown root:root、chmod 644 该文件", en="chown root:root, chmod 644 on the file"),
    clause="1.4.2 e", clause_2="1.4.2 a",
    rule="file_permissions_sshd_pub_key", cis="5.1.3",
)
