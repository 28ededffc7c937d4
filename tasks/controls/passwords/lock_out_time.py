"""H-PWD-02c How long the lock holds (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.kinds import HostControl, at_least
from tasks.controls.passwords import OF_PASSWORDS, in_faillock, option

CONTROL = HostControl(
    id="H-PWD-02c",
    **OF_PASSWORDS,
    title=Text(zh="锁定时长", en="How long the lock holds"),
    severity="medium",
    judge=option("pam_faillock", "faillock", "unlock_time", "time", 600),
    mend=in_faillock("unlock_time", "time"),
    bounds={"time": at_least(600, "s", "customary at assessments for GB/T 22239; CIS Debian 12: 900", level_3=900)},
    remedy=Text(zh="/etc/security/faillock.conf:unlock_time = 900", en="/etc/security/faillock.conf: unlock_time = 900"),
    source="faillock.conf(5)",
    clause="1.4.1 b",
    rule="accounts_passwords_pam_faillock_unlock_time", cis="5.3.3.1.2",
    risk="medium",
    breaks=Text(zh="保存了错误口令的监控或应用会锁定其账户", en="monitoring or applications with a wrong stored password lock their accounts"),
    cuts_off=True,
)
