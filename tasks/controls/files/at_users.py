"""H-SVC-04d Only named accounts use at (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.files import OF_FILES, listed, only_listed
from tasks.controls.kinds import HostControl

CONTROL = HostControl(
    id="H-SVC-04d",
    **OF_FILES,
    title=Text(zh="限定可使用 at 的账户", en="Only named accounts use at"),
    severity="medium",
    judge=only_listed("at", "/etc/at.deny", "/etc/at.allow"),
    mend=listed("/etc/at.allow", "daemon", "/var/spool/cron/atjobs/*"),
    remedy=Text(zh="把现有使用者写入 /etc/at.allow,chmod 640", en="list those who have jobs in /etc/at.allow, chmod 640"),
    clause="1.4.2 a",
    rule="file_at_allow_exists", cis="2.4.2.1",
    breaks=Text(zh="未列入的账户不能再修改自己的任务", en="accounts that are not listed can no longer change their jobs"),
)
