"""H-SSH-12b Modes of the host's private keys (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.files import OF_FILES, narrowed, no_wider
from tasks.controls.kinds import HostControl

CONTROL = HostControl(
    id="H-SSH-12b",
    **OF_FILES | {"family": "ssh"},
    title=Text(zh="主机私钥权限", en="Modes of the host's private keys"),
    severity="medium",
    judge=no_wider("/etc/ssh/ssh_host_*_key", most=0o640, groups=("root", "ssh_keys")),
    mend=narrowed(0o640, groups=("root", "ssh_keys")),
    remedy=Text(zh="chown root:root、chmod 600 该文件", en="chown root:root, chmod 600 on the file"),
    clause="1.4.8 b", clause_2="1.4.1 c",
    rule="file_permissions_sshd_private_key", cis="5.1.2",
)
