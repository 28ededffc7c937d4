"""H-PWD-04c Warning before a password runs out (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.kinds import HostControl, at_least
from tasks.controls.passwords import OF_PASSWORDS, in_login_defs, new_account

CONTROL = HostControl(
    id="H-PWD-04c",
    **OF_PASSWORDS,
    title=Text(zh="口令到期前的提醒", en="Warning before a password runs out"),
    severity="medium",
    judge=new_account("PASS_WARN_AGE", "days", 0),
    mend=in_login_defs("PASS_WARN_AGE", "days"),
    bounds={"days": at_least(7, "days", "CIS Debian 12 5.4.1.3")},
    remedy=Text(zh="/etc/login.defs:PASS_WARN_AGE 7(只影响以后新建的账户)", en="/etc/login.defs: PASS_WARN_AGE 7 (for accounts made from now on)"),
    source="login.defs(5); useradd(8)",
    clause="1.4.1 a",
    rule="accounts_password_warn_age_login_defs", cis="5.4.1.3",
)
