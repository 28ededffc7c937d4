"""H-PWD-02d How long failed log-ins are counted (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.kinds import HostControl, at_least
from tasks.controls.passwords import OF_PASSWORDS, in_faillock, option

CONTROL = HostControl(
    id="H-PWD-02d",
    **OF_PASSWORDS,
    title=Text(zh="失败次数的统计时段", en="How long failed log-ins are counted"),
    severity="medium",
    judge=option("pam_faillock", "faillock", "fail_interval", "interval", 900),
    mend=in_faillock("fail_interval", "interval"),
    bounds={"interval": at_least(900, "s", "pam_faillock(8)")},
    remedy=Text(zh="/etc/security/faillock.conf:fail_interval = 900", en="/etc/security/faillock.conf: fail_interval = 900"),
    source="faillock.conf(5)",
    clause="1.4.1 b",
    rule="accounts_passwords_pam_faillock_interval",
    risk="medium",
    breaks=Text(zh="保存了错误口令的监控或应用会锁定其账户", en="monitoring or applications with a wrong stored password lock their accounts"),
    cuts_off=True,
)
