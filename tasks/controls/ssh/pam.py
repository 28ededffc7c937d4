"""H-SSH-11c Log-ins over SSH go through PAM (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.kinds import HostControl
from tasks.controls.ssh import OF_SSHD, one_of

CONTROL = HostControl(
    id="H-SSH-11c",
    **OF_SSHD,
    title=Text(zh="SSH 登录经过 PAM", en="Log-ins over SSH go through PAM"),
    severity="medium",
    judge=one_of("UsePAM", "yes"),
    remedy=Text(zh="UsePAM yes", en="UsePAM yes"),
    clause="1.4.1 b",
    rule="sshd_enable_pam", cis="5.1.22",
    risk="medium",
    breaks=Text(zh="此前被 PAM 规则挡住的账户状态(过期、锁定)开始生效", en="what PAM says of accounts (expired, locked) begins to count"),
    cuts_off=True,
)
