"""H-PWD-01c How far a new password differs from the old (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.kinds import HostControl, at_least
from tasks.controls.passwords import OF_PASSWORDS, in_pwquality, option

CONTROL = HostControl(
    id="H-PWD-01c",
    **OF_PASSWORDS,
    title=Text(zh="新旧口令的差异", en="How far a new password differs from the old"),
    severity="medium",
    judge=option("pam_pwquality", "pwquality", "difok", "difference", 1),
    mend=in_pwquality("difok", "difference"),
    bounds={"difference": at_least(2, "characters", "CIS Debian 12 5.3.3.2.1")},
    remedy=Text(zh="安装 libpam-pwquality、cracklib-runtime、wamerican,在 /etc/security/pwquality.conf 中设置 difok = 2",
                en="install libpam-pwquality, cracklib-runtime and wamerican; in /etc/security/pwquality.conf: difok = 2"),
    source="pam_pwquality(8); pwquality.conf(5)",
    clause="1.4.1 a",
    rule="accounts_password_pam_difok", cis="5.3.3.2.1",
    risk="medium",
    breaks=Text(zh="没有字典文件时一切改密都会失败;先在临时账户上验证",
                en="without its dictionary every change of a password fails; prove it on a throw-away account"),
    cuts_off=True,
)
