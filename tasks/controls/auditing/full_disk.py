"""H-AUD-03b A full disk of the audit never stops the host (R008 安全加固)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import Known, Row
from tasks.controls.auditing import OF_AUDIT, Audit
from tasks.controls.kinds import Bounds, HostControl, failed, passed
from tasks.operations.audit_rules import configure
from tasks.operations.file_lines import setting
from tasks.operations.mend import Mend

# CIS 6.2.2.3 asks for halt or single; on a host that serves people that is an outage by a full disk, so here it is a fault.
STOPS = ("halt", "single")


def judge(found: Audit, bounds: Bounds, known: Known) -> Iterator[Row]:
    if not found.conf:
        yield failed("没有 auditd 的配置", "auditd has no configuration")
        return
    for name in ("disk_full_action", "disk_error_action", "admin_space_left_action", "space_left_action"):
        if found.conf.get(name, "").lower() in STOPS:
            yield failed(f"{name} = {found.conf[name]},磁盘满时会停机", f"{name} is {found.conf[name]}: a full disk stops the host", object=name)
    if not any(found.conf.get(name, "").lower() in STOPS for name in found.conf):
        yield passed("磁盘满时只告警", "a full disk is only told of")


def mend(row: Row, found: Audit, known: Known) -> Mend | Text:
    if not row.object:
        return Text(zh="安装 auditd 后再检查", en="check again when auditd is installed")
    return configure(setting(row.object, f"{row.object} = SYSLOG", f"{row.object} = {found.conf[row.object]}"))


CONTROL = HostControl(
    id="H-AUD-03b",
    **OF_AUDIT,
    title=Text(zh="审计磁盘满时主机不停机", en="A full disk of the audit never stops the host"),
    severity="medium",
    judge=judge,
    mend=mend,
    remedy=Text(zh="auditd.conf:disk_full_action = SYSLOG", en="auditd.conf: disk_full_action = SYSLOG"),
    clause="1.4.3 d",
    level=3,
)
