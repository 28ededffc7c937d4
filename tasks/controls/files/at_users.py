"""H-SVC-04d Only named accounts use at (R008 安全加固)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import Known, Row
from tasks.controls.files import OF_FILES, File, listed
from tasks.controls.kinds import Bounds, HostControl, failed, not_applicable, so


def judge(found: list[File], bounds: Bounds, known: Known) -> Iterator[Row]:
    there = {file.path: file for file in found}
    tool = there.get("/etc/at.deny")
    allow = there.get("/etc/at.allow")
    if allow is not None:
        yield so(allow.mode & ~0o640 == 0 and allow.owner == "root", "/etc/at.allow", f"{allow.mode:o} {allow.owner}:{allow.group}", "640 root:root")
    elif tool is None:
        yield not_applicable("不适用:没有安装 at", "not applicable: at is not installed")
    else:
        yield failed("没有 /etc/at.allow", "there is no /etc/at.allow")


CONTROL = HostControl(
    id="H-SVC-04d",
    **OF_FILES,
    title=Text(zh="限定可使用 at 的账户", en="Only named accounts use at"),
    severity="medium",
    judge=judge,
    mend=listed("/etc/at.allow", "daemon", "/var/spool/cron/atjobs/*"),
    remedy=Text(zh="把现有使用者写入 /etc/at.allow,chmod 640", en="list those who have jobs in /etc/at.allow, chmod 640"),
    clause="1.4.2 a",
    rule="file_at_allow_exists", cis="2.4.2.1",
    breaks=Text(zh="未列入的账户不能再修改自己的任务", en="accounts that are not listed can no longer change their jobs"),
)
