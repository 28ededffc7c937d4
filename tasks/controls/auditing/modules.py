"""H-AUD-02j Loading of kernel modules is recorded (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.auditing import OF_AUDIT, calls, records
from tasks.controls.kinds import HostControl

CONTROL = HostControl(
    id="H-AUD-02j",
    **OF_AUDIT,
    title=Text(zh="记录内核模块的加载", en="Loading of kernel modules is recorded"),
    severity="medium",
    judge=records(r"\binit_module\b", r"\bdelete_module\b"),
    mend=calls("init_module,finit_module,delete_module", people=False),
    remedy=Text(zh="/etc/audit/rules.d 中加入:-a always,exit -F arch=b64 -S init_module,finit_module,delete_module -F key=modules",
                en="in /etc/audit/rules.d: -a always,exit -F arch=b64 -S init_module,finit_module,delete_module -F key=modules"),
    clause="1.4.3 a",
    rule="audit_rules_kernel_module_loading_init", cis="6.2.3.19",
)
