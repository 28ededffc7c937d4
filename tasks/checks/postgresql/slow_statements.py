"""PG-44 The statements that take the most time (R139 系统资源的使用状况; tuning)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reports.records import Outcome, Text
from tasks.checks.kinds import DatabaseCheck, Known, Limit, Limits, Row, ok
from tasks.checks.tables import SEES_STATISTICS, figure, findings, or_nothing, word


def parse(rows: list[dict[str, Any]]) -> tuple[list[str], list[dict[str, Any]]]:
    return findings(rows, "queryid")


def judge(answer: tuple[list[str], list[dict[str, Any]]], limits: Limits, known: Known) -> Iterator[Row]:
    clean, statements = answer
    for row in statements:
        mean, calls, share = figure(row, "mean"), figure(row, "calls"), figure(row, "share")
        # What takes long once is a report; what takes long often is a fault.
        outcome = limits["mean"].grade(mean) if calls >= 100 and share >= 10 else Outcome.OK
        yield Row(outcome,
                  f"查询 {row['queryid']}({word(row, 'datname')}):{calls:.0f} 次,平均 {mean:.0f} 毫秒,占总时间 {share:.0f} %;查看计划:EXPLAIN "
                  "(ANALYZE, BUFFERS) <查询>",
                  f"query {row['queryid']} ({word(row, 'datname')}): {calls:.0f} times, {mean:.0f} ms each, {share:.0f} % of all time; see: EXPLAIN "
                  "(ANALYZE, BUFFERS) <query>",
                  object=f"{word(row, 'datname')} {row['queryid']}", value=round(mean, 2), unit="ms", evidence=word(row, "query"))
    for _ in clean:
        yield ok("还没有记录到语句", "no statement is recorded yet")


# Constants are left out of the texts of these statements, never of others (CREATE ROLE ... PASSWORD). Our own are not of interest.
def _query(total: str, mean: str) -> str:
    return or_nothing(f"""
        SELECT s.queryid::text AS queryid, d.datname, s.calls, s.{mean} AS mean, 100.0 * s.{total} / nullif(sum(s.{total}) OVER (), 0) AS share,
            left(s.query, 300) AS query
        FROM pg_stat_statements s LEFT JOIN pg_database d ON d.oid = s.dbid
        WHERE s.queryid IS NOT NULL AND s.userid <> (SELECT oid FROM pg_roles WHERE rolname = current_user)
          AND s.query ~* '^\\s*(select|insert|update|delete|with|merge|call)\\y'
        ORDER BY s.{total} DESC LIMIT 20
    """, SEES_STATISTICS)


CHECK = DatabaseCheck(
    id="PG-44",
    title=Text(zh="最耗时的语句", en="Slowest statements"),
    chapter="tuning",
    kinds=("postgresql",),
    queries={(12, 0): _query("total_time", "mean_time"), (13, 0): _query("total_exec_time", "mean_exec_time")},
    parse=parse,
    judge=judge,
    limits={"mean": Limit(100, None, "ms", Text(zh="PgHero slow queries:20 毫秒且 100 次;本产品另要求占总时间的十分之一",
                                                en="PgHero slow queries: 20 ms and 100 calls; here also a tenth of all time"))},
    remedy=Text(zh="用 EXPLAIN (ANALYZE, BUFFERS) 查看计划,补索引或改写查询",
                en="Look at the plan by EXPLAIN (ANALYZE, BUFFERS); add an index or write it otherwise"),
    source=Text(zh="PostgreSQL 手册 pg_stat_statements:13 起为 total_exec_time;语句文本已不含常量",
                en="PostgreSQL manual, pg_stat_statements: total_exec_time since 13; constants are already left out of its texts"),
    needs="pg_monitor",
    extension="pg_stat_statements",
)
