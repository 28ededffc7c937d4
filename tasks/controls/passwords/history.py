"""H-PWD-03 Old passwords are not used again (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.kinds import HostControl, at_least
from tasks.controls.passwords import OF_PASSWORDS, option, remembering

CONTROL = HostControl(
    id="H-PWD-03",
    **OF_PASSWORDS,
    title=Text(zh="不重复使用旧口令", en="Old passwords are not used again"),
    severity="medium",
    judge=option("pam_pwhistory", "pwhistory", "remember", "remembered", 10),
    mend=remembering("remembered"),
    bounds={"remembered": at_least(5, "passwords", "customary at assessments for GB/T 22239; CIS Debian 12: 24")},
    remedy=Text(zh="以 pam-auth-update 启用 pam_pwhistory,remember=5", en="turn on pam_pwhistory by pam-auth-update, with remember=5"),
    source="pam_pwhistory(8)",
    clause="1.4.1 a",
    rule="accounts_password_pam_pwhistory_remember", cis="5.3.3.3.1",
    risk="medium",
    breaks=Text(zh="PAM 配置出错会使改密失败", en="a mistake in PAM makes changes of passwords fail"),
    cuts_off=True,
)
