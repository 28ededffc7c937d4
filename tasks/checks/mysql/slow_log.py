"""MY-06 Slow statements and whether they are logged (R136 日志文件)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reports.records import Text
from tasks.checks.kinds import DatabaseCheck, Known, Limit, Limits, Row, advice, number, ok
from tasks.checks.tables import flag, my_settings, settings


def parse(rows: list[dict[str, Any]]) -> dict[str, str]:
    return settings(rows, "slow_query_log", "long_query_time", "slow_queries", "questions")


def judge(values: dict[str, str], limits: Limits, known: Known) -> Iterator[Row]:
    on, seconds = flag(values, "slow_query_log"), number(values["long_query_time"])
    slow, asked = number(values["slow_queries"]), number(values["questions"])
    good = on and seconds <= 2
    statement = "SET GLOBAL slow_query_log = ON; SET GLOBAL long_query_time = 1;"
    zh, en = f"慢查询日志{'已启用' if on else '未启用'},long_query_time = {seconds:g} 秒", \
        f"the slow query log is {'on' if on else 'off'}, long_query_time is {seconds:g} s"
    yield ok(zh, en, object="log") if good else advice(zh, en, statement, object="log")
    share = 100 * slow / asked if asked >= 1000 else 0
    yield Row(limits["share"].grade(share), f"慢查询 {slow:.0f} 次,占 {share:.2f} %", f"{slow:.0f} slow statements, {share:.2f} % of all", object="slow",
              value=slow)


CHECK = DatabaseCheck(
    id="MY-06",
    title=Text(zh="慢查询日志", en="Slow query log"),
    chapter="db log",
    kinds=("mysql", "mariadb"),
    **my_settings("slow_query_log", "long_query_time", "slow_queries", "questions"),
    parse=parse,
    judge=judge,
    limits={"share": Limit(5, None, "%", "MySQLTuner: 5 %")},
    objects={"log": "日志", "slow": "慢查询"},
    remedy=Text(zh="用 pt-query-digest 分析慢查询日志", en="Read the slow log with pt-query-digest"),
    source="MySQL manual, slow query log; MySQLTuner",
)
