"""H-AUD-02f Changes of the network's set-up are recorded (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.auditing import OF_AUDIT, calls, records
from tasks.controls.kinds import HostControl

CONTROL = HostControl(
    id="H-AUD-02f",
    **OF_AUDIT,
    title=Text(zh="记录对网络环境的修改", en="Changes of the network's set-up are recorded"),
    severity="medium",
    judge=records(r"\bsethostname\b", r"-w /etc/hosts"),
    mend=calls("sethostname,setdomainname", paths=("/etc/hosts",), people=False),
    remedy=Text(zh="/etc/audit/rules.d 中加入:-a always,exit -F arch=b64 -S sethostname,setdomainname -F key=network;-w /etc/hosts -p wa -k network",
                en="in /etc/audit/rules.d: -a always,exit -F arch=b64 -S sethostname,setdomainname -F key=network; -w /etc/hosts -p wa -k network"),
    clause="1.4.3 a",
    rule="audit_rules_networkconfig_modification", cis="6.2.3.5",
)
