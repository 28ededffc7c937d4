"""H-AUD-02k Refused accesses are recorded (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.auditing import OF_AUDIT, calls, records
from tasks.controls.kinds import HostControl

CONTROL = HostControl(
    id="H-AUD-02k",
    **OF_AUDIT,
    title=Text(zh="记录被拒绝的访问", en="Refused accesses are recorded"),
    severity="medium",
    judge=records(r"exit=-EACCES", r"exit=-EPERM"),
    mend=calls("open,openat,creat,truncate,ftruncate -F exit=-EACCES", "open,openat,creat,truncate,ftruncate -F exit=-EPERM"),
    remedy=Text(zh="/etc/audit/rules.d 中加入:-a always,exit -F arch=b64 -S open,openat,creat,truncate -F exit=-EACCES -F auid>=1000 -F auid!=-1 -F "
                   "key=access;-a always,exit -F arch=b64 -S open,openat,creat,truncate -F exit=-EPERM -F auid>=1000 -F auid!=-1 -F key=access",
                en="in /etc/audit/rules.d: -a always,exit -F arch=b64 -S open,openat,creat,truncate -F exit=-EACCES -F auid>=1000 -F auid!=-1 -F "
                   "key=access; -a always,exit -F arch=b64 -S open,openat,creat,truncate -F exit=-EPERM -F auid>=1000 -F auid!=-1 -F key=access"),
    clause="1.4.3 a",
    level=3,
    rule="audit_rules_unsuccessful_file_modification_open", cis="6.2.3.7",
)
