"""H-AUD-02l Every use of sudo is recorded (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.checks.kinds import Known, Row
from tasks.controls.auditing import OF_AUDIT, Audit, records
from tasks.controls.kinds import HostControl
from tasks.operations.audit_rules import record
from tasks.operations.mend import Mend

RULE = "-a always,exit -F path=/usr/bin/sudo -F perm=x -F auid>=1000 -F auid!=unset"


def mend(row: Row, found: Audit, known: Known) -> Mend:
    return record((RULE,))


CONTROL = HostControl(
    id="H-AUD-02l",
    **OF_AUDIT,
    title=Text(zh="记录 sudo 的使用", en="Every use of sudo is recorded"),
    severity="medium",
    judge=records(r"path=/usr/bin/sudo\b.*perm=x"),
    mend=mend,
    remedy=Text(zh=f"/etc/audit/rules.d 中加入:{RULE} -k standfast", en=f"in /etc/audit/rules.d: {RULE} -k standfast"),
    clause="1.4.3 a",
    rule="audit_rules_privileged_commands_sudo",
)
