"""H-SUD-04b Mode of sudo's folder (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.files import OF_FILES, narrowed, no_wider
from tasks.controls.kinds import HostControl

CONTROL = HostControl(
    id="H-SUD-04b",
    **OF_FILES,
    title=Text(zh="sudoers.d 目录的权限", en="Mode of sudo's folder"),
    severity="low",
    judge=no_wider("/etc/sudoers.d", most=0o750),
    mend=narrowed(0o750),
    remedy=Text(zh="chmod 750 /etc/sudoers.d", en="chmod 750 /etc/sudoers.d"),
    clause="1.4.2 e", clause_2="1.4.2 a",
    rule="directory_permissions_etc_sudoersd",
)
