"""H-PWD-02a Accounts are locked after failed log-ins (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.checks.kinds import Known, Row
from tasks.controls.kinds import HostControl
from tasks.controls.passwords import OF_PASSWORDS, Passwords, faillock, in_use
from tasks.operations.file_lines import setting
from tasks.operations.mend import Mend


def mend(row: Row, found: Passwords, known: Known) -> Mend | Text:
    """With the module's own default for the interval, as it stands in the file."""
    interval = found.conf.get(("faillock", "fail_interval"), "900")
    return faillock(found, setting("fail_interval", f"fail_interval = {interval}"))


CONTROL = HostControl(
    id="H-PWD-02a",
    **OF_PASSWORDS,
    title=Text(zh="多次失败后锁定账户", en="Accounts are locked after failed log-ins"),
    severity="medium",
    judge=in_use("pam_faillock", "auth", "account"),
    mend=mend,
    remedy=Text(zh="以 pam-auth-update 启用 pam_faillock(preauth、authfail 与 account)",
                en="turn on pam_faillock by pam-auth-update: preauth, authfail and account"),
    source="pam_faillock(8)",
    clause="1.4.1 b",
    rule="accounts_passwords_pam_faillock_enabled", cis="5.3.2.2",
    risk="high",
    breaks=Text(zh="保存了错误口令的监控或应用会立即锁定其账户", en="monitoring or applications with a wrong stored password lock their accounts at once"),
    cuts_off=True,
)
