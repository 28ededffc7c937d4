"""H-SSH-04c Sessions of one connection (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.kinds import HostControl, at_most
from tasks.controls.ssh import OF_SSHD, sets, within

CONTROL = HostControl(
    id="H-SSH-04c",
    **OF_SSHD,
    title=Text(zh="每个连接的会话数", en="Sessions of one connection"),
    severity="medium",
    judge=within("MaxSessions", "sessions", "sessions"),
    mend=sets("MaxSessions", bound="sessions"),
    bounds={"sessions": at_most(10, "sessions", "CIS Debian 12 5.1.17")},
    remedy=Text(zh="MaxSessions 10", en="MaxSessions 10"),
    clause="1.4.1 b",
    rule="sshd_set_max_sessions", cis="5.1.17",
    breaks=Text(zh="一个连接上并行更多会话的工具会失败", en="tools that run more sessions over one connection fail"),
    cuts_off=True,
)
