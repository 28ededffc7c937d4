"""MY-10 Sessions that wait for others' row locks (R135 数据库的运行状态)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reports.records import Text
from tasks.checks.kinds import DatabaseCheck, Known, Limit, Limits, Row, ok
from tasks.checks.tables import SEES_SESSIONS, count, figure, findings, or_nothing, span, word


def parse(rows: list[dict[str, Any]]) -> tuple[list[str], list[dict[str, Any]]]:
    return findings(rows, "seconds")


def judge(answer: tuple[list[str], list[dict[str, Any]]], limits: Limits, known: Known) -> Iterator[Row]:
    clean, waiting = answer
    for row in waiting:
        zh, en = span(figure(row, "seconds"))
        blocker = count(row, "blocker")
        yield Row(limits["waiting"].grade(figure(row, "seconds")), f"{word(row, 'who')} 等待行锁 {zh},被线程 {blocker} 阻塞;确认后执行:KILL {blocker};",
                  f"{word(row, 'who')} waits for a row lock for {en}, held up by thread {blocker}; after asking: KILL {blocker};", object=word(row, "who"),
                  value=figure(row, "seconds"), unit="s")
    for _ in clean:
        yield ok("没有会话在等待行锁", "no session waits for a row lock")


def _query(waits: str, waiting: str, blocking: str) -> str:
    return or_nothing(f"""
        SELECT max(coalesce(timestampdiff(SECOND, r.trx_wait_started, now()), 0)) AS seconds, min(b.trx_mysql_thread_id) AS blocker,
               coalesce(p.user, concat('thread ', r.trx_mysql_thread_id)) AS who
        FROM {waits} w JOIN information_schema.innodb_trx r ON r.trx_id = w.{waiting} JOIN information_schema.innodb_trx b ON b.trx_id = w.{blocking}
        LEFT JOIN information_schema.processlist p ON p.id = r.trx_mysql_thread_id GROUP BY who ORDER BY 1 DESC LIMIT 50
    """, SEES_SESSIONS)


CHECK = DatabaseCheck(
    id="MY-10",
    title=Text(zh="锁等待与阻塞", en="Blocked sessions"),
    chapter="running",
    kinds=("mysql", "mariadb"),
    queries={(8, 0): _query("performance_schema.data_lock_waits", "requesting_engine_transaction_id", "blocking_engine_transaction_id")},
    mariadb_queries={(10, 3): _query("information_schema.innodb_lock_waits", "requesting_trx_id", "blocking_trx_id")},
    parse=parse,
    judge=judge,
    limits={"waiting": Limit(20, 60, "s", Text(zh="经验值;innodb_lock_wait_timeout 在 50 秒后放弃",
                                               en="own judgement; innodb_lock_wait_timeout gives up after 50 s"))},
    remedy=Text(zh="结束阻塞者,再查明它为何不提交(MY-03)", en="End the blocker, then find out why it does not commit (MY-03)"),
    source="MySQL manual, performance_schema.data_lock_waits; MariaDB information_schema.INNODB_LOCK_WAITS",
    needs=Text(zh="PROCESS,以及 performance_schema 的 SELECT(MySQL)", en="PROCESS, and SELECT on performance_schema (MySQL)"),
)
