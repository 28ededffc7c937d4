"""PG-21 The largest tables of every database and how they grow (R140 数据库对象的空间扩展状况)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reports.records import Outcome, Text
from tasks.checks.kinds import DatabaseCheck, Known, Limit, Limits, Row, ok
from tasks.checks.tables import dotted, figure, findings, grown, or_nothing, size
from tasks.operations.schemas import PG_OWN_SCHEMAS


def parse(rows: list[dict[str, Any]]) -> tuple[list[str], list[dict[str, Any]]]:
    return findings(rows, "name")


def judge(answer: tuple[list[str], list[dict[str, Any]]], limits: Limits, known: Known) -> Iterator[Row]:
    clean, tables = answer
    for row in tables:
        name, taken, whole_database = dotted(row, "database", "schema", "name"), figure(row, "bytes"), figure(row, "database_bytes")
        indexes, lines = figure(row, "index_bytes"), figure(row, "live")
        said = ok(f"{name} 占用 {size(taken)}(索引 {size(indexes)},约 {lines:.0f} 行)",
                  f"{name} takes {size(taken)} (indexes {size(indexes)}, about {lines:.0f} rows)",
                  object=name, value=taken, unit="bytes")
        rate = grown(said, known)
        if rate is None:
            yield said
            continue
        fast = taken >= 1 << 30 and taken >= 0.3 * whole_database and rate >= limits["growth"].warning
        yield Row(Outcome.WARNING if fast else Outcome.OK, f"{said.zh},每月增长 {rate:.0f} %", f"{said.en}, growing by {rate:.0f} % a month", object=name,
                  value=taken, unit="bytes")
    for database in clean:
        yield ok(f"{database} 没有用户表", f"{database} has no tables of its own", object=database)


CHECK = DatabaseCheck(
    id="PG-21",
    title=Text(zh="最大的表与增长", en="Largest tables and their growth"),
    chapter="growth",
    kinds=("postgresql",),
    # Sizes of the 30 that are largest by what the catalogue remembers; to ask each of 100 000 files would take minutes.
    queries={(12, 0): or_nothing(f"""
        SELECT n.nspname AS schema, c.relname AS name, pg_total_relation_size(c.oid) AS bytes, pg_indexes_size(c.oid) AS index_bytes,
               greatest(c.reltuples, 0) AS live, pg_database_size(current_database()) AS database_bytes
        FROM (SELECT t.oid, t.relname, t.relnamespace, t.reltuples FROM pg_class t LEFT JOIN pg_class toast ON toast.oid = t.reltoastrelid
              WHERE t.relkind IN ('r', 'm') AND t.relpersistence <> 't'
              AND t.relnamespace NOT IN (SELECT oid FROM pg_namespace WHERE nspname IN {PG_OWN_SCHEMAS})
              ORDER BY t.relpages + coalesce(toast.relpages, 0) DESC, t.oid LIMIT 30) c
        JOIN pg_namespace n ON n.oid = c.relnamespace ORDER BY 3 DESC
    """)},
    parse=parse,
    judge=judge,
    limits={"growth": Limit(20, None, "%", Text(zh="经验值:占数据库三分之一的表,一个月增长五分之一",
                                                en="own judgement: a table of a third of its database, a fifth more in a month"))},
    remedy=Text(zh="分区、归档或清理;查看:SELECT pg_size_pretty(pg_total_relation_size('<模式>.<表>'));",
                en="Partition, archive or clear up; see: SELECT pg_size_pretty(pg_total_relation_size('<schema>.<table>'));"),
    source="PostgreSQL manual, database object size functions",
    needs="pg_monitor",
    each_database=True,
    time_limit_s=60,
)
