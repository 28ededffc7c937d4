"""H-AUD-02c Log-ins are recorded (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.auditing import OF_AUDIT, watched, watches
from tasks.controls.kinds import HostControl

CONTROL = HostControl(
    id="H-AUD-02c",
    **OF_AUDIT,
    title=Text(zh="记录登录事件", en="Log-ins are recorded"),
    severity="medium",
    judge=watched("/var/log/lastlog", "/var/run/faillock"),
    mend=watches("/var/log/lastlog", "/var/run/faillock"),
    remedy=Text(zh="/etc/audit/rules.d 中加入:-w /var/log/lastlog -p wa -k standfast;-w /var/run/faillock -p wa -k standfast",
                en="in /etc/audit/rules.d: -w /var/log/lastlog -p wa -k standfast; -w /var/run/faillock -p wa -k standfast"),
    clause="1.4.3 a",
    rule="audit_rules_login_events_lastlog", cis="6.2.3.12",
)
