"""H-FS-01e Modes of the file of old passwords (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.files import OF_FILES, narrowed, no_wider
from tasks.controls.kinds import HostControl

CONTROL = HostControl(
    id="H-FS-01e",
    **OF_FILES,
    title=Text(zh="旧口令文件的权限", en="Modes of the file of old passwords"),
    severity="medium",
    judge=no_wider("/etc/security/opasswd*", most=0o600),
    mend=narrowed(0o600),
    remedy=Text(zh="chown、chmod 600", en="chown, chmod 600"),
    clause="1.4.2 e", clause_2="1.4.2 a",
    rule="file_etc_security_opasswd",
)
