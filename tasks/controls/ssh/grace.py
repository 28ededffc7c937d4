"""H-SSH-04a Time to log in (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.kinds import HostControl, at_most
from tasks.controls.ssh import OF_SSHD, sets, within

CONTROL = HostControl(
    id="H-SSH-04a",
    **OF_SSHD,
    title=Text(zh="登录宽限时间", en="Time to log in"),
    severity="medium",
    judge=within("LoginGraceTime", "grace", "s"),
    mend=sets("LoginGraceTime", bound="grace"),
    bounds={"grace": at_most(60, "s", "CIS Debian 12 5.1.13", off=0)},
    remedy=Text(zh="LoginGraceTime 60", en="LoginGraceTime 60"),
    clause="1.4.1 b",
    rule="sshd_set_login_grace_time", cis="5.1.13",
    cuts_off=True,
)
