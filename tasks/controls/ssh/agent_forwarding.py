"""H-SSH-17a Agents are not forwarded (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.kinds import HostControl
from tasks.controls.ssh import OF_SSHD, one_of, sets

CONTROL = HostControl(
    id="H-SSH-17a",
    **OF_SSHD,
    title=Text(zh="不转发密钥代理", en="Agents are not forwarded"),
    severity="low",
    judge=one_of("AllowAgentForwarding", "no"),
    mend=sets("AllowAgentForwarding", "no"),
    remedy=Text(zh="AllowAgentForwarding no", en="AllowAgentForwarding no"),
    clause="1.4.4 b",
    level=3,
    breaks=Text(zh="经此主机再登录别处须改用 ssh -J", en="whoever logs in elsewhere from here with keys of his own needs ssh -J instead"),
    cuts_off=True,
)
