"""H-SSH-17d Dead connections are found inside the encryption (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.kinds import HostControl
from tasks.controls.ssh import OF_SSHD, one_of, sets

CONTROL = HostControl(
    id="H-SSH-17d",
    **OF_SSHD,
    title=Text(zh="断开的连接由加密通道内的探测发现", en="Dead connections are found inside the encryption"),
    severity="low",
    judge=one_of("TCPKeepAlive", "no"),
    mend=sets("TCPKeepAlive", "no"),
    remedy=Text(zh="TCPKeepAlive no", en="TCPKeepAlive no"),
    clause="1.4.4 b",
    level=3,
    breaks=Text(zh="须同时设置 ClientAliveInterval,否则断线的会话会残留", en="needs ClientAliveInterval, or sessions of lost lines stay"),
    cuts_off=True,
)
