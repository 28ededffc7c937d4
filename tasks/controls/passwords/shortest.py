"""H-PWD-04b Shortest time between two changes of a password (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.kinds import HostControl, at_least
from tasks.controls.passwords import OF_PASSWORDS, in_login_defs, new_account

CONTROL = HostControl(
    id="H-PWD-04b",
    **OF_PASSWORDS,
    title=Text(zh="两次改密的最短间隔", en="Shortest time between two changes of a password"),
    severity="medium",
    judge=new_account("PASS_MIN_DAYS", "days", 0),
    mend=in_login_defs("PASS_MIN_DAYS", "days"),
    bounds={"days": at_least(1, "days", "CIS Debian 12 5.4.1.2")},
    remedy=Text(zh="/etc/login.defs:PASS_MIN_DAYS 1(只影响以后新建的账户)", en="/etc/login.defs: PASS_MIN_DAYS 1 (for accounts made from now on)"),
    source="login.defs(5); useradd(8)",
    clause="1.4.1 a",
    rule="accounts_minimum_age_login_defs", cis="5.4.1.2",
)
