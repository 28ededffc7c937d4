"""PG-02 How many of the connections are taken (R139 系统资源的使用状况)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reports.records import Text
from tasks.checks.kinds import DatabaseCheck, Known, Limit, Limits, Row, Unreadable
from tasks.checks.tables import SEES_STATISTICS, count, one


def parse(rows: list[dict[str, Any]]) -> tuple[int, int]:
    """Connections taken, and how many there are for ordinary roles."""
    row = one(rows)
    taken, most = count(row, "taken"), count(row, "most")
    if most <= 0:
        raise Unreadable(f"max_connections would be {most}", f"max_connections 为 {most},不合理")
    return taken, most


def judge(figures: tuple[int, int], limits: Limits, known: Known) -> Iterator[Row]:
    taken, most = figures
    share = 100 * taken / most
    yield Row(limits["taken"].grade(share), f"{most} 个连接已用 {taken} 个({share:.0f} %)", f"{taken} of {most} connections are taken ({share:.0f} %)",
              value=taken, unit="connections", capacity=most)


CHECK = DatabaseCheck(
    id="PG-02",
    title=Text(zh="连接数", en="Connections"),
    chapter="db resources",
    kinds=("postgresql",),
    # Without the right to see other sessions their type is null, and none would be counted.
    queries={(12, 0): f"""
        SELECT {SEES_STATISTICS} AS allowed, count(*) FILTER (WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()) AS taken,
               current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
               - coalesce(current_setting('reserved_connections', true)::int, 0) AS most
        FROM pg_stat_activity
    """},
    parse=parse,
    judge=judge,
    limits={"taken": Limit(80, 90, "%", "postgres_exporter mixin PostgreSQLTooManyConnections; check_postgres backends")},
    remedy=Text(zh="使用连接池(pgbouncer),查找不释放连接的应用", en="Put a pool (pgbouncer) before it; find the application that keeps its connections"),
    source="PostgreSQL manual, pg_stat_activity; reserved_connections since 16",
    needs="pg_monitor",
)
