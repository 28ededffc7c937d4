"""MY-49 The statements that take the most time (R139 系统资源的使用状况; tuning)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reports.records import Outcome, Text
from tasks.checks.kinds import DatabaseCheck, Known, Limit, Limits, Row, Unreadable, not_applicable, ok
from tasks.checks.tables import figure, findings, flag, word


def parse(rows: list[dict[str, Any]]) -> tuple[bool, list[dict[str, Any]]]:
    clean, told = findings(rows, "counted")
    if not told:
        raise Unreadable("it is not said whether statements are counted", "没有说明是否统计语句")
    return flag(told[0], "counted"), [row for row in told if row["digest"] is not None]


def judge(answer: tuple[bool, list[dict[str, Any]]], limits: Limits, known: Known) -> Iterator[Row]:
    counted, statements = answer
    if not counted:
        yield not_applicable("performance_schema 未启用,语句不计数;慢查询见 MY-06",
                             "performance_schema is off, so statements are not counted; see MY-06 for slow ones")
    for row in statements:
        mean, calls, share, full = figure(row, "mean"), figure(row, "calls"), figure(row, "share"), figure(row, "full_scans")
        outcome = limits["mean"].grade(mean) if calls >= 100 and share >= 10 else Outcome.OK
        name = f"{word(row, 'db')} {word(row, 'digest')[:16]}"
        yield Row(outcome, f"查询 {name}:{calls:.0f} 次,平均 {mean:.0f} 毫秒,占总时间 {share:.0f} %,全表扫描 {full:.0f} 次;查看计划:EXPLAIN <查询>",
                  f"query {name}: {calls:.0f} times, {mean:.0f} ms each, {share:.0f} % of all time, {full:.0f} full scans; see: EXPLAIN <query>", object=name,
                  value=round(mean, 2),
                  unit="ms", evidence=word(row, "query"))
    if counted and not statements:
        yield ok("还没有记录到语句", "no statement is recorded yet")


CHECK = DatabaseCheck(
    id="MY-49",
    title=Text(zh="最耗时的语句", en="Slowest statements"),
    chapter="tuning",
    kinds=("mysql", "mariadb"),
    queries={(5, 7): """
        SELECT @@performance_schema AS counted, s.db AS db, s.digest AS digest, s.calls AS calls, s.mean AS mean, 100 * s.total / nullif(t.total,
            0) AS share, s.full_scans AS full_scans,
               s.query AS query
        FROM (SELECT sum(sum_timer_wait) AS total FROM performance_schema.events_statements_summary_by_digest) t LEFT JOIN (
            SELECT coalesce(schema_name, '') AS db, digest AS digest, count_star AS calls, avg_timer_wait / 1000000000 AS mean, sum_timer_wait AS total,
                   sum_no_index_used AS full_scans, left(digest_text, 300) AS query
            FROM performance_schema.events_statements_summary_by_digest WHERE digest IS NOT NULL
              AND digest_text NOT LIKE '%_schema`%' AND digest_text NOT LIKE 'SET %' AND digest_text NOT LIKE 'SHOW %'
            ORDER BY sum_timer_wait DESC LIMIT 20) s ON 1 = 1
    """},
    parse=parse,
    judge=judge,
    limits={"mean": Limit(100, None, "ms", Text(zh="PgHero slow queries:20 毫秒且 100 次;本产品另要求占总时间的十分之一",
                                                en="PgHero slow queries: 20 ms and 100 calls; here also a tenth of all time"))},
    remedy=Text(zh="用 EXPLAIN 查看计划,补索引或改写查询", en="Look at the plan by EXPLAIN; add an index or write it otherwise"),
    source=Text(zh="MySQL 手册 statement digests:其中不含常量", en="MySQL manual, statement digests: they hold no constants"),
    needs=Text(zh="performance_schema 的 SELECT", en="SELECT on performance_schema"),
)
