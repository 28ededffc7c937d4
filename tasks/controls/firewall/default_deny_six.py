"""H-FW-01b Only what is needed is let in (IPv6) (R008 安全加固)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import Known, Row
from tasks.controls.firewall import OF_RULESET, Ruleset, shut
from tasks.controls.kinds import Bounds, HostControl, failed, not_applicable, passed


def judge(found: Ruleset, bounds: Bounds, known: Known) -> Iterator[Row]:
    chains = [chain for chain in found.chains if chain.family in ("inet", "ip6")]
    if any(chain.drops for chain in chains) or found.policies.get("ip6tables") == "DROP":
        yield passed("未放行的 IPv6 连接被丢弃", "what is not let in over IPv6 is dropped")
    elif not any(one.startswith(("[", "*")) for one in found.listens):
        yield not_applicable("不适用:没有程序经 IPv6 监听", "not applicable: nothing listens over IPv6")
    else:
        yield failed("IPv6 没有包过滤,或默认放行", "over IPv6 there is no packet filter, or it lets everything in")


CONTROL = HostControl(
    id="H-FW-01b",
    **OF_RULESET,
    title=Text(zh="只放行需要的连接(IPv6)", en="Only what is needed is let in (IPv6)"),
    severity="medium",
    judge=judge,
    mend=shut,
    remedy=Text(zh="规则写在 inet 表中,同时管 IPv4 与 IPv6", en="put the rules into a table of the family inet, which holds for both"),
    clause="1.4.4 b",
    rule="set_ip6tables_default_rule", cis="4.4.3.1",
    risk="high",
    breaks=Text(zh="写错的规则会切断登录、集群心跳、复制与业务连接", en="a wrong rule cuts off log-ins, heartbeats of clusters, replication and users"),
    cuts_off=True,
)
