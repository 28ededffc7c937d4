"""H-SSH-11d It is recorded by which key somebody logged in (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.kinds import HostControl
from tasks.controls.ssh import OF_SSHD, one_of, sets

CONTROL = HostControl(
    id="H-SSH-11d",
    **OF_SSHD,
    title=Text(zh="记录登录所用的密钥", en="It is recorded by which key somebody logged in"),
    severity="low",
    judge=one_of("LogLevel", "VERBOSE"),
    mend=sets("LogLevel", "VERBOSE"),
    remedy=Text(zh="LogLevel VERBOSE", en="LogLevel VERBOSE"),
    clause="1.4.3 b",
    level=3,
    rule="sshd_set_loglevel_verbose", cis="5.1.14",
    cuts_off=True,
)
