"""H-MY-09 Applications' accounts rule nothing (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.kinds import DatabaseControl
from tasks.controls.mysql import accounts

MYSQL = (
    "user NOT IN ('root', 'mysql', 'mariadb.sys', 'mysql.sys', 'mysql.session', 'mysql.infoschema', 'debian-sys-maint', 'healthcheck') AND "
    "(super_priv = 'Y' OR file_priv = 'Y' OR grant_priv = 'Y' OR shutdown_priv = 'Y')"
)
MARIADB = "user NOT IN ('root', 'mysql', 'mariadb.sys', 'debian-sys-maint', 'healthcheck') AND (json_value(priv, '$.access') & 34432) > 0"


CONTROL = DatabaseControl(
    id="H-MY-09",
    **accounts(
        MYSQL, MARIADB, "{} 有 SUPER、FILE、SHUTDOWN 或 GRANT OPTION", "{} has SUPER, FILE, SHUTDOWN or GRANT OPTION",
        Text(zh="没有这样的账户", en="there is no such account")
    ),
    title=Text(zh="应用账户没有管理权限", en="Applications' accounts rule nothing"),
    severity="medium",
    remedy=Text(zh="保存 SHOW GRANTS 后 REVOKE", en="keep SHOW GRANTS, then REVOKE"),
    clause="1.4.2 d",
    risk="medium",
    breaks=Text(zh="依赖这些权限的应用功能会失败:先在副本上验证", en="what an application does by them fails: try it on a copy first"),
)
