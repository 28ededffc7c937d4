"""H-SYS-01e Redirects are not taken for ones of a shared medium (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.kernel import OF_KERNEL, are, values, written
from tasks.controls.kinds import HostControl

WANTED = {"net.ipv4.conf.all.shared_media": "0", "net.ipv4.conf.default.shared_media": "0"}

CONTROL = HostControl(
    id="H-SYS-01e",
    **OF_KERNEL,
    title=Text(zh="不按共享介质处理重定向", en="Redirects are not taken for ones of a shared medium"),
    severity="medium",
    judge=are(WANTED),
    mend=values(WANTED),
    remedy=written(WANTED),
    clause="1.4.4 b",
    rule="sysctl_net_ipv4_conf_all_shared_media",
    cuts_off=True,
)
