"""PG-16 Replication slots that hold back WAL and vacuum (R138 数据库的空间使用状况)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reports.records import Outcome, Text
from tasks.checks.kinds import DatabaseCheck, Known, Limit, Limits, Row, not_applicable, warning
from tasks.checks.tables import figure, findings, flag, maybe, or_nothing, size, word


def parse(rows: list[dict[str, Any]]) -> tuple[list[str], list[dict[str, Any]]]:
    return findings(rows, "slot_name")


def judge(answer: tuple[list[str], list[dict[str, Any]]], limits: Limits, known: Known) -> Iterator[Row]:
    clean, slots = answer
    for row in slots:
        name, active, state, kept = word(row, "slot_name"), flag(row, "active"), word(row, "wal_status"), maybe(row, "retained") or 0
        statement = "SELECT pg_drop_replication_slot('" + name.replace("'", "''") + "');"
        outcome = limits["retained"].grade(max(0, kept))
        if state in ("unreserved", "lost") or word(row, "invalid"):
            outcome = Outcome.CRITICAL
        elif not active and outcome is Outcome.OK:
            outcome = Outcome.WARNING
        zh = f"复制槽 {name} {'使用中' if active else '无人使用'},保留 WAL {size(max(0, kept))}" + (f",状态 {state}" if state else "")
        en = f"slot {name} is {'in use' if active else 'not in use'} and holds back {size(max(0, kept))} of WAL" + (f", status {state}" if state else "")
        if not active:
            zh, en = f"{zh};确认不再需要后执行:{statement}", f"{en}; if nobody needs it: {statement}"
        yield Row(outcome, zh, en, object=name, value=max(0, kept), unit="bytes", evidence=word(row, "invalid"))
    if slots and figure(slots[0], "most") < 0:
        yield warning("max_slot_wal_keep_size 无上限,失效的槽会填满磁盘;执行:ALTER SYSTEM SET max_slot_wal_keep_size = '10GB'; SELECT pg_reload_conf();",
                      "max_slot_wal_keep_size has no bound, so a dead slot fills the disk; "
                      "run: ALTER SYSTEM SET max_slot_wal_keep_size = '10GB'; SELECT pg_reload_conf();",
                      object="max_slot_wal_keep_size")
    for _ in clean:
        yield not_applicable("没有复制槽", "there are no replication slots")


def _query(more: str) -> str:
    return or_nothing(f"""
        SELECT slot_name, active, {more},
               pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END, restart_lsn) AS retained
        FROM pg_replication_slots WHERE NOT temporary ORDER BY slot_name
    """)


_MOST = "(SELECT setting FROM pg_settings WHERE name = 'max_slot_wal_keep_size') AS most"

CHECK = DatabaseCheck(
    id="PG-16",
    title=Text(zh="复制槽", en="Replication slots"),
    chapter="space",
    kinds=("postgresql",),
    queries={
        (12, 0): _query("'' AS wal_status, '' AS invalid, 0 AS most"),
        (13, 0): _query(f"wal_status, '' AS invalid, {_MOST}"),
        (16, 0): _query(f"wal_status, CASE WHEN conflicting THEN 'conflicting' END AS invalid, {_MOST}"),
        (17, 0): _query(f"wal_status, invalidation_reason AS invalid, {_MOST}"),
    },
    parse=parse,
    judge=judge,
    limits={"retained": Limit(1 << 30, 10 << 30, "bytes", Text(zh="经验值;pgwatch 的复制槽规则", en="own judgement; pgwatch replication slot rule"))},
    remedy=Text(zh="恢复使用者,或删除复制槽(语句在各行)", en="Bring its reader back, or drop the slot (statement in the row)"),
    source="PostgreSQL manual, pg_replication_slots: wal_status since 13, invalidation_reason since 17",
)
