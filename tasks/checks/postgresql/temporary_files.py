"""PG-22 What queries write to temporary files (R139 系统资源的使用状况)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reports.records import Text
from tasks.checks.kinds import DatabaseCheck, Known, Limit, Limits, Row, Unreadable
from tasks.checks.tables import count, figure, maybe, since, size, word


def parse(rows: list[dict[str, Any]]) -> list[tuple[str, int, float, float | None]]:
    """Database, files, bytes, seconds since the counters began."""
    if not rows:
        raise Unreadable("no database at all", "没有任何数据库")
    return [(word(row, "datname"), count(row, "files"), figure(row, "bytes"), maybe(row, "seconds")) for row in rows]


def judge(found: list[tuple[str, int, float, float | None]], limits: Limits, known: Known) -> Iterator[Row]:
    for name, files, written, seconds in found:
        new, days = since(name, written, known), known.days_since
        if new is None or not days or days < 1:
            new, days = written, (seconds or 0) / 86400
        rate = new / max(1, days)
        yield Row(limits["bytes"].grade(rate), f"{name} 每天写临时文件 {size(rate)}(共 {files} 个)",
                  f"{name} writes {size(rate)} to temporary files a day ({files} files in all)",
                  object=name, value=written, unit="bytes")


CHECK = DatabaseCheck(
    id="PG-22",
    title=Text(zh="临时文件", en="Temporary files"),
    chapter="db resources",
    kinds=("postgresql",),
    queries={(12, 0): """
        SELECT datname, temp_files AS files, temp_bytes AS bytes,
               extract(epoch FROM clock_timestamp() - coalesce(stats_reset, pg_postmaster_start_time())) AS seconds
        FROM pg_stat_database WHERE datname IS NOT NULL AND datname NOT IN ('template0', 'template1') ORDER BY datname
    """},
    parse=parse,
    judge=judge,
    limits={"bytes": Limit(10 << 30, None, "bytes", Text(zh="postgresqlguide 与 pgwatch:每天 10 GB", en="postgresqlguide and pgwatch: 10 GB a day"))},
    remedy=Text(zh="找出查询:ALTER SYSTEM SET log_temp_files = '10MB'; SELECT pg_reload_conf();为该角色调高:ALTER ROLE <角色> SET work_mem = '64MB';",
                en="Find the queries: ALTER SYSTEM SET log_temp_files = '10MB'; SELECT pg_reload_conf(); give that role more: ALTER ROLE <role> SET "
                   "work_mem = '64MB';"),
    source="PostgreSQL manual, pg_stat_database",
)
