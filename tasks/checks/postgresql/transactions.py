"""PG-03 Transactions that stay open, and sessions idle in one (R135 数据库的运行状态)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reports.records import Text
from tasks.checks.kinds import DatabaseCheck, Known, Limit, Limits, Row, ok
from tasks.checks.tables import SEES_STATISTICS, count, figure, findings, or_nothing, span, word


def parse(rows: list[dict[str, Any]]) -> tuple[list[str], list[dict[str, Any]]]:
    return findings(rows, "seconds")


def judge(answer: tuple[list[str], list[dict[str, Any]]], limits: Limits, known: Known) -> Iterator[Row]:
    clean, sessions = answer
    for row in sessions:
        idle, seconds = word(row, "state").startswith("idle in transaction"), figure(row, "seconds")
        zh, en = span(seconds)
        who = f"{word(row, 'usename')}@{word(row, 'datname')} {word(row, 'application_name')}".strip()
        state_zh, state_en = ("空闲但未提交", "idle in its transaction") if idle else ("事务未结束", "in one transaction")
        yield Row(limits["idle" if idle else "open"].grade(seconds),
                  f"{who} {state_zh}已 {zh}(pid {count(row, 'pid')});确认后执行:SELECT pg_terminate_backend({count(row, 'pid')});",
                  f"{who} is {state_en} for {en} (pid {count(row, 'pid')}); after asking: SELECT pg_terminate_backend({count(row, 'pid')});",
                  object=f"{who} ({'idle' if idle else 'open'})", value=seconds, unit="s", evidence=word(row, "query"))
    for _ in clean:
        yield ok("没有长时间打开的事务", "no transaction has been open for long")


CHECK = DatabaseCheck(
    id="PG-03",
    title=Text(zh="长事务与空闲事务", en="Long and idle transactions"),
    chapter="running",
    kinds=("postgresql",),
    # One row for each user, database and application: the oldest. A query's text may hold what customers entered, so only its first words.
    queries={(12, 0): or_nothing("""
        SELECT DISTINCT ON (usename, datname, application_name, state LIKE 'idle%') pid, usename, datname, application_name, state,
               extract(epoch FROM clock_timestamp() - CASE WHEN state LIKE 'idle%' THEN state_change ELSE xact_start END) AS seconds,
               substring(query FROM '^\\s*(\\w+(\\s+\\w+){0,2})') AS query
        FROM pg_stat_activity
        WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() AND xact_start < clock_timestamp() - interval '2 seconds'
        ORDER BY usename, datname, application_name, state LIKE 'idle%', xact_start
    """, SEES_STATISTICS)},
    parse=parse,
    judge=judge,
    limits={
        "idle": Limit(300, 1800, "s", Text(zh="pgwatch 与 percona 的 idle_in_transaction 规则;半小时为经验值",
                                           en="pgwatch and percona idle_in_transaction rules; half an hour is own judgement")),
        "open": Limit(1800, None, "s", Text(zh="经验值:报表可能耗时较长", en="own judgement: a report may take long")),
    },
    objects={"(idle)": "(空闲)", "(open)": "(未结束)"},
    remedy=Text(zh="修正不提交的应用;ALTER SYSTEM SET idle_in_transaction_session_timeout = '10min'; SELECT pg_reload_conf();",
                en="Mend the application that does not commit; ALTER SYSTEM SET idle_in_transaction_session_timeout = '10min'; SELECT pg_reload_conf();"),
    source="PostgreSQL manual, pg_stat_activity",
    needs="pg_monitor",
)
