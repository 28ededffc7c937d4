"""CLU-01 Nodes and resources of Pacemaker (R130 集群检查)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import HostCheck, Known, Limits, Row, Unreadable, critical, ok, warning
from tasks.checks.lines import until_end


def parse(output: str) -> list[tuple[str, str, dict[str, str]]]:
    """Kind (node, resource, summary), name, attributes; from crm_mon's XML, read by its tags."""
    text = "\n".join(until_end(output))
    if "<crm_mon" not in text and "<pacemaker-result" not in text:
        raise Unreadable("crm_mon printed no XML of its kind", "crm_mon 输出的不是它的 XML")
    found = []
    for tag, attributes in re.findall(r"<(node|resource|cluster_options)\s([^<>]*?)/?>", text):
        told = dict(re.findall(r'([\w-]+)="([^"]*)"', attributes))
        # <node name= id=/> inside a resource only says where it runs
        if tag == "node" and "online" not in told:
            continue
        found.append((tag, told.get("name") or told.get("id") or "", told))
    if not any(kind == "node" for kind, _, _ in found):
        raise Unreadable("crm_mon named no node", "crm_mon 没有列出节点")
    return found


def judge(found: list[tuple[str, str, dict[str, str]]], limits: Limits, known: Known) -> Iterator[Row]:
    for kind, name, told in found:
        if kind == "node":
            if told.get("online") != "true" or told.get("unclean") == "true":
                yield critical(f"节点 {name} 离线", f"node {name} is offline", object=f"node {name}")
            elif "true" in (told.get("standby"), told.get("maintenance")):
                yield warning(f"节点 {name} 处于 standby 或维护", f"node {name} is on standby or in maintenance", object=f"node {name}")
            else:
                yield ok(f"节点 {name} 在线", f"node {name} is online", object=f"node {name}")
        elif kind == "resource":
            name = told.get("id", name)
            if told.get("failed") == "true" or told.get("blocked") == "true":
                yield critical(f"资源 {name} 失败", f"resource {name} failed", object=f"resource {name}")
            elif told.get("role") == "Stopped" and told.get("target_role") != "Stopped":
                yield critical(f"资源 {name} 停止", f"resource {name} is stopped", object=f"resource {name}")
            else:
                yield ok(f"资源 {name} {told.get('role', '')}", f"resource {name} is {told.get('role', '')}", object=f"resource {name}")
        elif told.get("maintenance-mode") == "true":
            yield warning("集群处于维护模式", "the cluster is in maintenance mode", object="cluster")
        elif told.get("stonith-enabled") == "false":
            yield warning("没有启用隔离(stonith)", "fencing (stonith) is off", object="cluster")


CHECK = HostCheck(
    id="CLU-01",
    title=Text(zh="Pacemaker", en="Pacemaker"),
    chapter="cluster",
    command=r"""
command -v crm_mon >/dev/null || na "没有安装 Pacemaker" "pacemaker is not installed"
out=$(timeout 15 crm_mon -1 --output-as=xml 2>/dev/null) || out=$(timeout 15 crm_mon -1 -X 2>&1) || cannot "crm_mon 报错" "crm_mon failed" "$out"
echo "$out"
echo end
""",
    parse=parse,
    judge=judge,
    objects={"node": "节点", "resource": "资源", "cluster": "集群"},
    remedy=Text(zh="查明原因后 pcs resource cleanup <资源>", en="Find out why, then pcs resource cleanup <resource>"),
    source="crm_mon(8)",
    time_limit_s=40,
    byte_limit=1_000_000,
)
