"""H-PWD-04e Accounts end some time after their password (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.kinds import HostControl, at_most
from tasks.controls.passwords import OF_PASSWORDS, new_account

CONTROL = HostControl(
    id="H-PWD-04e",
    **OF_PASSWORDS,
    title=Text(zh="口令过期后停用账户", en="Accounts end some time after their password"),
    severity="medium",
    judge=new_account("INACTIVE", "days", -1),
    bounds={"days": at_most(45, "days", "CIS Debian 12 5.4.1.5", off=-1)},
    remedy=Text(zh="/etc/default/useradd:INACTIVE=30(只影响以后新建的账户)", en="/etc/default/useradd: INACTIVE=30 (for accounts made from now on)"),
    source="login.defs(5); useradd(8)",
    clause="1.4.2 c",
    rule="account_disable_post_pw_expiration", cis="5.4.1.5",
    breaks=Text(zh="长期不用的账户停用后无法登录(包括用密钥)", en="an account that is not used for long can no longer log in, by key either"),
)
