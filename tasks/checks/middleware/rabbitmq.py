"""MID-07a RabbitMQ: alarms, nodes and partitions (R127 其他设备和软件)."""

from __future__ import annotations

import json
from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import HostCheck, Known, Limits, Row, Unreadable, critical, ok
from tasks.checks.lines import until_end

ALARMS = {"memory": ("内存", "memory"), "disk": ("磁盘空间", "room on disk"), "file_descriptor_limit": ("文件句柄", "file handles")}


def parse(output: str) -> tuple[list[str], list[str], list[tuple[str, str]], bool]:
    """Nodes that belong to it, nodes that run, alarms (node, of what), whether it is split."""
    found = json.loads("\n".join(until_end(output)) or "null")
    if not isinstance(found, dict) or not found.get("running_nodes"):
        raise Unreadable("rabbitmq-diagnostics named no node that runs", "rabbitmq-diagnostics 没有列出运行中的节点")
    alarms = [(str(alarm.get("node", "")), str(alarm.get("resource") or alarm.get("type") or "")) for alarm in found.get("alarms", [])]
    return [*found.get("disk_nodes", []), *found.get("ram_nodes", [])], list(found["running_nodes"]), alarms, bool(found.get("partitions"))


def judge(answer: tuple[list[str], list[str], list[tuple[str, str]], bool], limits: Limits, known: Known) -> Iterator[Row]:
    nodes, running, alarms, split = answer
    for node in nodes:
        if node not in running:
            yield critical(f"节点 {node} 没有运行", f"node {node} does not run", object=node)
    for node, what in alarms:
        zh, en = ALARMS.get(what, (what, what))
        yield critical(f"节点 {node} 的{zh}告警:发布者被阻塞", f"alarm of {node}, {en}: publishers are blocked", object=f"{node} {what}")
    if split:
        yield critical("集群发生网络分区", "the cluster is split", object="partitions")
    if set(nodes) <= set(running) and not alarms and not split:
        yield ok(f"{len(running)} 个节点运行,没有告警", f"{len(running)} nodes run, no alarm")


CHECK = HostCheck(
    id="MID-07a",
    title=Text(zh="RabbitMQ", en="RabbitMQ"),
    chapter="middleware",
    command=r"""
tool=$(command -v rabbitmq-diagnostics) || na "没有安装 RabbitMQ" "RabbitMQ is not installed"
pgrep -u rabbitmq beam >/dev/null || na "RabbitMQ 没有运行" "RabbitMQ does not run"
out=$(timeout 20 "$tool" -q cluster_status --formatter json 2>&1) || cannot "rabbitmq-diagnostics 报错" "rabbitmq-diagnostics failed" "$out"
echo "$out"
echo end
""",
    parse=parse,
    judge=judge,
    objects={"partitions": "网络分区", "memory": "内存", "disk": "磁盘"},
    remedy=Text(zh="内存或磁盘告警:清理积压的队列、扩容;分区:确认保留哪一侧后重启另一侧",
                en="Memory or disk: clear queues that nobody reads, extend. Split: decide which side counts, restart the other"),
    source="rabbitmq-diagnostics(8), cluster_status; RabbitMQ alarms",
    time_limit_s=30,
)
