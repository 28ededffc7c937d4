"""H-SSH-10 Only keys log in over SSH (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.kinds import HostControl
from tasks.controls.ssh import OF_SSHD, one_of

CONTROL = HostControl(
    id="H-SSH-10",
    **OF_SSHD,
    title=Text(zh="SSH 仅用密钥登录", en="Only keys log in over SSH"),
    severity="medium",
    judge=one_of("PasswordAuthentication", "no"),
    remedy=Text(zh="所有登录账户都有密钥后:PasswordAuthentication no", en="once everybody has a key: PasswordAuthentication no"),
    clause="1.4.1 d",
    level=3,
    risk="high",
    breaks=Text(zh="没有密钥的账户将无法登录", en="accounts without a key no longer log in"),
    cuts_off=True,
)
