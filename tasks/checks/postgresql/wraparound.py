"""PG-17 How far each database is from running out of transaction numbers (R135 数据库的运行状态)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reports.records import Outcome, Text
from tasks.checks.kinds import DatabaseCheck, Known, Limit, Limits, Row, Unreadable
from tasks.checks.tables import count, word

MOST = 2**31


def parse(rows: list[dict[str, Any]]) -> list[tuple[str, int, int, int]]:
    """Database, age of its oldest transaction and multixact number, freeze limit."""
    if not rows:
        raise Unreadable("no database at all", "没有任何数据库")
    return [(word(row, "datname"), count(row, "age"), count(row, "multi_age"), count(row, "freeze")) for row in rows]


def judge(ages: list[tuple[str, int, int, int]], limits: Limits, known: Known) -> Iterator[Row]:
    for name, age, multi, freeze in ages:
        for kind, value, what in (("", age, "xid"), (" multixact", multi, "mxid")):
            outcome = limits["age"].grade(value)
            if outcome is Outcome.OK and not kind and value > 1.2 * freeze:
                outcome = Outcome.WARNING  # autovacuum should have frozen it long ago: something holds it up
            yield Row(outcome, f"{name} {what} 年龄 {value / 1e6:.0f} 百万,为上限的 {100 * value / MOST:.0f} %" +
                      (f";在该库执行:VACUUM (FREEZE, VERBOSE);(vacuumdb --freeze -d {name})" if outcome is not Outcome.OK else ""),
                      f"{name}: {what} age is {value / 1e6:.0f} million, {100 * value / MOST:.0f} % of what there is" +
                      (f"; run in that database: VACUUM (FREEZE, VERBOSE); (vacuumdb --freeze -d {name})" if outcome is not Outcome.OK else ""),
                      object=name + kind, value=value, unit="transactions", capacity=MOST)


CHECK = DatabaseCheck(
    id="PG-17",
    title=Text(zh="事务号回卷", en="Transaction wraparound"),
    chapter="running",
    kinds=("postgresql",),
    queries={(12, 0): """
        SELECT datname, age(datfrozenxid) AS age, mxid_age(datminmxid) AS multi_age, current_setting('autovacuum_freeze_max_age') AS freeze
        FROM pg_database ORDER BY 2 DESC, datname
    """},
    parse=parse,
    judge=judge,
    limits={"age": Limit(1.0e9, 1.4e9, "transactions", Text(zh="check_postgres txn_wraparound:13 亿与 14 亿",
                                                            en="check_postgres txn_wraparound: 1.3 and 1.4 thousand million"))},
    remedy=Text(zh="先消除阻碍 vacuum 的长事务、预备事务和复制槽(PG-03、PG-05、PG-16、PG-28),再 VACUUM FREEZE",
                en="First end what holds vacuum back (PG-03, PG-05, PG-16, PG-28), then VACUUM FREEZE"),
    source="PostgreSQL manual, preventing transaction ID wraparound failures",
)
