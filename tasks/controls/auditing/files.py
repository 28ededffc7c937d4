"""H-AUD-05 Modes of the audit's log and configuration (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.files import OF_FILES, narrowed, no_wider
from tasks.controls.kinds import HostControl

CONTROL = HostControl(
    id="H-AUD-05",
    **OF_FILES | {"family": "auditing"},
    title=Text(zh="审计日志与配置的权限", en="Modes of the audit's log and configuration"),
    severity="medium",
    judge=no_wider("/var/log/audit/*", "/etc/audit/*", most=0o750, groups=("root", "adm"), missing_zh="没有安装 auditd", missing="auditd is not installed"),
    mend=narrowed(0o750, groups=("root", "adm")),
    remedy=Text(zh="chmod 640、chown root", en="chmod 640, chown root"),
    clause="1.4.3 c",
    rule="file_permissions_var_log_audit", cis="6.2.4.1",
)
