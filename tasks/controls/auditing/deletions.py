"""H-AUD-02i Users' deletions are recorded (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.auditing import OF_AUDIT, calls, records
from tasks.controls.kinds import HostControl

CONTROL = HostControl(
    id="H-AUD-02i",
    **OF_AUDIT,
    title=Text(zh="记录用户删除文件", en="Users' deletions are recorded"),
    severity="medium",
    judge=records(r"\bunlink(at)?\b", r"\brename(at)?\b"),
    mend=calls("unlink,unlinkat,rename,renameat"),
    remedy=Text(zh="/etc/audit/rules.d 中加入:-a always,exit -F arch=b64 -S unlink,unlinkat,rename,renameat -F auid>=1000 -F auid!=-1 -F key=delete",
                en="in /etc/audit/rules.d: -a always,exit -F arch=b64 -S unlink,unlinkat,rename,renameat -F auid>=1000 -F auid!=-1 -F key=delete"),
    clause="1.4.3 a",
    level=3,
    rule="audit_rules_file_deletion_events_unlink", cis="6.2.3.13",
)
