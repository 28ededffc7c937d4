"""MY-09 Whether this replica follows its source (R135 数据库的运行状态)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reports.records import Text
from tasks.checks.kinds import DatabaseCheck, Known, Limit, Limits, Row, Unreadable, critical, not_applicable, unknown, warning
from tasks.checks.tables import flag, maybe, or_nothing, word

# What SHOW ALL SLAVES STATUS calls them.
_MARIADB = {"channel": "Connection_name", "receiver": "Slave_IO_Running", "applier": "Slave_SQL_Running", "late": "Seconds_Behind_Master"}


def parse(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """channel, receiver, applier, late, error, reads_only ("" where not told) of each channel; none: it is no replica."""
    found = []
    for row in rows:
        if "Slave_IO_Running" in row:
            error = "; ".join(filter(None, (word(row, "Last_IO_Error"), word(row, "Last_SQL_Error"))))
            found.append({**{name: row.get(theirs) for name, theirs in _MARIADB.items()}, "error": error, "reads_only": ""})
        elif missing := {"channel", "receiver", "applier", "late", "error", "reads_only"} - set(row):
            raise Unreadable(f"columns are missing: {', '.join(sorted(missing))}", f"缺少列:{', '.join(sorted(missing))}")
        elif row["receiver"] is not None:
            found.append(row)
    return found


def judge(channels: list[dict[str, Any]], limits: Limits, known: Known) -> Iterator[Row]:
    for row in channels:
        name, receiver, applier = word(row, "channel") or "replication", word(row, "receiver"), word(row, "applier")
        runs = receiver.upper() in ("YES", "ON") and applier.upper() in ("YES", "ON")
        error, late = word(row, "error"), maybe(row, "late")
        if not runs:
            yield critical(f"复制中断:接收 {receiver},应用 {applier};{error or '没有错误信息'}",
                           f"replication stands: receiver {receiver}, applier {applier}; {error or 'no error is told'}", object=name, evidence=error)
        elif late is None:
            yield unknown("复制延迟未知", "how late it is cannot be told", object=name)
        else:
            yield Row(limits["late"].grade(late), f"复制正常,落后 {late:.0f} 秒", f"it follows, {late:.0f} s behind", object=name, value=late, unit="s")
        if row["reads_only"] != "" and not flag(row, "reads_only"):
            yield warning("备库可写,数据可能分叉;执行:SET GLOBAL read_only = ON;",
                          "the replica takes writes, and may come to differ; run: SET GLOBAL read_only = ON;", object=f"{name} read_only")
    if not channels and known.expected.get("role") == "standby":
        yield critical("登记为备库,但没有配置复制", "it should be a standby, and replicates nothing")
    elif not channels:
        yield not_applicable("不是备库", "it is no replica")


CHECK = DatabaseCheck(
    id="MY-09",
    title=Text(zh="主从复制", en="Replication"),
    chapter="running",
    kinds=("mysql", "mariadb"),
    queries={(8, 0): or_nothing("""
        SELECT c.channel_name AS channel, c.service_state AS receiver, a.service_state AS applier, @@read_only AS reads_only,
               nullif(concat_ws('; ', nullif(c.last_error_message, ''), nullif(w.last_error_message, '')), '') AS error, w.late AS late
        FROM performance_schema.replication_connection_status c
        LEFT JOIN performance_schema.replication_applier_status a ON a.channel_name = c.channel_name
        LEFT JOIN (SELECT channel_name, max(last_error_message) AS last_error_message,
                          max(CASE WHEN applying_transaction = '' THEN 0
                              ELSE greatest(0, timestampdiff(SECOND, applying_transaction_original_commit_timestamp, now())) END) AS late
                   FROM performance_schema.replication_applier_status_by_worker GROUP BY channel_name) w ON w.channel_name = c.channel_name
        WHERE c.channel_name NOT LIKE 'group_replication%'
    """)},
    mariadb_queries={(10, 3): "SHOW ALL SLAVES STATUS"},
    parse=parse,
    judge=judge,
    limits={"late": Limit(30, 300, "s", "own judgement")},
    objects={"replication": "复制"},
    remedy=Text(zh="查看错误并修复:SHOW REPLICA STATUS;确认可跳过或重做备库后 START REPLICA;",
                en="See the error: SHOW REPLICA STATUS; then START REPLICA; or build the replica anew"),
    source="MySQL manual, performance_schema replication tables; MariaDB SHOW ALL SLAVES STATUS",
    needs=Text(zh="performance_schema 的 SELECT(MySQL),SLAVE MONITOR(MariaDB)", en="SELECT on performance_schema (MySQL), SLAVE MONITOR (MariaDB)"),
)
