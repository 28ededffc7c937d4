"""PG-29 Whether sessions over the network are encrypted (R135 数据库的运行状态; security)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reports.records import Text
from tasks.checks.kinds import DatabaseCheck, Known, Limits, Row, ok, warning
from tasks.checks.tables import SEES_STATISTICS, count, flag, one


def parse(rows: list[dict[str, Any]]) -> tuple[bool, int, int]:
    row = one(rows)
    return flag(row, "ssl"), count(row, "remote"), count(row, "plain")


def judge(answer: tuple[bool, int, int], limits: Limits, known: Known) -> Iterator[Row]:
    on, remote, plain = answer
    yield (ok if on else warning)("TLS 已启用" if on else "TLS 未启用;放好证书后执行:ALTER SYSTEM SET ssl = on; SELECT pg_reload_conf();",
                                  "TLS is on" if on else "TLS is off; with a certificate in place: ALTER SYSTEM SET ssl = on; SELECT pg_reload_conf();",
                                  object="ssl")
    yield (warning if plain else ok)(f"{remote} 个网络会话中 {plain} 个未加密", f"{plain} of {remote} sessions over the network are not encrypted",
                                     object="sessions", value=plain)


CHECK = DatabaseCheck(
    id="PG-29",
    title=Text(zh="网络会话加密", en="Encryption of sessions"),
    chapter="running",
    kinds=("postgresql",),
    queries={(12, 0): f"""
        SELECT current_setting('ssl') AS ssl, {SEES_STATISTICS} AS allowed, count(*) FILTER (WHERE far) AS remote, count(*) FILTER (WHERE far
            AND NOT s.ssl) AS plain
        FROM (SELECT pid, client_addr IS NOT NULL AND NOT client_addr <<= '127.0.0.0/8' AND client_addr <> '::1' AS far
              FROM pg_stat_activity WHERE backend_type IN ('client backend', 'walsender') AND pid <> pg_backend_pid()) a JOIN pg_stat_ssl s USING (pid)
    """},
    parse=parse,
    judge=judge,
    objects={"sessions": "会话"},
    remedy=Text(zh="启用 TLS,客户端改用 sslmode=require,再把 pg_hba.conf 的 host 改为 hostssl",
                en="Turn on TLS, let clients use sslmode=require, then make host rules of pg_hba.conf hostssl"),
    source="CIS PostgreSQL 6.8; PostgreSQL manual, pg_stat_ssl",
    needs="pg_monitor",
    clause="GB/T 22239-2019 8.1.4.1 c",
)
