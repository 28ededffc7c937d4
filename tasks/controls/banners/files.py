"""H-BAN-01d Modes of the files shown at a log-in (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.files import OF_FILES, narrowed, no_wider
from tasks.controls.kinds import HostControl

CONTROL = HostControl(
    id="H-BAN-01d",
    **OF_FILES | {"family": "banners"},
    title=Text(zh="登录提示文件的权限", en="Modes of the files shown at a log-in"),
    severity="medium",
    judge=no_wider("/etc/issue", "/etc/issue.net", "/etc/motd", most=0o644),
    mend=narrowed(0o644),
    remedy=Text(zh="chmod 644、chown root:root", en="chmod 644, chown root:root"),
    clause="1.4.2 e", clause_2="1.4.2 a",
    rule="file_permissions_etc_issue", cis="1.6.5",
)
