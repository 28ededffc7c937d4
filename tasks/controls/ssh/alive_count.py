"""H-SSH-05b How often before a silent client is cut off (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.kinds import HostControl, at_most
from tasks.controls.ssh import OF_SSHD, sets, within

CONTROL = HostControl(
    id="H-SSH-05b",
    **OF_SSHD,
    title=Text(zh="断线探测次数", en="How often before a silent client is cut off"),
    severity="medium",
    judge=within("ClientAliveCountMax", "count", "times"),
    mend=sets("ClientAliveCountMax", bound="count"),
    bounds={"count": at_most(3, "times", "CIS Debian 12 5.1.7", off=0)},
    remedy=Text(zh="ClientAliveCountMax 3(OpenSSH 8.2 起 0 表示不断开)", en="ClientAliveCountMax 3 (0 means never since OpenSSH 8.2)"),
    clause="1.4.1 b",
    rule="sshd_set_keepalive", cis="5.1.7",
    cuts_off=True,
)
