"""H-MY-01a No account is without a name (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.kinds import DatabaseControl
from tasks.controls.mysql import accounts

MYSQL = "user = ''"
MARIADB = "user = ''"


CONTROL = DatabaseControl(
    id="H-MY-01a",
    **accounts(MYSQL, MARIADB, "{} 是匿名账户", "{} has no name", Text(zh="没有匿名账户", en="no account is without a name")),
    title=Text(zh="没有匿名账户", en="No account is without a name"),
    severity="high",
    remedy=Text(zh="保存 SHOW CREATE USER 与 SHOW GRANTS 后 DROP USER", en="keep SHOW CREATE USER and SHOW GRANTS, then DROP USER"),
    clause="1.4.2 b",
    breaks=Text(zh="不写账户名的脚本将无法登录", en="scripts that name no account no longer log in"),
    cuts_off=True,
)
