"""H-SYS-02 Packets with a false sender are dropped (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.kernel import OF_KERNEL, are, values, written
from tasks.controls.kinds import HostControl

WANTED = {"net.ipv4.conf.all.rp_filter": ("1", "2"), "net.ipv4.conf.default.rp_filter": ("1", "2")}

CONTROL = HostControl(
    id="H-SYS-02",
    **OF_KERNEL,
    title=Text(zh="反向路径过滤", en="Packets with a false sender are dropped"),
    severity="medium",
    judge=are(WANTED),
    mend=values(WANTED),
    remedy=written(WANTED),
    clause="1.4.4 b",
    rule="sysctl_net_ipv4_conf_all_rp_filter", cis="3.3.7",
    risk="medium",
    breaks=Text(zh="多网卡、路由不对称的主机用 2,否则会丢包", en="hosts with several networks or uneven routes need 2, else packets are lost"),
    cuts_off=True,
)
