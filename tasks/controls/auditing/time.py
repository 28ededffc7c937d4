"""H-AUD-02e Changes of the time are recorded (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.auditing import OF_AUDIT, calls, records
from tasks.controls.kinds import HostControl

CONTROL = HostControl(
    id="H-AUD-02e",
    **OF_AUDIT,
    title=Text(zh="记录对时间的修改", en="Changes of the time are recorded"),
    severity="medium",
    judge=records(r"\badjtimex\b", r"\bclock_settime\b", r"-w /etc/localtime"),
    mend=calls("adjtimex,settimeofday,clock_settime", paths=("/etc/localtime",), people=False),
    remedy=Text(zh="/etc/audit/rules.d 中加入:-a always,exit -F arch=b64 -S adjtimex,settimeofday,clock_settime -F key=time;-w /etc/localtime -p wa -k time",
                en="in /etc/audit/rules.d: -a always,exit -F arch=b64 -S adjtimex,settimeofday,clock_settime -F key=time; -w /etc/localtime -p wa -k time"),
    clause="1.4.3 b",
    rule="audit_rules_time_adjtimex", cis="6.2.3.4",
)
