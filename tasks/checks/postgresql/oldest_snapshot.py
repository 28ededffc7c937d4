"""PG-28 What holds vacuum back: the oldest snapshot anybody keeps (R135 数据库的运行状态)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reports.records import Text
from tasks.checks.kinds import DatabaseCheck, Known, Limit, Limits, Row, ok
from tasks.checks.tables import SEES_STATISTICS, figure, findings, or_nothing, word

KINDS = {"session": "会话", "prepared transaction": "预备事务", "replication slot": "复制槽", "standby feedback": "备库"}


def parse(rows: list[dict[str, Any]]) -> tuple[list[str], list[dict[str, Any]]]:
    return findings(rows, "holder")


def judge(answer: tuple[list[str], list[dict[str, Any]]], limits: Limits, known: Known) -> Iterator[Row]:
    clean, holders = answer
    for row in holders:
        age, what, kind = figure(row, "age"), word(row, "holder"), word(row, "kind")
        name = what.removeprefix(kind.removesuffix(" feedback")).strip()
        yield Row(limits["age"].grade(age), f"{KINDS.get(kind, kind)} {name} 保留着 {age:.0f} 个事务之前的快照,vacuum 无法清理其后的死行",
                  f"{what} keeps a snapshot {age:.0f} transactions old; vacuum can "
                  "clear nothing since", object=kind, value=age, unit="transactions")
    for _ in clean:
        yield ok("没有什么阻碍 vacuum", "nothing holds vacuum back")


CHECK = DatabaseCheck(
    id="PG-28",
    title=Text(zh="阻碍 vacuum 的快照", en="What holds vacuum back"),
    chapter="running",
    kinds=("postgresql",),
    queries={(12, 0): or_nothing("""
        SELECT DISTINCT ON (kind) kind, holder, age FROM (
            SELECT 'session' AS kind, 'session ' || coalesce(usename, '') || '@' || coalesce(datname, '') || ' pid ' || pid AS holder,
                   greatest(age(backend_xmin), age(backend_xid)) AS age
            FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type <> 'walsender'
            UNION ALL SELECT 'prepared transaction', 'prepared transaction ' || gid, age(transaction) FROM pg_prepared_xacts
            UNION ALL SELECT 'replication slot', 'replication slot ' || slot_name, greatest(age(xmin), age(catalog_xmin)) FROM pg_replication_slots
            UNION ALL SELECT 'standby feedback', 'standby ' || application_name, age(backend_xmin) FROM pg_stat_replication
        ) held WHERE age > 0 ORDER BY kind, age DESC
    """, SEES_STATISTICS)},
    parse=parse,
    judge=judge,
    limits={"age": Limit(1_000_000, 50_000_000, "transactions", Text(zh="经验值;cybertec 与 pgwatch 以此规模的 xmin 告警",
                                                                     en="own judgement; cybertec and pgwatch alert on xmin horizons of this size"))},
    objects=KINDS,
    remedy=Text(zh="结束该会话(PG-03)、回滚预备事务(PG-05)、删除无人使用的复制槽(PG-16)",
                en="End the session (PG-03), roll back what is prepared (PG-05), drop slots nobody uses (PG-16)"),
    source="PostgreSQL manual, routine vacuuming",
    needs="pg_monitor",
)
