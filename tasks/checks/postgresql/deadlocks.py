"""PG-06 Deadlocks and roll-backs since the last inspection (R135 数据库的运行状态)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reports.records import Text
from tasks.checks.kinds import DatabaseCheck, Known, Limit, Limits, Row, Unreadable, ok, warning
from tasks.checks.tables import count, since, word


def parse(rows: list[dict[str, Any]]) -> list[tuple[str, int, int, int]]:
    """Database, deadlocks, commits, roll-backs."""
    if not rows:
        raise Unreadable("no database at all", "没有任何数据库")
    return [(word(row, "datname"), count(row, "deadlocks"), count(row, "commits"), count(row, "rollbacks")) for row in rows]


def judge(figures: list[tuple[str, int, int, int]], limits: Limits, known: Known) -> Iterator[Row]:
    for name, deadlocks, commits, rollbacks in figures:
        new = since(name, deadlocks, known)
        yield (warning if new else ok)(f"{name} 死锁 {deadlocks} 次" + (f",上次巡检后新增 {new:.0f} 次" if new else ""),
                                       f"{name} had {deadlocks} deadlocks" + (f", {new:.0f} of them since the last inspection" if new else ""),
                                       object=name, value=deadlocks)
        if commits + rollbacks >= 1000:
            share = 100 * rollbacks / (commits + rollbacks)
            yield Row(limits["rollbacks"].grade(share), f"{name} 回滚占 {share:.1f} %", f"{share:.1f} % of {name}'s transactions were rolled back",
                      object=f"{name} rollbacks", value=round(share, 2), unit="%")


CHECK = DatabaseCheck(
    id="PG-06",
    title=Text(zh="死锁与回滚", en="Deadlocks and roll-backs"),
    chapter="running",
    kinds=("postgresql",),
    queries={(12, 0): """
        SELECT datname, deadlocks, xact_commit AS commits, xact_rollback AS rollbacks FROM pg_stat_database
        WHERE datname IS NOT NULL AND datname NOT IN ('template0', 'template1') ORDER BY datname
    """},
    parse=parse,
    judge=judge,
    limits={"rollbacks": Limit(10, None, "%", Text(zh="经验值;pgwatch 也显示此项", en="own judgement; pgwatch shows it"))},
    objects={"rollbacks": "回滚"},
    remedy=Text(zh="在服务器日志中查找 deadlock detected,让应用按同一顺序加锁",
                en="Look for deadlock detected in the server log; let the application lock in one order"),
    source="PostgreSQL manual, pg_stat_database",
)
