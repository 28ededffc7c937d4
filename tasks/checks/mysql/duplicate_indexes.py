"""MY-33 Indexes that another one already covers (R142 对表和索引进行分析)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reports.records import Text
from tasks.checks.kinds import DatabaseCheck, Known, Limits, Row, ok, warning
from tasks.checks.tables import SEES_TABLES, dotted, findings, or_nothing, quoted, word
from tasks.operations.schemas import OWN_SCHEMAS


def parse(rows: list[dict[str, Any]]) -> tuple[list[str], list[dict[str, Any]]]:
    return findings(rows, "extra")


def judge(answer: tuple[list[str], list[dict[str, Any]]], limits: Limits, known: Known) -> Iterator[Row]:
    clean, indexes = answer
    for row in indexes:
        name = dotted(row, "db", "tab", "extra")
        statement = f"ALTER TABLE {quoted(word(row, 'db'), word(row, 'tab'), mark='`')} DROP INDEX {quoted(word(row, 'extra'), mark='`')};"
        yield warning(f"{name} ({word(row, 'extra_columns')}) 已被 {word(row, 'kept')} ({word(row, 'kept_columns')}) 覆盖;执行:{statement}",
                      f"{name} ({word(row, 'extra_columns')}) is covered by {word(row, 'kept')} ({word(row, 'kept_columns')}); run: {statement}", object=name)
    for _ in clean:
        yield ok("没有多余的索引", "no index is covered by another one")


_INDEXES = f"""(SELECT table_schema AS db, table_name AS tab, index_name AS idx, min(non_unique) AS plain, max(index_type) AS kind,
                group_concat(column_name, coalesce(concat('(', sub_part, ')'), '') ORDER BY seq_in_index SEPARATOR ',') AS cols,
                    max(column_name IS NULL) AS expression
                FROM information_schema.statistics WHERE table_schema NOT IN {OWN_SCHEMAS} GROUP BY table_schema, table_name, index_name)"""

CHECK = DatabaseCheck(
    id="MY-33",
    title=Text(zh="多余的索引", en="Redundant indexes"),
    chapter="objects",
    kinds=("mysql", "mariadb"),
    # A unique index is only too many where another unique one has the very same columns.
    queries={(5, 7): or_nothing(f"""
        SELECT a.db AS db, a.tab AS tab, a.idx AS extra, max(a.cols) AS extra_columns, min(b.idx) AS kept, min(b.cols) AS kept_columns
        FROM {_INDEXES} a JOIN {_INDEXES} b ON b.db = a.db AND b.tab = a.tab AND b.idx <> a.idx AND b.kind = a.kind
        WHERE a.kind = 'BTREE' AND a.idx <> 'PRIMARY' AND a.expression = 0 AND b.expression = 0
          AND (a.cols = b.cols AND (a.plain > b.plain OR a.plain = b.plain AND (a.idx > b.idx OR b.idx = 'PRIMARY'))
               OR a.plain = 1 AND b.cols LIKE concat(a.cols, ',%'))
        GROUP BY a.db, a.tab, a.idx ORDER BY 1, 2, 3 LIMIT 500
    """, SEES_TABLES)},
    parse=parse,
    judge=judge,
    remedy=Text(zh="删除多余的索引(语句在各行);先确认没有 FORCE INDEX 引用它;MySQL 8 可先设为 INVISIBLE",
                en="Drop it (statement in the row); see first that no FORCE INDEX names it; MySQL 8 can make it INVISIBLE before"),
    source="pt-duplicate-key-checker rules; sys.schema_redundant_indexes",
    needs=Text(zh="*.* 的 SHOW VIEW", en="SHOW VIEW on *.*"),
    time_limit_s=60,
)
