"""H-PWD-04a How long a new account's password lasts (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.kinds import HostControl, at_most
from tasks.controls.passwords import OF_PASSWORDS, in_login_defs, new_account

CONTROL = HostControl(
    id="H-PWD-04a",
    **OF_PASSWORDS,
    title=Text(zh="新账户口令的有效期", en="How long a new account's password lasts"),
    severity="medium",
    judge=new_account("PASS_MAX_DAYS", "days", 99999),
    mend=in_login_defs("PASS_MAX_DAYS", "days"),
    bounds={"days": at_most(90, "days", "customary at assessments for GB/T 22239; CIS Debian 12: 365")},
    remedy=Text(zh="/etc/login.defs:PASS_MAX_DAYS 90(只影响以后新建的账户)", en="/etc/login.defs: PASS_MAX_DAYS 90 (for accounts made from now on)"),
    source="login.defs(5); useradd(8)",
    clause="1.4.1 a",
    rule="accounts_maximum_age_login_defs", cis="5.4.1.1",
)
