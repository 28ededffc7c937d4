"""H-AUD-02h Mounts are recorded (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.auditing import OF_AUDIT, calls, records
from tasks.controls.kinds import HostControl

CONTROL = HostControl(
    id="H-AUD-02h",
    **OF_AUDIT,
    title=Text(zh="记录挂载", en="Mounts are recorded"),
    severity="medium",
    judge=records(r"-S \S*\bmount\b"),
    mend=calls("mount"),
    remedy=Text(zh="/etc/audit/rules.d 中加入:-a always,exit -F arch=b64 -S mount -F auid>=1000 -F auid!=-1 -F key=mounts",
                en="in /etc/audit/rules.d: -a always,exit -F arch=b64 -S mount -F auid>=1000 -F auid!=-1 -F key=mounts"),
    clause="1.4.3 a",
    rule="audit_rules_media_export", cis="6.2.3.10",
)
