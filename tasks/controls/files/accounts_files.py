"""H-FS-01a Modes of passwd and group (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.files import OF_FILES, narrowed, no_wider
from tasks.controls.kinds import HostControl

CONTROL = HostControl(
    id="H-FS-01a",
    **OF_FILES,
    title=Text(zh="passwd、group 的权限", en="Modes of passwd and group"),
    severity="medium",
    judge=no_wider("/etc/passwd", "/etc/group", most=0o644),
    mend=narrowed(0o644),
    remedy=Text(zh="chown、chmod 644", en="chown, chmod 644"),
    clause="1.4.2 e", clause_2="1.4.2 a",
    rule="file_permissions_etc_passwd", cis="7.1.1",
)
