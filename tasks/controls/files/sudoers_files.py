"""H-SUD-04 Modes of sudo's files (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.files import OF_FILES, narrowed, no_wider
from tasks.controls.kinds import HostControl

CONTROL = HostControl(
    id="H-SUD-04",
    **OF_FILES,
    title=Text(zh="sudoers 文件的权限", en="Modes of sudo's files"),
    severity="medium",
    judge=no_wider("/etc/sudoers", "/etc/sudoers.d/*", most=0o440),
    mend=narrowed(0o440),
    remedy=Text(zh="chown、chmod 440", en="chown, chmod 440"),
    clause="1.4.2 e", clause_2="1.4.2 a",
    rule="file_permissions_etc_sudoers",
)
