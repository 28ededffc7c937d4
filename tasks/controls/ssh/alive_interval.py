"""H-SSH-05a How often a silent client is asked whether it is there (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.kinds import HostControl, at_most
from tasks.controls.ssh import OF_SSHD, sets, within

CONTROL = HostControl(
    id="H-SSH-05a",
    **OF_SSHD,
    title=Text(zh="断线探测间隔", en="How often a silent client is asked whether it is there"),
    severity="medium",
    judge=within("ClientAliveInterval", "interval", "s"),
    mend=sets("ClientAliveInterval", bound="interval"),
    bounds={"interval": at_most(300, "s", "CIS Debian 12 5.1.7", off=0)},
    remedy=Text(zh="ClientAliveInterval 300", en="ClientAliveInterval 300"),
    clause="1.4.1 b",
    rule="sshd_set_idle_timeout", cis="5.1.7",
    cuts_off=True,
)
