"""H-SYS-01a ICMP redirects are not taken (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.kernel import OF_KERNEL, are, values, written
from tasks.controls.kinds import HostControl

WANTED = {
    "net.ipv4.conf.all.accept_redirects": "0",
    "net.ipv4.conf.default.accept_redirects": "0",
    "net.ipv6.conf.all.accept_redirects": "0",
    "net.ipv6.conf.default.accept_redirects": "0",
}

CONTROL = HostControl(
    id="H-SYS-01a",
    **OF_KERNEL,
    title=Text(zh="不接受 ICMP 重定向", en="ICMP redirects are not taken"),
    severity="medium",
    judge=are(WANTED),
    mend=values(WANTED),
    remedy=written(WANTED),
    clause="1.4.4 b",
    rule="sysctl_net_ipv4_conf_all_accept_redirects", cis="3.3.5",
    breaks=Text(zh="路由器、VPN 或负载均衡主机可能需要它:登记为例外", en="routers, VPN and load balancing hosts may need it: list an exception"),
    cuts_off=True,
)
