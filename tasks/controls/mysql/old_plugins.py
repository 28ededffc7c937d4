"""H-MY-02b No account has an old kind of password (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.kinds import DatabaseControl
from tasks.controls.mysql import accounts

MYSQL = "plugin = 'mysql_native_password'"
MARIADB = (
    "json_value(priv, '$.plugin') IN ('mysql_native_password', 'mysql_old_password') AND "
    "coalesce(json_value(priv, '$.authentication_string'), 'invalid') NOT IN ('', 'invalid') AND json_query(priv, '$.auth_or') IS NULL"
)


CONTROL = DatabaseControl(
    id="H-MY-02b",
    **accounts(
        MYSQL, MARIADB, "{} 使用旧的口令算法(mysql_native_password)", "{} has an old kind of password (mysql_native_password)",
        Text(zh="没有这样的账户", en="there is no such account")
    ),
    title=Text(zh="不使用旧的口令算法", en="No account has an old kind of password"),
    severity="low",
    remedy=Text(zh="ALTER USER … IDENTIFIED VIA ed25519(MariaDB)或 WITH caching_sha2_password(MySQL)",
                en="ALTER USER ... IDENTIFIED VIA ed25519 (MariaDB), WITH caching_sha2_password (MySQL)"),
    clause="1.4.8 b",
    level=3,
    risk="medium",
    breaks=Text(zh="驱动不支持新算法的应用将无法登录", en="applications whose driver does not know it no longer log in"),
    cuts_off=True,
)
