"""PG-27 Rules that let people in without a password (R135 数据库的运行状态; security)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reports.records import Text
from tasks.checks.kinds import DatabaseCheck, Known, Limits, Row, critical, ok, warning
from tasks.checks.tables import count, findings, or_nothing, word


def parse(rows: list[dict[str, Any]]) -> tuple[list[str], list[dict[str, Any]]]:
    return findings(rows, "line_number")


def judge(answer: tuple[list[str], list[dict[str, Any]]], limits: Limits, known: Known) -> Iterator[Row]:
    clean, rules = answer
    for row in rules:
        line, method, error = count(row, "line_number"), word(row, "auth_method"), word(row, "error")
        place = f"pg_hba.conf:{line}"
        rule = f"{word(row, 'type')} {word(row, 'who')} {word(row, 'address')} {method}".strip()
        if error:
            yield critical(f"{place} 有错误:{error}", f"{place} holds a mistake: {error}", object=place)
        elif method == "trust" and word(row, "type") != "local" and word(row, "address") not in ("127.0.0.1", "::1"):
            yield critical(f"{place} 允许无密码的网络登录:{rule};改为 scram-sha-256",
                           f"{place} lets the network in without a password: {rule}; write scram-sha-256", object=place)
        else:
            yield warning(f"{place} 认证方式不安全:{rule};改为 scram-sha-256(本地用 peer)", f"{place} is weak: {rule}; write scram-sha-256 (peer for local)",
                          object=place)
    for _ in clean:
        yield ok("没有不安全的登录规则", "no rule is weak")


CHECK = DatabaseCheck(
    id="PG-27",
    title=Text(zh="登录规则 pg_hba.conf", en="Login rules, pg_hba.conf"),
    chapter="running",
    kinds=("postgresql",),
    queries={(12, 0): or_nothing("""
        SELECT line_number, type, array_to_string(user_name, ',') AS who, address, auth_method, error FROM pg_hba_file_rules
        WHERE auth_method IN ('trust', 'password', 'ident', 'md5') OR error IS NOT NULL ORDER BY line_number
    """)},
    parse=parse,
    judge=judge,
    remedy=Text(zh="先让应用能用 scram-sha-256 登录,再修改规则,SELECT pg_reload_conf();",
                en="First see that applications can log in by scram-sha-256, then change the rule; SELECT pg_reload_conf();"),
    source="CIS PostgreSQL 5; PostgreSQL manual, pg_hba_file_rules",
    needs=Text(zh="pg_hba_file_rules 的 SELECT 与 pg_hba_file_rules() 的 EXECUTE", en="SELECT on pg_hba_file_rules and EXECUTE on pg_hba_file_rules()"),
    clause="GB/T 22239-2019 8.1.4.1 a",
)
