"""H-SSH-03 Tries at a password in one connection (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.kinds import HostControl, at_most
from tasks.controls.ssh import OF_SSHD, sets, within

CONTROL = HostControl(
    id="H-SSH-03",
    **OF_SSHD,
    title=Text(zh="每次连接的认证尝试次数", en="Tries at a password in one connection"),
    severity="medium",
    judge=within("MaxAuthTries", "tries", "tries"),
    mend=sets("MaxAuthTries", bound="tries"),
    bounds={"tries": at_most(4, "tries", "CIS Debian 12 5.1.16", off=0)},
    remedy=Text(zh="MaxAuthTries 4", en="MaxAuthTries 4"),
    clause="1.4.1 b",
    rule="sshd_set_max_auth_tries", cis="5.1.16",
    risk="medium",
    breaks=Text(zh="代理中密钥数量更多的客户端会先耗尽次数", en="clients whose agent offers more keys than that are turned away"),
    cuts_off=True,
)
