"""H-SVC-04c Only named accounts use cron (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.files import OF_FILES, listed, only_listed
from tasks.controls.kinds import HostControl

CONTROL = HostControl(
    id="H-SVC-04c",
    **OF_FILES,
    title=Text(zh="限定可使用 cron 的账户", en="Only named accounts use cron"),
    severity="medium",
    judge=only_listed("cron", "/etc/crontab", "/etc/cron.allow"),
    mend=listed("/etc/cron.allow", "crontab", "/var/spool/cron/crontabs/*"),
    remedy=Text(zh="把现有使用者写入 /etc/cron.allow,chmod 640", en="list those who have jobs in /etc/cron.allow, chmod 640"),
    clause="1.4.2 a",
    rule="file_cron_allow_exists", cis="2.4.1.2",
    breaks=Text(zh="未列入的账户不能再修改自己的任务", en="accounts that are not listed can no longer change their jobs"),
)
