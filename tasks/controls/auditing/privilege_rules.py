"""H-AUD-02b Changes of sudo's rules are recorded (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.auditing import OF_AUDIT, watched, watches
from tasks.controls.kinds import HostControl

CONTROL = HostControl(
    id="H-AUD-02b",
    **OF_AUDIT,
    title=Text(zh="记录 sudo 规则的变更", en="Changes of sudo's rules are recorded"),
    severity="medium",
    judge=watched("/etc/sudoers", "/etc/sudoers.d"),
    mend=watches("/etc/sudoers", "/etc/sudoers.d"),
    remedy=Text(zh="/etc/audit/rules.d 中加入:-w /etc/sudoers -p wa -k standfast;-w /etc/sudoers.d -p wa -k standfast",
                en="in /etc/audit/rules.d: -w /etc/sudoers -p wa -k standfast; -w /etc/sudoers.d -p wa -k standfast"),
    clause="1.4.3 a",
    rule="audit_rules_sudoers",
)
