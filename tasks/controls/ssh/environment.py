"""H-SSH-07b Users set no environment for sshd (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.kinds import HostControl
from tasks.controls.ssh import OF_SSHD, one_of, sets

CONTROL = HostControl(
    id="H-SSH-07b",
    **OF_SSHD,
    title=Text(zh="不采用用户的环境文件", en="Users set no environment for sshd"),
    severity="medium",
    judge=one_of("PermitUserEnvironment", "no"),
    mend=sets("PermitUserEnvironment", "no"),
    remedy=Text(zh="PermitUserEnvironment no", en="PermitUserEnvironment no"),
    clause="1.4.4 b",
    rule="sshd_do_not_permit_user_env", cis="5.1.21",
    cuts_off=True,
)
