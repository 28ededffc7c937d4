"""H-SSH-07c Other hosts' word is not taken (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.kinds import HostControl
from tasks.controls.ssh import OF_SSHD, one_of, sets

CONTROL = HostControl(
    id="H-SSH-07c",
    **OF_SSHD,
    title=Text(zh="不信任其他主机的认证", en="Other hosts' word is not taken"),
    severity="medium",
    judge=one_of("HostbasedAuthentication", "no"),
    mend=sets("HostbasedAuthentication", "no"),
    remedy=Text(zh="HostbasedAuthentication no", en="HostbasedAuthentication no"),
    clause="1.4.1 a",
    rule="disable_host_auth", cis="5.1.10",
    breaks=Text(zh="靠主机信任登录的集群脚本将无法登录", en="cluster scripts that rely on it no longer log in"),
    cuts_off=True,
)
