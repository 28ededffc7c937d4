"""H-SSH-02 sshd takes no empty password (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.kinds import HostControl
from tasks.controls.ssh import OF_SSHD, one_of, sets

CONTROL = HostControl(
    id="H-SSH-02",
    **OF_SSHD,
    title=Text(zh="sshd 不接受空口令", en="sshd takes no empty password"),
    severity="high",
    judge=one_of("PermitEmptyPasswords", "no"),
    mend=sets("PermitEmptyPasswords", "no"),
    remedy=Text(zh="PermitEmptyPasswords no", en="PermitEmptyPasswords no"),
    clause="1.4.1 a",
    rule="sshd_disable_empty_passwords", cis="5.1.19",
    breaks=Text(zh="以空口令登录的人员或程序将无法登录", en="who logs in with an empty password no longer can"),
    cuts_off=True,
)
