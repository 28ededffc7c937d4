"""H-FS-01d Modes of the copies of account files (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.files import OF_FILES, narrowed, no_wider
from tasks.controls.kinds import HostControl

CONTROL = HostControl(
    id="H-FS-01d",
    **OF_FILES,
    title=Text(zh="账户文件备份的权限", en="Modes of the copies of account files"),
    severity="medium",
    judge=no_wider("/etc/shadow-", "/etc/gshadow-", most=0o640, groups=("shadow", "root")),
    mend=narrowed(0o640, groups=("shadow", "root")),
    remedy=Text(zh="chown、chmod 640", en="chown, chmod 640"),
    clause="1.4.2 e", clause_2="1.4.2 a",
    rule="file_permissions_backup_etc_shadow", cis="7.1.6",
)
