"""H-FW-01a Only what is needed is let in (IPv4) (R008 安全加固)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import Known, Row
from tasks.controls.firewall import OF_RULESET, Ruleset, shut
from tasks.controls.kinds import Bounds, HostControl, failed, passed


def judge(found: Ruleset, bounds: Bounds, known: Known) -> Iterator[Row]:
    chains = [chain for chain in found.chains if chain.family in ("inet", "ip")]
    if any(chain.drops for chain in chains) or found.policies.get("iptables") == "DROP":
        yield passed("未放行的连接被丢弃", "what is not let in is dropped")
    elif chains or "iptables" in found.policies:
        yield failed("包过滤存在,但默认放行", "there is a packet filter, and by default it lets everything in")
    else:
        yield failed("没有启用包过滤", "no packet filter is in use")


CONTROL = HostControl(
    id="H-FW-01a",
    **OF_RULESET,
    title=Text(zh="只放行需要的连接(IPv4)", en="Only what is needed is let in (IPv4)"),
    severity="medium",
    judge=judge,
    mend=shut,
    remedy=Text(zh="nftables:input 链 policy drop,放行已建立、回环、ICMP 与登记的端口;先验证新的 SSH 连接",
                en="nftables: input with policy drop; established, loopback, ICMP and the agreed ports let in; prove it by a new SSH connection"),
    clause="1.4.4 b",
    rule="nftables_ensure_default_deny_policy", cis="4.3.8",
    risk="high",
    breaks=Text(zh="写错的规则会切断登录、集群心跳、复制与业务连接", en="a wrong rule cuts off log-ins, heartbeats of clusters, replication and users"),
    cuts_off=True,
)
