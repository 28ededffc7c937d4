"""MY-32 Tables without a primary or unique key (R142 对表和索引进行分析)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reports.records import Text
from tasks.checks.kinds import DatabaseCheck, Known, Limits, Row, ok, warning
from tasks.checks.tables import SEES_TABLES, dotted, findings, or_nothing, quoted, word
from tasks.operations.schemas import OWN_SCHEMAS


def parse(rows: list[dict[str, Any]]) -> tuple[list[str], list[dict[str, Any]]]:
    return findings(rows, "tab")


def judge(answer: tuple[list[str], list[dict[str, Any]]], limits: Limits, known: Known) -> Iterator[Row]:
    clean, tables = answer
    for row in tables:
        name = dotted(row, "db", "tab")
        statement = (f"ALTER TABLE {quoted(word(row, 'db'), word(row, 'tab'), mark='`')} ADD COLUMN id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY "
                     "KEY FIRST;")
        yield warning(f"{name} 没有主键,行格式复制会逐行全表扫描;执行:{statement}",
                      f"{name} has no primary key, and replication reads it whole for each row; run: {statement}", object=name)
    for _ in clean:
        yield ok("所有表都有主键或唯一键", "every table has a primary or unique key")


CHECK = DatabaseCheck(
    id="MY-32",
    title=Text(zh="缺主键的表", en="Tables without a key"),
    chapter="objects",
    kinds=("mysql", "mariadb"),
    # STATISTICS, not TABLE_CONSTRAINTS: that one shows nothing to accounts that only read, and every table would be accused.
    queries={(5, 7): or_nothing(f"""
        SELECT t.table_schema AS db, t.table_name AS tab FROM information_schema.tables t
        WHERE t.table_type = 'BASE TABLE' AND t.table_schema NOT IN {OWN_SCHEMAS} AND NOT EXISTS (
            SELECT 1 FROM information_schema.statistics s WHERE s.table_schema = t.table_schema AND s.table_name = t.table_name AND s.non_unique = 0)
        ORDER BY 1, 2 LIMIT 500
    """, SEES_TABLES)},
    parse=parse,
    judge=judge,
    remedy=Text(zh="补主键(语句在各行)", en="Add a primary key (statement in the row)"),
    source="MySQL manual, row-based replication; sql_require_primary_key",
    needs=Text(zh="*.* 的 SHOW VIEW", en="SHOW VIEW on *.*"),
    time_limit_s=60,
)
