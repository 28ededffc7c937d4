"""PG-35 Indexes that nobody reads (R142 对表和索引进行分析)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reports.records import Text
from tasks.checks.kinds import DatabaseCheck, Known, Limit, Limits, Row, ok, unknown, warning
from tasks.checks.tables import dotted, figure, findings, quoted, size, word


def parse(rows: list[dict[str, Any]]) -> tuple[list[str], list[dict[str, Any]]]:
    return findings(rows, "days")


def judge(answer: tuple[list[str], list[dict[str, Any]]], limits: Limits, known: Known) -> Iterator[Row]:
    _, rows = answer
    for row in rows:
        database, days = word(row, "database"), figure(row, "days")
        if row["name"] is None:
            yield ok(f"{database} 没有超过 10 MiB 而未被使用的索引", f"{database}: every index of more than 10 MiB is read", object=database)
        elif days < limits["days"].warning:
            yield unknown(f"{database} 的统计只有 {days:.0f} 天,不足以判断索引是否有用",
                          f"{database}: its statistics are {days:.0f} days old, too young to call an index unused", object=database)
        else:
            name = dotted(row, "database", "schema", "name")
            statement = f"DROP INDEX CONCURRENTLY {quoted(word(row, 'schema'), word(row, 'name'))};"
            yield warning(f"{name} 在 {days:.0f} 天内从未使用,占用 {size(figure(row, 'bytes'))};确认备库也不使用后执行:{statement}",
                          f"{name} was never read in {days:.0f} days and takes {size(figure(row, 'bytes'))}; if no standby reads it either: {statement}",
                          object=name, value=figure(row, "bytes"), unit="bytes")


CHECK = DatabaseCheck(
    id="PG-35",
    title=Text(zh="未使用的索引", en="Unused indexes"),
    chapter="objects",
    kinds=("postgresql",),
    queries={(12, 0): """
        SELECT extract(epoch FROM clock_timestamp() - coalesce(d.stats_reset, pg_postmaster_start_time())) / 86400 AS days, u.schema, u.name, u.bytes
        FROM pg_stat_database d LEFT JOIN (
            SELECT s.schemaname AS schema, s.indexrelname AS name, pg_relation_size(s.indexrelid) AS bytes
            FROM pg_stat_user_indexes s JOIN pg_index i ON i.indexrelid = s.indexrelid JOIN pg_class c ON c.oid = s.indexrelid
            WHERE s.idx_scan = 0 AND NOT i.indisunique AND i.indisvalid AND c.relpages >= 1280
              AND NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = s.indexrelid)
            ORDER BY c.relpages DESC LIMIT 100
        ) u ON true WHERE d.datname = current_database()
    """},
    parse=parse,
    judge=judge,
    limits={"days": Limit(30, None, "days", Text(zh="经验值:须包含一次月末处理", en="own judgement: month-end work must lie within"))},
    remedy=Text(zh="删除(语句在各行);先核对备库上的 pg_stat_user_indexes",
                en="Drop it (statement in the row); look at pg_stat_user_indexes of the standbys first"),
    source="PostgreSQL manual, pg_stat_all_indexes; PgHero unused_indexes",
    each_database=True,
)
