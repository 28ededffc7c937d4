"""H-FS-01b Modes of shadow (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.files import OF_FILES, narrowed, no_wider
from tasks.controls.kinds import HostControl

CONTROL = HostControl(
    id="H-FS-01b",
    **OF_FILES,
    title=Text(zh="shadow 的权限", en="Modes of shadow"),
    severity="medium",
    judge=no_wider("/etc/shadow", most=0o640, groups=("shadow", "root")),
    mend=narrowed(0o640, groups=("shadow", "root")),
    remedy=Text(zh="chown、chmod 640", en="chown, chmod 640"),
    clause="1.4.2 e", clause_2="1.4.2 a",
    rule="file_permissions_etc_shadow", cis="7.1.5",
)
