"""MY-04 Deadlocks, and old row versions that wait to be purged (R135 数据库的运行状态)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reports.records import Text
from tasks.checks.kinds import DatabaseCheck, Known, Limit, Limits, Row, number, ok, warning
from tasks.checks.tables import SEES_SESSIONS, may_see, settings, since


def parse(rows: list[dict[str, Any]]) -> dict[str, str]:
    may_see(rows)
    return settings(rows, "history", "deadlocks")


def judge(values: dict[str, str], limits: Limits, known: Known) -> Iterator[Row]:
    history, deadlocks = number(values["history"]), number(values["deadlocks"])
    yield Row(limits["history"].grade(history), f"未清理的历史版本 {history:.0f}", f"{history:.0f} old versions wait to be purged", object="history",
              value=history)
    new = since("deadlocks", deadlocks, known)
    yield (warning if new else ok)(f"死锁 {deadlocks:.0f} 次" + (f",上次巡检后新增 {new:.0f} 次;查看:SHOW ENGINE INNODB STATUS" if new else ""),
                                   f"{deadlocks:.0f} deadlocks"
                                   + (f", {new:.0f} of them since the last inspection; see: SHOW ENGINE INNODB STATUS" if new else ""),
                                   object="deadlocks", value=deadlocks)


CHECK = DatabaseCheck(
    id="MY-04",
    title=Text(zh="死锁与历史版本", en="Deadlocks and purge"),
    chapter="running",
    kinds=("mysql", "mariadb"),
    queries={(5, 7): f"""
        SELECT CASE name WHEN 'trx_rseg_history_len' THEN 'history' ELSE 'deadlocks' END AS name, count AS value, {SEES_SESSIONS} AS allowed
        FROM information_schema.innodb_metrics WHERE name IN ('trx_rseg_history_len', 'lock_deadlocks')
    """},
    parse=parse,
    judge=judge,
    limits={"history": Limit(100_000, 1_000_000, "versions", Text(zh="经验值;Percona 以此规模告警", en="own judgement; Percona alerts at these sizes"))},
    objects={"history": "历史版本", "deadlocks": "死锁"},
    remedy=Text(zh="结束长事务(MY-03);让应用按同一顺序加锁;SET GLOBAL innodb_print_all_deadlocks = ON;",
                en="End long transactions (MY-03); let the application lock in one order; "
                "SET GLOBAL innodb_print_all_deadlocks = ON;"),
    source=Text(zh="MySQL 手册 information_schema.INNODB_METRICS;两个计数器默认启用",
                en="MySQL manual, information_schema.INNODB_METRICS; both counters are on by default"),
    needs="PROCESS",
)
