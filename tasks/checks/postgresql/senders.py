"""PG-14 Standbys of this primary and how far behind they are (R135 数据库的运行状态)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reports.records import Outcome, Text
from tasks.checks.kinds import DatabaseCheck, Known, Limit, Limits, Row, critical, not_applicable, unknown
from tasks.checks.tables import SEES_STATISTICS, findings, maybe, or_nothing, size, word


def parse(rows: list[dict[str, Any]]) -> tuple[list[str], list[dict[str, Any]]]:
    return findings(rows, "application_name")


def judge(answer: tuple[list[str], list[dict[str, Any]]], limits: Limits, known: Known) -> Iterator[Row]:
    _, senders = answer
    there = {word(row, "application_name") for row in senders}
    for name in known.expected.get("standbys", ()):
        if name not in there:
            yield critical(f"缺少备库 {name}", f"standby {name} is missing", object=name)
    for row in senders:
        name, state, behind, seconds = word(row, "application_name"), word(row, "state"), maybe(row, "bytes"), maybe(row, "seconds") or 0
        if behind is None:
            yield unknown(f"{name} 的进度未知(状态 {state})", f"how far {name} is cannot be told (state {state})", object=name)
            continue
        outcome = max((limits["bytes"].grade(behind), limits["seconds"].grade(seconds), Outcome.OK if state in ("streaming", "backup") else Outcome.WARNING),
                      key=lambda grade: grade.weight)
        yield Row(outcome, f"{name} {state},落后 {size(behind)}、{seconds:.0f} 秒", f"{name} is {state}, {size(behind)} and {seconds:.0f} s behind",
                  object=name, value=behind, unit="bytes")
    if not senders and not known.expected.get("standbys"):
        yield not_applicable("没有备库连接,也没有登记应有的备库", "no standby is connected, and none is expected")


CHECK = DatabaseCheck(
    id="PG-14",
    title=Text(zh="流复制(主库侧)", en="Replication, at the primary"),
    chapter="running",
    kinds=("postgresql",),
    queries={(12, 0): or_nothing("""
        SELECT coalesce(nullif(application_name, ''), host(client_addr), 'local') AS application_name, state,
               pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery() THEN pg_last_wal_receive_lsn() ELSE pg_current_wal_lsn() END,
                               coalesce(replay_lsn, flush_lsn)) AS bytes,
               extract(epoch FROM replay_lag) AS seconds
        FROM pg_stat_replication ORDER BY 1
    """, SEES_STATISTICS)},
    parse=parse,
    judge=judge,
    limits={"bytes": Limit(16 << 20, 1 << 30, "bytes", "own judgement"), "seconds": Limit(30, 300, "s", "own judgement")},
    remedy=Text(zh="检查备库与网络;应有的备库登记在条目的 expected.standbys",
                en="Look at the standby and the network; which standbys must be there stands in expected.standbys"),
    source="PostgreSQL manual, pg_stat_replication",
    needs="pg_monitor",
)
