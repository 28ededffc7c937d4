"""H-SYS-01d Gateways' redirects are not taken (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.kernel import OF_KERNEL, are, values, written
from tasks.controls.kinds import HostControl

WANTED = {"net.ipv4.conf.all.secure_redirects": "0", "net.ipv4.conf.default.secure_redirects": "0"}

CONTROL = HostControl(
    id="H-SYS-01d",
    **OF_KERNEL,
    title=Text(zh="不接受网关的重定向", en="Gateways' redirects are not taken"),
    severity="medium",
    judge=are(WANTED),
    mend=values(WANTED),
    remedy=written(WANTED),
    clause="1.4.4 b",
    rule="sysctl_net_ipv4_conf_all_secure_redirects", cis="3.3.6",
    cuts_off=True,
)
