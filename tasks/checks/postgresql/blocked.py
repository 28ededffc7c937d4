"""PG-04 Sessions that wait for others' locks (R135 数据库的运行状态)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reports.records import Text
from tasks.checks.kinds import DatabaseCheck, Known, Limit, Limits, Row, ok
from tasks.checks.tables import SEES_STATISTICS, figure, findings, or_nothing, span, word


def parse(rows: list[dict[str, Any]]) -> tuple[list[str], list[dict[str, Any]]]:
    return findings(rows, "seconds")


def judge(answer: tuple[list[str], list[dict[str, Any]]], limits: Limits, known: Known) -> Iterator[Row]:
    clean, waiting = answer
    for row in waiting:
        zh, en = span(figure(row, "seconds"))
        who, blockers = f"{word(row, 'usename')}@{word(row, 'datname')}", word(row, "blockers")
        yield Row(limits["waiting"].grade(figure(row, "seconds")),
                  f"{who} 等待锁 {zh},被 pid {blockers} 阻塞;确认后执行:SELECT pg_terminate_backend({blockers.split(',')[0]});",
                  f"{who} waits for a lock for {en}, held up by pid {blockers}; after asking: SELECT pg_terminate_backend({blockers.split(',')[0]});",
                  object=who, value=figure(row, "seconds"), unit="s", evidence=word(row, "blocking_query"))
    for _ in clean:
        yield ok("没有会话在等待锁", "no session waits for a lock")


CHECK = DatabaseCheck(
    id="PG-04",
    title=Text(zh="锁等待与阻塞", en="Blocked sessions"),
    chapter="running",
    kinds=("postgresql",),
    queries={(12, 0): or_nothing("""
        SELECT DISTINCT ON (usename, datname) usename, datname, extract(epoch FROM clock_timestamp() - query_start) AS seconds,
               array_to_string(pg_blocking_pids(pid), ',') AS blockers,
               (SELECT string_agg(substring(b.query FROM '^\\s*(\\w+(\\s+\\w+){0,2})'), '; ') FROM pg_stat_activity b
                WHERE b.pid = ANY (pg_blocking_pids(a.pid))) AS blocking_query
        FROM pg_stat_activity a
        WHERE wait_event_type = 'Lock' AND pid <> pg_backend_pid() AND cardinality(pg_blocking_pids(pid)) > 0
        ORDER BY usename, datname, query_start
    """, SEES_STATISTICS)},
    parse=parse,
    judge=judge,
    limits={"waiting": Limit(60, 120, "s", "check_pgactivity lockwait")},
    remedy=Text(zh="找到并结束阻塞者,再查明原因;ALTER SYSTEM SET log_lock_waits = on;",
                en="End the blocker, then find out why; ALTER SYSTEM SET log_lock_waits = on;"),
    source="PostgreSQL manual, pg_blocking_pids()",
    needs="pg_monitor",
)
