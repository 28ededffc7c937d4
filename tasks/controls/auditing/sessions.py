"""H-AUD-02d Sessions are recorded (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.auditing import OF_AUDIT, watched, watches
from tasks.controls.kinds import HostControl

CONTROL = HostControl(
    id="H-AUD-02d",
    **OF_AUDIT,
    title=Text(zh="记录会话", en="Sessions are recorded"),
    severity="medium",
    judge=watched("/var/run/utmp", "/var/log/wtmp", "/var/log/btmp"),
    mend=watches("/var/run/utmp", "/var/log/wtmp", "/var/log/btmp"),
    remedy=Text(zh="/etc/audit/rules.d 中加入:-w /var/run/utmp -p wa -k standfast;-w /var/log/wtmp -p wa -k standfast;-w /var/log/btmp -p wa -k standfast",
                en="in /etc/audit/rules.d: -w /var/run/utmp -p wa -k standfast; -w /var/log/wtmp -p wa -k standfast; -w /var/log/btmp -p wa -k standfast"),
    clause="1.4.3 a",
    rule="audit_rules_session_events", cis="6.2.3.11",
)
