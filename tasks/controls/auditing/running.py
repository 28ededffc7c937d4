"""H-AUD-01 auditd runs (R008 安全加固)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import Known, Row
from tasks.controls.auditing import OF_AUDIT, Audit
from tasks.controls.kinds import Bounds, HostControl, failed, passed
from tasks.operations.audit_rules import PACKAGES
from tasks.operations.installed import install
from tasks.operations.mend import Mend


def judge(found: Audit, bounds: Bounds, known: Known) -> Iterator[Row]:
    if not found.here:
        yield failed("没有安装 auditd", "auditd is not installed")
    elif not found.active or not found.enabled or found.state == "0":
        yield failed("auditd 没有运行、没有开机启动或已关闭审计", "auditd does not run, is not enabled, or records nothing")
    else:
        yield passed("auditd 正在运行", "auditd runs")


def mend(row: Row, found: Audit, known: Known) -> Mend | Text:
    if found.here:
        return Text(zh="auditd 已安装但未运行或被关闭，须先查明原因", en="auditd is there and does not run, or was switched off: find out why first")
    return install(PACKAGES)


CONTROL = HostControl(
    id="H-AUD-01",
    **OF_AUDIT,
    title=Text(zh="auditd 正在运行", en="auditd runs"),
    severity="medium",
    judge=judge,
    mend=mend,
    remedy=Text(zh="apt-get install auditd;systemctl enable --now auditd", en="apt-get install auditd; systemctl enable --now auditd"),
    clause="1.4.3 a",
    rule="service_auditd_enabled", cis="6.2.1.2",
    risk="medium",
    breaks=Text(zh="繁忙的文件服务器上审计有开销", en="on busy file servers auditing costs time"),
)
