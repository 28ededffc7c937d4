"""H-SSH-11a Log level of sshd (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.kinds import HostControl
from tasks.controls.ssh import OF_SSHD, one_of, sets

CONTROL = HostControl(
    id="H-SSH-11a",
    **OF_SSHD,
    title=Text(zh="SSH 日志级别", en="Log level of sshd"),
    severity="low",
    judge=one_of("LogLevel", "VERBOSE", "INFO"),
    mend=sets("LogLevel", "VERBOSE"),
    remedy=Text(zh="LogLevel VERBOSE", en="LogLevel VERBOSE"),
    clause="1.4.3 a",
    rule="sshd_set_loglevel_info", cis="5.1.14",
)
