"""H-AUD-02a Changes of accounts and groups are recorded (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.auditing import OF_AUDIT, watched, watches
from tasks.controls.kinds import HostControl

CONTROL = HostControl(
    id="H-AUD-02a",
    **OF_AUDIT,
    title=Text(zh="记录账户与组的变更", en="Changes of accounts and groups are recorded"),
    severity="medium",
    judge=watched("/etc/passwd", "/etc/group", "/etc/shadow", "/etc/gshadow"),
    mend=watches("/etc/passwd", "/etc/group", "/etc/shadow", "/etc/gshadow"),
    remedy=Text(zh="/etc/audit/rules.d 中加入:-w /etc/passwd -p wa -k standfast;-w /etc/group -p wa -k standfast;-w /etc/shadow -p wa -k standfast;-w "
                   "/etc/gshadow -p wa -k standfast",
                en="in /etc/audit/rules.d: -w /etc/passwd -p wa -k standfast; -w /etc/group -p wa -k standfast; -w /etc/shadow -p wa -k standfast; -w "
                   "/etc/gshadow -p wa -k standfast"),
    clause="1.4.3 a",
    rule="audit_rules_usergroup_modification_passwd", cis="6.2.3.8",
)
