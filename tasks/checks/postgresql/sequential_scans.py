"""PG-25 Large tables that are read from end to end (R142 对表和索引进行分析; tuning)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reports.records import Text
from tasks.checks.kinds import DatabaseCheck, Known, Limit, Limits, Row, ok
from tasks.checks.tables import dotted, figure, findings, or_nothing, word


def parse(rows: list[dict[str, Any]]) -> tuple[list[str], list[dict[str, Any]]]:
    return findings(rows, "name")


def judge(answer: tuple[list[str], list[dict[str, Any]]], limits: Limits, known: Known) -> Iterator[Row]:
    clean, tables = answer
    for row in tables:
        name, share, live = dotted(row, "database", "schema", "name"), figure(row, "share"), figure(row, "live")
        yield Row(limits["share"].grade(share),
                  f"{name}(约 {live:.0f} 行)的读取中 {share:.0f} % 是全表扫描;找出查询:SELECT query FROM pg_stat_statements WHERE query ILIKE "
                  f"'%{word(row, 'name')}%' "
                  "ORDER BY shared_blks_read DESC LIMIT 5;再为其条件建索引:CREATE INDEX CONCURRENTLY ...",
                  f"{name} (about {live:.0f} rows): {share:.0f} % of its reads are full scans; find the queries: SELECT query FROM pg_stat_statements "
                  "WHERE query ILIKE "
                  f"'%{word(row, 'name')}%' ORDER BY shared_blks_read DESC LIMIT 5; then index what they ask by: CREATE INDEX CONCURRENTLY ...",
                  object=name, value=round(share, 1), unit="%")
    for database in clean:
        yield ok(f"{database} 没有常被全表扫描的大表", f"{database}: no large table is often read from end to end", object=database)


CHECK = DatabaseCheck(
    id="PG-25",
    title=Text(zh="大表的全表扫描", en="Large tables read from end to end"),
    chapter="tuning",
    kinds=("postgresql",),
    queries={(12, 0): or_nothing("""
        SELECT schemaname AS schema, relname AS name, n_live_tup AS live, 100.0 * seq_scan / (seq_scan + coalesce(idx_scan, 0)) AS share
        FROM pg_stat_user_tables
        WHERE n_live_tup >= 10000 AND seq_scan >= 100 AND seq_scan > 0.05 * (seq_scan + coalesce(idx_scan, 0))
        ORDER BY seq_tup_read DESC LIMIT 30
    """)},
    parse=parse,
    judge=judge,
    limits={"share": Limit(5, None, "%", Text(zh="PgHero missing indexes:95 % 的读取走索引,10000 行",
                                              en="PgHero missing indexes: 95 % of reads by index, 10000 rows"))},
    remedy=Text(zh="为查询条件建立索引;少量的全表扫描(报表、备份)是正常的", en="Index what the queries ask by; a few full scans (reports, dumps) are normal"),
    source="PgHero missing_indexes; pg_stat_user_tables",
    each_database=True,
)
