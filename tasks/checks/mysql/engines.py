"""MY-31 Tables that a crash can damage: not InnoDB (R142 对表和索引进行分析)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reports.records import Text
from tasks.checks.kinds import DatabaseCheck, Known, Limits, Row, ok, warning
from tasks.checks.tables import SEES_TABLES, dotted, figure, findings, or_nothing, quoted, size, word
from tasks.operations.schemas import OWN_SCHEMAS


def parse(rows: list[dict[str, Any]]) -> tuple[list[str], list[dict[str, Any]]]:
    return findings(rows, "tab")


def judge(answer: tuple[list[str], list[dict[str, Any]]], limits: Limits, known: Known) -> Iterator[Row]:
    clean, tables = answer
    for row in tables:
        name = dotted(row, "db", "tab")
        statement = f"ALTER TABLE {quoted(word(row, 'db'), word(row, 'tab'), mark='`')} ENGINE = InnoDB;"
        yield warning(f"{name} 使用 {word(row, 'engine')}({size(figure(row, 'bytes'))}),没有事务;执行:{statement}",
                      f"{name} is {word(row, 'engine')} ({size(figure(row, 'bytes'))}), without transactions; run: {statement}", object=name,
                      value=figure(row, "bytes"), unit="bytes")
    for _ in clean:
        yield ok("所有表都是 InnoDB", "every table is InnoDB")


CHECK = DatabaseCheck(
    id="MY-31",
    title=Text(zh="存储引擎", en="Storage engines"),
    chapter="objects",
    kinds=("mysql", "mariadb"),
    queries={(5, 7): or_nothing(f"""
        SELECT table_schema AS db, table_name AS tab, engine AS engine, coalesce(data_length, 0) + coalesce(index_length, 0) AS bytes
        FROM information_schema.tables WHERE table_type = 'BASE TABLE' AND table_schema NOT IN {OWN_SCHEMAS}
          AND engine NOT IN ('InnoDB', 'ROCKSDB', 'Columnstore', 'MEMORY', 'ndbcluster') ORDER BY 4 DESC LIMIT 500
    """, SEES_TABLES)},
    parse=parse,
    judge=judge,
    remedy=Text(zh="转换为 InnoDB(语句在各行),在维护窗口进行", en="Turn them into InnoDB (statement in the row), in a window"),
    source="MySQLTuner; MySQL manual, converting tables from MyISAM to InnoDB",
    needs=Text(zh="*.* 的 SHOW VIEW", en="SHOW VIEW on *.*"),
    time_limit_s=60,
)
