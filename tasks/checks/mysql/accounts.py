"""MY-50 Accounts without a password, without a name, or mighty from anywhere (R135 数据库的运行状态; security)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reports.records import Text
from tasks.checks.kinds import DatabaseCheck, Known, Limits, Row, Unreadable, critical, ok, warning
from tasks.checks.tables import findings, or_nothing, quoted, word

_WORDS = {"empty": ("没有密码", "has no password"), "anonymous": ("是匿名账号", "has no name"),
          "mighty": ("可从任意地址登录且权限过大", "may do everything from anywhere")}


def parse(rows: list[dict[str, Any]]) -> tuple[list[str], list[dict[str, Any]]]:
    clean, told = findings(rows, "fault")
    for row in told:
        if row["fault"] not in _WORDS:
            raise Unreadable(f"the fault is {str(row['fault'])[:40]!r}", f"未知的问题种类 {str(row['fault'])[:40]!r}")
    return clean, told


def judge(answer: tuple[list[str], list[dict[str, Any]]], limits: Limits, known: Known) -> Iterator[Row]:
    clean, accounts = answer
    for row in accounts:
        who, fault = quoted(word(row, "who"), mark="'") + "@" + quoted(word(row, "place"), mark="'"), word(row, "fault")
        statement = {"empty": f"ALTER USER {who} ACCOUNT LOCK;", "anonymous": f"DROP USER {who};",
                     "mighty": f"REVOKE SUPER, FILE, GRANT OPTION ON *.* FROM {who};"}[fault]
        zh, en = _WORDS[fault]
        yield (warning if fault == "mighty" else critical)(f"{who} {zh};确认后执行:{statement}", f"{who} {en}; after asking: {statement}",
                                                           object=f"{who} {fault}")
    for _ in clean:
        yield ok("没有空密码、匿名或权限过大的远程账号", "no account lacks a password or a name, or may do everything from anywhere")


CHECK = DatabaseCheck(
    id="MY-50",
    title=Text(zh="账号", en="Accounts"),
    chapter="running",
    kinds=("mysql", "mariadb"),
    queries={(5, 7): or_nothing("""
        SELECT user AS who, host AS place, CASE WHEN user = '' THEN 'anonymous' WHEN super_priv = 'Y' AND host = '%' THEN 'mighty' ELSE 'empty' END AS fault
        FROM mysql.user WHERE account_locked = 'N' AND (user = '' OR super_priv = 'Y' AND host = '%' OR authentication_string = ''
             AND plugin IN ('caching_sha2_password', 'mysql_native_password', 'sha256_password')) ORDER BY 1, 2
    """)},
    # Roles have no password and need none; auth_or: another way to log in, unix_socket as a rule; mariadb.sys is locked.
    mariadb_queries={(10, 4): or_nothing("""
        SELECT user AS who, host AS place, CASE WHEN user = '' THEN 'anonymous' WHEN host = '%'
            AND (json_value(priv, '$.access') & 32768) > 0 THEN 'mighty' ELSE 'empty' END AS fault
        FROM mysql.global_priv WHERE coalesce(json_value(priv, '$.account_locked'), 0) <> 1 AND json_value(priv, '$.is_role') IS NULL AND (
            user = '' OR host = '%' AND (json_value(priv, '$.access') & 32768) > 0
            OR coalesce(json_value(priv, '$.authentication_string'), '') = '' AND json_query(priv, '$.auth_or') IS NULL
               AND coalesce(json_value(priv, '$.plugin'), '') NOT IN ('unix_socket', 'gssapi', 'pam')) ORDER BY 1, 2
    """)},
    parse=parse,
    judge=judge,
    objects={"empty": "空密码", "anonymous": "匿名", "mighty": "权限过大"},
    remedy=Text(zh="设密码、删除匿名账号、限制来源地址(语句在各行)",
                en="Give passwords, drop accounts without a name, narrow where they come from (statement in the row)"),
    source="dev-sec mysql-baseline mysql-db-03 to -08; MariaDB mysql.global_priv since 10.4",
    needs=Text(zh="mysql.user(MySQL)或 mysql.global_priv(MariaDB)的 SELECT", en="SELECT on mysql.user (MySQL) or mysql.global_priv (MariaDB)"),
    clause="GB/T 22239-2019 8.1.4.1 a",
)
