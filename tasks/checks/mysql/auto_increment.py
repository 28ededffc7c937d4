"""MY-23 Counters near the end of their column (R142 对表和索引进行分析)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reports.records import Outcome, Text
from tasks.checks.kinds import DatabaseCheck, Known, Limit, Limits, Row, ok
from tasks.checks.tables import SEES_COLUMNS, dotted, figure, findings, or_nothing, quoted, word
from tasks.operations.schemas import OWN_SCHEMAS


def parse(rows: list[dict[str, Any]]) -> tuple[list[str], list[dict[str, Any]]]:
    return findings(rows, "tab")


def judge(answer: tuple[list[str], list[dict[str, Any]]], limits: Limits, known: Known) -> Iterator[Row]:
    clean, columns = answer
    for row in columns:
        name, used, most = dotted(row, "db", "tab"), figure(row, "used"), figure(row, "most")
        share = 100 * used / most
        outcome = limits["used"].grade(share)
        statement = (f"ALTER TABLE {quoted(word(row, 'db'), word(row, 'tab'), mark='`')} MODIFY {quoted(word(row, 'col'), mark='`')} BIGINT UNSIGNED "
                     "NOT NULL AUTO_INCREMENT;")
        bad = outcome is not Outcome.OK
        yield Row(outcome, f"{name}.{word(row, 'col')}({word(row, 'kind')})已用 {share:.0f} %" + (f";在维护窗口执行(会重写表):{statement}" if bad else ""),
                  f"{name}.{word(row, 'col')} ({word(row, 'kind')}) is {share:.0f} % used"
                  + (f"; in a window, it rewrites the table: {statement}" if bad else ""),
                  object=name, value=used, capacity=most)
    for _ in clean:
        yield ok("没有用到一半的自增列", "no counter is half used")


CHECK = DatabaseCheck(
    id="MY-23",
    title=Text(zh="自增列余量", en="Counters near their end"),
    chapter="objects",
    kinds=("mysql", "mariadb"),
    queries={(5, 7): or_nothing(f"""
        SELECT db, tab, col, kind, used, most FROM (
            SELECT t.table_schema AS db, t.table_name AS tab, c.column_name AS col, c.column_type AS kind, t.auto_increment - 1 AS used,
                   CASE c.data_type WHEN 'tinyint' THEN 127 WHEN 'smallint' THEN 32767 WHEN 'mediumint' THEN 8388607 WHEN 'int' THEN 2147483647
                        ELSE 9223372036854775807 END * CASE WHEN c.column_type LIKE '%unsigned%' THEN 2.0 ELSE 1.0 END AS most
            FROM information_schema.tables t JOIN information_schema.columns c ON c.table_schema = t.table_schema AND c.table_name = t.table_name
            WHERE c.extra LIKE '%auto_increment%' AND t.auto_increment IS NOT NULL AND t.table_schema NOT IN {OWN_SCHEMAS}
        ) seen WHERE used > most / 2 ORDER BY used / most DESC LIMIT 100
    """, SEES_COLUMNS)},
    parse=parse,
    judge=judge,
    limits={"used": Limit(85, 95, "%", "check_postgres sequence; sys.schema_auto_increment_columns")},
    remedy=Text(zh="把列改为 BIGINT UNSIGNED(语句在各行),引用它的列一并修改",
                en="Turn the column into BIGINT UNSIGNED (statement in the row), and those that refer to it"),
    source="MySQL manual, integer types",
    needs=Text(zh="*.* 的 REFERENCES(没有它时列不会列出,也不报错;它不能读取数据)",
               en="REFERENCES on *.* (columns are not listed without it, in silence; it reads no data)"),
    time_limit_s=60,
)
