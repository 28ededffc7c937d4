"""H-SSH-07f Modes of a user's files are looked at before a log-in (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.kinds import HostControl
from tasks.controls.ssh import OF_SSHD, one_of, sets

CONTROL = HostControl(
    id="H-SSH-07f",
    **OF_SSHD,
    title=Text(zh="检查用户文件权限后才允许登录", en="Modes of a user's files are looked at before a log-in"),
    severity="medium",
    judge=one_of("StrictModes", "yes"),
    mend=sets("StrictModes", "yes"),
    remedy=Text(zh="StrictModes yes", en="StrictModes yes"),
    clause="1.4.2 e", clause_2="1.4.2 a",
    rule="sshd_enable_strictmodes",
    breaks=Text(zh="家目录或密钥文件他人可写的账户将无法用密钥登录", en="accounts whose home or key file others may write no longer log in by key"),
    cuts_off=True,
)
