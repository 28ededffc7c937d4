"""H-SVC-04b Modes of cron's files and folders (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.files import OF_FILES, narrowed, no_wider
from tasks.controls.kinds import HostControl

CONTROL = HostControl(
    id="H-SVC-04b",
    **OF_FILES,
    title=Text(zh="cron 文件与目录的权限", en="Modes of cron's files and folders"),
    severity="medium",
    judge=no_wider("/etc/crontab", "/etc/cron.hourly", "/etc/cron.daily", "/etc/cron.weekly", "/etc/cron.monthly", "/etc/cron.d", most=0o700),
    mend=narrowed(0o700),
    remedy=Text(zh="chmod 600 crontab,chmod 700 各目录", en="chmod 600 crontab, chmod 700 the folders"),
    clause="1.4.2 e", clause_2="1.4.2 a",
    rule="file_permissions_crontab", cis="2.4.1.2",
)
