"""H-FS-01c Modes of gshadow (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.files import OF_FILES, narrowed, no_wider
from tasks.controls.kinds import HostControl

CONTROL = HostControl(
    id="H-FS-01c",
    **OF_FILES,
    title=Text(zh="gshadow 的权限", en="Modes of gshadow"),
    severity="medium",
    judge=no_wider("/etc/gshadow", most=0o640, groups=("shadow", "root")),
    mend=narrowed(0o640, groups=("shadow", "root")),
    remedy=Text(zh="chown、chmod 640", en="chown, chmod 640"),
    clause="1.4.2 e", clause_2="1.4.2 a",
    rule="file_permissions_etc_gshadow", cis="7.1.7",
)
