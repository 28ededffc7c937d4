"""H-FW-03 The rules are there after a restart (R008 安全加固)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import Known, Row
from tasks.controls.firewall import OF_RULESET, Ruleset, shut
from tasks.controls.kinds import Bounds, HostControl, failed, passed


def judge(found: Ruleset, bounds: Bounds, known: Known) -> Iterator[Row]:
    if found.enabled:
        yield passed(f"开机启动:{'、'.join(found.enabled)}", f"enabled: {', '.join(found.enabled)}")
    else:
        yield failed("没有开机启动的包过滤服务,重启后规则丢失", "no service of a packet filter is enabled: its rules are gone after a restart")


CONTROL = HostControl(
    id="H-FW-03",
    **OF_RULESET,
    title=Text(zh="重启后规则仍在", en="The rules are there after a restart"),
    severity="medium",
    judge=judge,
    mend=shut,
    remedy=Text(zh="systemctl enable nftables(规则文件写好之后)", en="systemctl enable nftables, once its file holds the rules"),
    clause="1.4.4 c",
    rule="service_nftables_enabled", cis="4.3.9",
    risk="medium",
    breaks=Text(zh="规则文件有误时重启后会切断登录", en="with a mistake in its file a restart cuts off log-ins"),
    cuts_off=True,
)
