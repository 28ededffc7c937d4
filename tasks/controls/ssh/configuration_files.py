"""H-SSH-12a Modes of sshd's configuration (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.files import OF_FILES, narrowed, no_wider
from tasks.controls.kinds import HostControl

CONTROL = HostControl(
    id="H-SSH-12a",
    **OF_FILES | {"family": "ssh"},
    title=Text(zh="sshd 配置文件权限", en="Modes of sshd's configuration"),
    severity="medium",
    judge=no_wider("/etc/ssh/sshd_config", "/etc/ssh/sshd_config.d/*", most=0o600),
    mend=narrowed(0o600),
    remedy=Text(zh="chown root:root、chmod 600 该文件", en="chown root:root, chmod 600 on the file"),
    clause="1.4.2 e", clause_2="1.4.2 a",
    rule="file_permissions_sshd_config", cis="5.1.1",
)
