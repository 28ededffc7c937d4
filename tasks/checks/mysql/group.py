"""CLU-07 Members of a group that replicates (MySQL Group Replication) or of a Galera cluster (R130 集群检查, R135 数据库的运行状态)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reports.records import Outcome, Text
from tasks.checks.kinds import DatabaseCheck, Known, Limits, Row, critical, not_applicable, ok, whole
from tasks.checks.tables import my_settings, settings

_SETTINGS = my_settings("uptime", "wsrep_on", "wsrep_cluster_status", "wsrep_cluster_size", "wsrep_local_state_comment")
# A server that has the plug-in and is in no group shows itself, OFFLINE and without a name.
# The collation is said, as those of the two halves differ.
_MEMBERS = (" UNION ALL SELECT CONVERT(concat('member ', member_host) USING utf8mb4) COLLATE utf8mb4_bin, "
            "CONVERT(concat(member_state{role}) USING utf8mb4) COLLATE utf8mb4_bin FROM performance_schema.replication_group_members")
MEMBER = {"ONLINE": Outcome.OK, "RECOVERING": Outcome.WARNING}
LOCAL = {"Synced": Outcome.OK, "Donor/Desynced": Outcome.WARNING, "Joining": Outcome.WARNING, "Joined": Outcome.WARNING}


def parse(rows: list[dict[str, Any]]) -> dict[str, str]:
    return settings(rows, "uptime")


def judge(values: dict[str, str], limits: Limits, known: Known) -> Iterator[Row]:
    members = {name.removeprefix("member ").strip(): value.split() for name, value in values.items() if name.startswith("member ") and value.split()}
    for name, (state, *role) in members.items():
        shown = " ".join([state, *role])
        yield Row(MEMBER.get(state, Outcome.CRITICAL), f"组成员 {name or '(本机)'} 状态 {shown}",
                  f"member {name or '(this server)'} is {shown}", object=f"member {name}".strip())
    galera = values.get("wsrep_on", "OFF").upper() in ("ON", "1")
    if galera:
        state, local = values.get("wsrep_cluster_status", ""), values.get("wsrep_local_state_comment", "")
        if state == "Primary":
            yield ok("Galera 集群状态 Primary", "the Galera cluster is Primary", object="cluster")
        else:
            yield critical(f"Galera 集群状态 {state or '未知'},本节点不接受写入", f"the Galera cluster is {state or 'unknown'}; this node takes no writes",
                           object="cluster")
        yield Row(LOCAL.get(local, Outcome.CRITICAL), f"本节点状态 {local or '未知'}", f"this node is {local or 'unknown'}", object="node")
        members |= dict.fromkeys(map(str, range(whole(values.get("wsrep_cluster_size"), "the size of the cluster"))), [])
    if not galera and not members:
        yield not_applicable("没有组复制,也没有 Galera", "neither Group Replication nor Galera")
        return
    before, size = known.before.get("size"), len(members)
    fewer = before is not None and before.value is not None and size < before.value
    last = f"{before.value:.0f}" if before is not None and before.value is not None else ""
    yield Row(Outcome.WARNING if fewer else Outcome.OK, f"共 {size} 个成员" + (f",上次为 {last} 个" if fewer else ""),
              f"{size} members" + (f"; last time there were {last}" if fewer else ""), object="size", value=size, unit="members")


CHECK = DatabaseCheck(
    id="CLU-07",
    title=Text(zh="组复制与 Galera", en="Group Replication and Galera"),
    chapter="running",
    kinds=("mysql", "mariadb"),
    queries={(5, 7): _SETTINGS["queries"][5, 7] + _MEMBERS.format(role=""),
             (8, 0): _SETTINGS["queries"][5, 7] + _MEMBERS.format(role=", ' ', member_role")},
    mariadb_queries=_SETTINGS["mariadb_queries"],
    parse=parse,
    judge=judge,
    objects={"member": "成员", "cluster": "集群", "node": "本节点", "size": "成员数"},
    remedy=Text(zh="查看错误日志与节点间网络;START GROUP_REPLICATION,或重启掉队节点使其重新加入;不要在非 Primary 分区写入",
                en="See error log and network between the nodes; START GROUP_REPLICATION, or restart the node that fell out; "
                   "write nothing in a partition that is not Primary"),
    source="MySQL manual, replication_group_members; Galera wsrep_cluster_status",
    needs=Text(zh="performance_schema 的 SELECT(MySQL)", en="SELECT on performance_schema (MySQL)"),
)
