"""PG-15 Whether this standby follows its primary (R135 数据库的运行状态)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reports.records import Text
from tasks.checks.kinds import DatabaseCheck, Known, Limit, Limits, Row, critical, not_applicable, ok, unknown, warning
from tasks.checks.tables import SEES_STATISTICS, flag, maybe, one, size, word


def parse(rows: list[dict[str, Any]]) -> dict[str, Any]:
    row = one(rows)
    standby = flag(row, "standby")
    return {"standby": standby, "status": word(row, "status"), "paused": standby and flag(row, "paused"), "behind": maybe(row, "behind"),
            "age": maybe(row, "age"),
            "restores": flag(row, "restores")}


def judge(now: dict[str, Any], limits: Limits, known: Known) -> Iterator[Row]:
    if not now["standby"]:
        yield not_applicable("这是主库", "this is a primary")
        return
    if now["status"] == "streaming":
        yield ok("正在从主库接收", "it receives from its primary", object="receiver")
    elif now["restores"] and not now["status"]:
        yield warning("没有流复制,只从归档恢复", "it does not stream; it restores from the archive only", object="receiver")
    else:
        yield critical(f"没有从主库接收(状态:{now['status'] or '无接收进程'})",
                       f"it does not receive from its primary (status: {now['status'] or 'no receiver'})", object="receiver")
    if now["paused"]:
        yield warning("回放已暂停;执行:SELECT pg_wal_replay_resume();", "replay is paused; run: SELECT pg_wal_replay_resume();", object="replay")
    elif now["behind"] is None:
        yield unknown("回放进度未知", "how far it has replayed cannot be told", object="replay")
    else:
        # The time since the last transaction says nothing where everything that came is replayed: the primary may be idle.
        seconds = (now["age"] or 0) if now["behind"] > 0 else 0
        yield Row(limits["seconds"].grade(seconds), f"待回放 {size(now['behind'])},延迟 {seconds:.0f} 秒",
                  f"{size(now['behind'])} wait for replay, {seconds:.0f} s behind",
                  object="replay", value=seconds, unit="s")


CHECK = DatabaseCheck(
    id="PG-15",
    title=Text(zh="流复制(备库侧)", en="Replication, at the standby"),
    chapter="running",
    kinds=("postgresql",),
    queries={(12, 0): """
        SELECT pg_is_in_recovery() AS standby, (SELECT status FROM pg_stat_wal_receiver) AS status,
               CASE WHEN pg_is_in_recovery() THEN pg_is_wal_replay_paused() END AS paused,
               CASE WHEN pg_is_in_recovery() THEN greatest(0, pg_wal_lsn_diff(coalesce(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn()),
                                                                              pg_last_wal_replay_lsn())) END AS behind,
               extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp()) AS age,
               coalesce(current_setting('restore_command', true), '') <> '' AS restores, {SEES_STATISTICS} AS allowed
    """.replace("{SEES_STATISTICS}", SEES_STATISTICS)},
    parse=parse,
    judge=judge,
    limits={"seconds": Limit(30, 300, "s", "own judgement")},
    objects={"receiver": "接收", "replay": "回放"},
    remedy=Text(zh="检查 primary_conninfo、网络和主库的 WAL 保留;缺失的 WAL 需重做备库",
                en="Look at primary_conninfo, the network and what WAL the primary keeps; lost WAL means a new standby"),
    source="PostgreSQL manual, pg_stat_wal_receiver, recovery functions",
    needs="pg_monitor",
)
