"""H-MY-02 No account is without a password (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.kinds import DatabaseControl
from tasks.controls.mysql import accounts

MYSQL = "authentication_string = '' AND plugin IN ('caching_sha2_password', 'mysql_native_password', 'sha256_password')"
MARIADB = (
    "coalesce(json_value(priv, '$.authentication_string'), '') = '' AND json_query(priv, '$.auth_or') IS NULL AND "
    "coalesce(json_value(priv, '$.plugin'), '') NOT IN ('unix_socket', 'gssapi', 'pam')"
)


CONTROL = DatabaseControl(
    id="H-MY-02",
    **accounts(MYSQL, MARIADB, "{} 没有口令", "{} has no password", Text(zh="每个账户都有口令", en="every account has a password")),
    title=Text(zh="没有空口令账户", en="No account is without a password"),
    severity="high",
    remedy=Text(zh="没有会话使用时 ALTER USER … ACCOUNT LOCK,再设口令", en="when no session uses it: ALTER USER ... ACCOUNT LOCK, then a password"),
    clause="1.4.1 a",
    risk="medium",
    breaks=Text(zh="以空口令连接的应用将无法登录", en="an application that connects without one no longer logs in"),
    cuts_off=True,
)
