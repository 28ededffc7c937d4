"""PG-05 Prepared transactions that nobody ends (R135 数据库的运行状态)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reports.records import Text
from tasks.checks.kinds import DatabaseCheck, Known, Limit, Limits, Row, ok
from tasks.checks.tables import figure, findings, or_nothing, span, word


def parse(rows: list[dict[str, Any]]) -> tuple[list[str], list[dict[str, Any]]]:
    return findings(rows, "gid")


def judge(answer: tuple[list[str], list[dict[str, Any]]], limits: Limits, known: Known) -> Iterator[Row]:
    clean, prepared = answer
    for row in prepared:
        zh, en = span(figure(row, "seconds"))
        gid = word(row, "gid")
        statement = "ROLLBACK PREPARED '" + gid.replace("'", "''") + "';"
        yield Row(limits["age"].grade(figure(row, "seconds")), f"预备事务 {gid}(数据库 {word(row, 'datname')})已 {zh} 未结束;确认后在该库执行:{statement}",
                  f"prepared transaction {gid} (database {word(row, 'datname')}) is {en} old; after asking, in that database: {statement}",
                  object=f"{word(row, 'datname')} {gid}", value=figure(row, "seconds"), unit="s")
    for _ in clean:
        yield ok("没有预备事务", "there are no prepared transactions")


CHECK = DatabaseCheck(
    id="PG-05",
    title=Text(zh="遗留的预备事务", en="Orphaned prepared transactions"),
    chapter="running",
    kinds=("postgresql",),
    queries={(12, 0): or_nothing("SELECT gid, database AS datname, extract(epoch FROM clock_timestamp() - prepared) AS seconds FROM pg_prepared_xacts")},
    parse=parse,
    judge=judge,
    limits={"age": Limit(300, 3600, "s", Text(zh="经验值;check_postgres prepared_txns 在 1 秒后告警",
                                              en="own judgement; check_postgres prepared_txns warns after 1 s"))},
    remedy=Text(zh="与事务管理器核对后提交或回滚:ROLLBACK PREPARED '<gid>'",
                en="Compare with the transaction manager, then commit or ROLLBACK PREPARED '<gid>'"),
    source=Text(zh="PostgreSQL 手册 pg_prepared_xacts:占有锁并阻碍 vacuum", en="PostgreSQL manual, pg_prepared_xacts: they hold locks and hold back vacuum"),
)
