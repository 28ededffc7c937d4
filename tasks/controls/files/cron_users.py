"""H-SVC-04c Only named accounts use cron (R008 安全加固)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import Known, Row
from tasks.controls.files import OF_FILES, File, listed
from tasks.controls.kinds import Bounds, HostControl, failed, not_applicable, so


def judge(found: list[File], bounds: Bounds, known: Known) -> Iterator[Row]:
    there = {file.path: file for file in found}
    crontab = there.get("/etc/crontab")
    allow = there.get("/etc/cron.allow")
    if allow is not None:
        yield so(allow.mode & ~0o640 == 0 and allow.owner == "root", "/etc/cron.allow", f"{allow.mode:o} {allow.owner}:{allow.group}", "640 root:root")
    elif crontab is None:
        yield not_applicable("不适用:没有安装 cron", "not applicable: cron is not installed")
    else:
        yield failed("没有 /etc/cron.allow", "there is no /etc/cron.allow")


CONTROL = HostControl(
    id="H-SVC-04c",
    **OF_FILES,
    title=Text(zh="限定可使用 cron 的账户", en="Only named accounts use cron"),
    severity="medium",
    judge=judge,
    mend=listed("/etc/cron.allow", "crontab", "/var/spool/cron/crontabs/*"),
    remedy=Text(zh="把现有使用者写入 /etc/cron.allow,chmod 640", en="list those who have jobs in /etc/cron.allow, chmod 640"),
    clause="1.4.2 a",
    rule="file_cron_allow_exists", cis="2.4.1.2",
    breaks=Text(zh="未列入的账户不能再修改自己的任务", en="accounts that are not listed can no longer change their jobs"),
)
