"""H-AUD-02g Changes of modes and owners are recorded (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.auditing import OF_AUDIT, calls, records
from tasks.controls.kinds import HostControl

CONTROL = HostControl(
    id="H-AUD-02g",
    **OF_AUDIT,
    title=Text(zh="记录对权限的修改", en="Changes of modes and owners are recorded"),
    severity="medium",
    judge=records(r"\bf?chmod\b", r"\bf?chown\b", r"\bsetxattr\b"),
    mend=calls("chmod,fchmod,fchmodat", "chown,fchown,fchownat,lchown", "setxattr,lsetxattr,fsetxattr,removexattr,lremovexattr,fremovexattr"),
    remedy=Text(zh="/etc/audit/rules.d 中加入:-a always,exit -F arch=b64 -S chmod,fchmod,fchmodat,chown,fchown,setxattr -F auid>=1000 -F auid!=-1 -F "
                   "key=perm_mod",
                en="in /etc/audit/rules.d: -a always,exit -F arch=b64 -S chmod,fchmod,fchmodat,chown,fchown,setxattr -F auid>=1000 -F auid!=-1 -F "
                   "key=perm_mod"),
    clause="1.4.3 a",
    rule="audit_rules_dac_modification_chmod", cis="6.2.3.9",
)
