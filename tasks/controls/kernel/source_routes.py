"""H-SYS-01c Source routes are not taken (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.kernel import OF_KERNEL, are, values, written
from tasks.controls.kinds import HostControl

WANTED = {
    "net.ipv4.conf.all.accept_source_route": "0",
    "net.ipv4.conf.default.accept_source_route": "0",
    "net.ipv6.conf.all.accept_source_route": "0",
    "net.ipv6.conf.default.accept_source_route": "0",
}

CONTROL = HostControl(
    id="H-SYS-01c",
    **OF_KERNEL,
    title=Text(zh="不接受源路由", en="Source routes are not taken"),
    severity="medium",
    judge=are(WANTED),
    mend=values(WANTED),
    remedy=written(WANTED),
    clause="1.4.4 b",
    rule="sysctl_net_ipv4_conf_all_accept_source_route", cis="3.3.8",
    cuts_off=True,
)
