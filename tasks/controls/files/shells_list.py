"""H-FS-01f Modes of /etc/shells (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.files import OF_FILES, narrowed, no_wider
from tasks.controls.kinds import HostControl

CONTROL = HostControl(
    id="H-FS-01f",
    **OF_FILES,
    title=Text(zh="/etc/shells 的权限", en="Modes of /etc/shells"),
    severity="medium",
    judge=no_wider("/etc/shells", most=0o644),
    mend=narrowed(0o644),
    remedy=Text(zh="chown、chmod 644", en="chown, chmod 644"),
    clause="1.4.2 e", clause_2="1.4.2 a",
    rule="file_permissions_etc_shells", cis="7.1.9",
)
