"""H-SYS-04a Packets are not forwarded (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.kernel import OF_KERNEL, are
from tasks.controls.kinds import HostControl

CONTROL = HostControl(
    id="H-SYS-04a",
    **OF_KERNEL,
    title=Text(zh="不转发数据包", en="Packets are not forwarded"),
    severity="medium",
    judge=are({"net.ipv4.ip_forward": "0", "net.ipv6.conf.all.forwarding": "0"}),
    remedy=Text(zh="写入 /etc/sysctl.d 并 sysctl -p:net.ipv4.ip_forward=0;net.ipv6.conf.all.forwarding=0",
                en="in a file of /etc/sysctl.d, then sysctl -p: net.ipv4.ip_forward=0, net.ipv6.conf.all.forwarding=0"),
    clause="1.4.4 b",
    rule="sysctl_net_ipv4_ip_forward", cis="3.3.1",
    risk="high",
    breaks=Text(zh="Docker、Kubernetes、VPN、libvirt 会中断:登记为例外", en="Docker, Kubernetes, VPN and libvirt break: list an exception"),
    cuts_off=True,
)
