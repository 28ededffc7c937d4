"""PG-09 Whether pages carry checksums, and whether any did not fit (R135 数据库的运行状态)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from reports.records import Text
from tasks.checks.kinds import DatabaseCheck, Known, Limits, Row, Unreadable, advice, critical, ok
from tasks.checks.tables import flag, maybe, word


def parse(rows: list[dict[str, Any]]) -> list[tuple[str, bool, int, float | None]]:
    """Database, whether there are checksums, failures, when the last one was."""
    if not rows:
        raise Unreadable("no database at all", "没有任何数据库")
    return [(word(row, "datname"), flag(row, "checksums"), int(maybe(row, "failures") or 0), maybe(row, "failed_at")) for row in rows]


def judge(found: list[tuple[str, bool, int, float | None]], limits: Limits, known: Known) -> Iterator[Row]:
    if not found[0][1]:
        yield advice("未启用数据校验和,磁盘损坏不会被发现(启用须停机)",
                     "data checksums are off, so damage on disk goes unnoticed (to turn them on, stop the server)",
                     "pg_checksums --enable -D <data_directory>")
        return
    for name, _, failures, failed_at in found:
        when = "" if failed_at is None else f" ({datetime.fromtimestamp(failed_at, UTC):%Y-%m-%d %H:%M} UTC)"
        yield (critical if failures else ok)(f"{name} 校验和错误 {failures} 次{when}", f"{name} had {failures} checksum failures{when}", object=name,
                                             value=failures)


CHECK = DatabaseCheck(
    id="PG-09",
    title=Text(zh="数据校验和", en="Data checksums"),
    chapter="running",
    kinds=("postgresql",),
    queries={(12, 0): """
        SELECT coalesce(datname, 'shared objects') AS datname, current_setting('data_checksums') AS checksums, checksum_failures AS failures,
               extract(epoch FROM checksum_last_failure) AS failed_at
        FROM pg_stat_database WHERE datname IS DISTINCT FROM 'template0' ORDER BY 1
    """},
    parse=parse,
    judge=judge,
    objects={"shared objects": "共享对象"},
    remedy=Text(zh="检查磁盘,从备份恢复受损的库;14 及以上用 pg_amcheck 查明范围",
                en="Look at the disks, restore what is damaged from backup; pg_amcheck (14 and later) shows how far it goes"),
    source="PostgreSQL manual, pg_checksums, pg_stat_database (12)",
)
