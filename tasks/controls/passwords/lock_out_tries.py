"""H-PWD-02b Failed log-ins before the lock (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.kinds import HostControl, at_most
from tasks.controls.passwords import OF_PASSWORDS, in_faillock, option

CONTROL = HostControl(
    id="H-PWD-02b",
    **OF_PASSWORDS,
    title=Text(zh="锁定前的失败次数", en="Failed log-ins before the lock"),
    severity="medium",
    judge=option("pam_faillock", "faillock", "deny", "tries", 3),
    mend=in_faillock("deny", "tries"),
    bounds={"tries": at_most(5, "tries", "customary at assessments for GB/T 22239; CIS Debian 12: 4", off=0)},
    remedy=Text(zh="/etc/security/faillock.conf:deny = 5", en="/etc/security/faillock.conf: deny = 5"),
    source="faillock.conf(5)",
    clause="1.4.1 b",
    rule="accounts_passwords_pam_faillock_deny", cis="5.3.3.1.1",
    risk="medium",
    breaks=Text(zh="保存了错误口令的监控或应用会锁定其账户", en="monitoring or applications with a wrong stored password lock their accounts"),
    cuts_off=True,
)
