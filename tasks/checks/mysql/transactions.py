"""MY-03 Transactions that stay open (R135 数据库的运行状态)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reports.records import Text
from tasks.checks.kinds import DatabaseCheck, Known, Limit, Limits, Row, ok
from tasks.checks.tables import SEES_SESSIONS, count, figure, findings, or_nothing, span, word


def parse(rows: list[dict[str, Any]]) -> tuple[list[str], list[dict[str, Any]]]:
    return findings(rows, "seconds")


def judge(answer: tuple[list[str], list[dict[str, Any]]], limits: Limits, known: Known) -> Iterator[Row]:
    clean, sessions = answer
    for row in sessions:
        zh, en = span(figure(row, "seconds"))
        who = f"{word(row, 'who')} {word(row, 'db')}".strip()
        yield Row(limits["open"].grade(figure(row, "seconds")), f"{who} 的事务已 {zh} 未提交(线程 {count(row, 'id')});确认后执行:KILL {count(row, 'id')};",
                  f"{who} has a transaction open for {en} (thread {count(row, 'id')}); after asking: KILL {count(row, 'id')};", object=who,
                  value=figure(row, "seconds"), unit="s", evidence=f"{word(row, 'command')}, {word(row, 'changed')} rows changed")
    for _ in clean:
        yield ok("没有长时间打开的事务", "no transaction has been open for long")


CHECK = DatabaseCheck(
    id="MY-03",
    title=Text(zh="长事务", en="Long transactions"),
    chapter="running",
    kinds=("mysql", "mariadb"),
    queries={(5, 7): or_nothing("""
        SELECT p.id AS id, coalesce(p.user, '?') AS who, coalesce(p.db, '') AS db, p.command AS command, t.trx_rows_modified AS changed,
               timestampdiff(SECOND, t.trx_started, now()) AS seconds
        FROM information_schema.innodb_trx t LEFT JOIN information_schema.processlist p ON p.id = t.trx_mysql_thread_id
        WHERE t.trx_mysql_thread_id <> connection_id() AND t.trx_mysql_thread_id <> 0 AND t.trx_started < now() - INTERVAL 2 SECOND ORDER BY 6 DESC LIMIT 100
    """, SEES_SESSIONS)},
    parse=parse,
    judge=judge,
    limits={"open": Limit(300, 1800, "s", "own judgement")},
    remedy=Text(zh="修正不提交的应用;长事务使 undo 增长并阻碍 purge(MY-04)",
                en="Mend the application that does not commit; undo grows, and purge waits for it (MY-04)"),
    source=Text(zh="MySQL 手册 information_schema.INNODB_TRX;其时间为系统时区,本会话也用系统时区",
                en="MySQL manual, information_schema.INNODB_TRX; its times are in the system's zone, and so is our session"),
    needs="PROCESS",
)
