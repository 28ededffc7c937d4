"""H-FW-02 One tool rules the packet filter (R008 安全加固)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import Known, Row
from tasks.controls.firewall import OF_RULESET, Ruleset
from tasks.controls.kinds import Bounds, HostControl, failed, passed


def judge(found: Ruleset, bounds: Bounds, known: Known) -> Iterator[Row]:
    tools = sorted(set(found.active) - {"netfilter-persistent", "iptables"}) if len(found.active) > 1 else found.active
    if len(tools) > 1:
        yield failed(f"同时启用:{'、'.join(tools)}", f"several are in use at once: {', '.join(tools)}")
    else:
        yield passed("没有互相冲突的工具", "no two tools write over each other")


CONTROL = HostControl(
    id="H-FW-02",
    **OF_RULESET,
    title=Text(zh="只有一个工具管理包过滤", en="One tool rules the packet filter"),
    severity="medium",
    judge=judge,
    remedy=Text(zh="只保留 nftables、firewalld、ufw 之一", en="keep one of nftables, firewalld and ufw"),
    clause="1.4.4 b",
    rule="firewall_single_service_active", cis="4.1.1",
    risk="high",
    breaks=Text(zh="写错的规则会切断登录、集群心跳、复制与业务连接", en="a wrong rule cuts off log-ins, heartbeats of clusters, replication and users"),
    cuts_off=True,
)
