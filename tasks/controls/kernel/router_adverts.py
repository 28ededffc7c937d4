"""H-SYS-04b Router advertisements are not taken (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.kernel import OF_KERNEL, are
from tasks.controls.kinds import HostControl

CONTROL = HostControl(
    id="H-SYS-04b",
    **OF_KERNEL,
    title=Text(zh="不接受路由通告", en="Router advertisements are not taken"),
    severity="medium",
    judge=are({"net.ipv6.conf.all.accept_ra": "0", "net.ipv6.conf.default.accept_ra": "0"}),
    remedy=Text(zh="写入 /etc/sysctl.d 并 sysctl -p:net.ipv6.conf.all.accept_ra=0;net.ipv6.conf.default.accept_ra=0",
                en="in a file of /etc/sysctl.d, then sysctl -p: net.ipv6.conf.all.accept_ra=0, net.ipv6.conf.default.accept_ra=0"),
    clause="1.4.4 b",
    level=3,
    rule="sysctl_net_ipv6_conf_all_accept_ra", cis="3.3.11",
    risk="high",
    breaks=Text(zh="由路由通告得到的 IPv6 地址会消失", en="IPv6 addresses had by router advertisement go"),
    cuts_off=True,
)
