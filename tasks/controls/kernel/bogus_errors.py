"""H-SYS-03c Bogus ICMP errors are ignored (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.kernel import OF_KERNEL, are, values, written
from tasks.controls.kinds import HostControl

WANTED = {"net.ipv4.icmp_ignore_bogus_error_responses": "1"}

CONTROL = HostControl(
    id="H-SYS-03c",
    **OF_KERNEL,
    title=Text(zh="忽略伪造的 ICMP 错误", en="Bogus ICMP errors are ignored"),
    severity="medium",
    judge=are(WANTED),
    mend=values(WANTED),
    remedy=written(WANTED),
    clause="1.4.4 b",
    rule="sysctl_net_ipv4_icmp_ignore_bogus_error_responses", cis="3.3.3",
    cuts_off=True,
)
