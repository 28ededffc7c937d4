"""H-SYS-03d Packets with impossible senders are logged (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.kernel import OF_KERNEL, are, values, written
from tasks.controls.kinds import HostControl

WANTED = {"net.ipv4.conf.all.log_martians": "1", "net.ipv4.conf.default.log_martians": "1"}

CONTROL = HostControl(
    id="H-SYS-03d",
    **OF_KERNEL,
    title=Text(zh="记录来源不可能的数据包", en="Packets with impossible senders are logged"),
    severity="medium",
    judge=are(WANTED),
    mend=values(WANTED),
    remedy=written(WANTED),
    clause="1.4.4 f",
    level=3,
    rule="sysctl_net_ipv4_conf_all_log_martians", cis="3.3.9",
    breaks=Text(zh="异常网络中日志会很多", en="in a faulty network the log grows"),
    cuts_off=True,
)
