"""MY-34 Indexes that nobody reads (R142 对表和索引进行分析)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reports.records import Text
from tasks.checks.kinds import DatabaseCheck, Known, Limit, Limits, Row, Unreadable, ok, unknown, warning
from tasks.checks.tables import dotted, figure, findings, flag, quoted, word
from tasks.operations.schemas import OWN_SCHEMAS


def parse(rows: list[dict[str, Any]]) -> tuple[bool, float, list[dict[str, Any]]]:
    """Whether uses are counted, days since the start, indexes never used."""
    clean, told = findings(rows, "days")
    if not told:
        raise Unreadable("the time since the start is missing", "缺少启动以来的时间")
    return flag(told[0], "counted"), figure(told[0], "days"), [row for row in told if row["idx"] is not None]


def judge(answer: tuple[bool, float, list[dict[str, Any]]], limits: Limits, known: Known) -> Iterator[Row]:
    counted, days, indexes = answer
    if not counted:
        yield unknown("performance_schema 未启用,无法知道索引是否被使用;在配置中写 performance_schema = ON 并重启",
                      "performance_schema is off, so nobody knows which indexes are used; write "
                      "performance_schema = ON into the configuration, and restart")
    elif days < limits["days"].warning:
        yield unknown(f"服务器只运行了 {days:.0f} 天,不足以判断索引是否有用", f"the server is up for {days:.0f} days, too short to call an index unused")
    else:
        for row in indexes:
            name = dotted(row, "db", "tab", "idx")
            statement = f"ALTER TABLE {quoted(word(row, 'db'), word(row, 'tab'), mark='`')} DROP INDEX {quoted(word(row, 'idx'), mark='`')};"
            yield warning(f"{name} 在 {days:.0f} 天内从未使用;确认备库也不使用后执行:{statement}",
                          f"{name} was never used in {days:.0f} days; if no replica uses it either: {statement}", object=name)
        if not indexes:
            yield ok("没有未使用的索引", "every index is used")


CHECK = DatabaseCheck(
    id="MY-34",
    title=Text(zh="未使用的索引", en="Unused indexes"),
    chapter="objects",
    kinds=("mysql", "mariadb"),
    queries={(5, 7): f"""
        SELECT @@performance_schema AS counted, up.days AS days, u.db AS db, u.tab AS tab, u.idx AS idx
        FROM (SELECT variable_value / 86400 AS days FROM performance_schema.global_status WHERE variable_name = 'Uptime') up LEFT JOIN (
            SELECT w.object_schema AS db, w.object_name AS tab, w.index_name AS idx
            FROM performance_schema.table_io_waits_summary_by_index_usage w
            JOIN information_schema.statistics s ON s.table_schema = w.object_schema AND s.table_name = w.object_name AND s.index_name = w.index_name
                 AND s.seq_in_index = 1 AND s.non_unique = 1
            WHERE w.index_name IS NOT NULL AND w.count_star = 0 AND w.object_schema NOT IN {OWN_SCHEMAS} ORDER BY 1, 2, 3 LIMIT 200) u ON 1 = 1
    """},
    mariadb_queries={(10, 3): f"""
        SELECT @@performance_schema AS counted, up.days AS days, u.db AS db, u.tab AS tab, u.idx AS idx
        FROM (SELECT variable_value / 86400 AS days FROM information_schema.global_status WHERE variable_name = 'UPTIME') up LEFT JOIN (
            SELECT w.object_schema AS db, w.object_name AS tab, w.index_name AS idx
            FROM performance_schema.table_io_waits_summary_by_index_usage w
            JOIN information_schema.statistics s ON s.table_schema = w.object_schema AND s.table_name = w.object_name AND s.index_name = w.index_name
                 AND s.seq_in_index = 1 AND s.non_unique = 1
            WHERE w.index_name IS NOT NULL AND w.count_star = 0 AND w.object_schema NOT IN {OWN_SCHEMAS} ORDER BY 1, 2, 3 LIMIT 200) u ON 1 = 1
    """},
    parse=parse,
    judge=judge,
    limits={"days": Limit(30, None, "days", Text(zh="经验值:须包含一次月末处理", en="own judgement: month-end work must lie within"))},
    remedy=Text(zh="删除(语句在各行);MySQL 8 可先设为 INVISIBLE 观察", en="Drop it (statement in the row); MySQL 8 can make it INVISIBLE for a while"),
    source="sys.schema_unused_indexes",
    needs=Text(zh="performance_schema 的 SELECT", en="SELECT on performance_schema"),
)
