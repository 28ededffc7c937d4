"""H-PWD-01e Passwords are looked up in a dictionary (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.kinds import HostControl, at_least
from tasks.controls.passwords import OF_PASSWORDS, in_pwquality, option

CONTROL = HostControl(
    id="H-PWD-01e",
    **OF_PASSWORDS,
    title=Text(zh="口令字典检查", en="Passwords are looked up in a dictionary"),
    severity="medium",
    judge=option("pam_pwquality", "pwquality", "dictcheck", "on", 1),
    mend=in_pwquality("dictcheck", "on"),
    bounds={"on": at_least(1, "", "CIS Debian 12 5.3.3.2.6")},
    remedy=Text(zh="安装 libpam-pwquality、cracklib-runtime、wamerican,在 /etc/security/pwquality.conf 中设置 dictcheck = 1",
                en="install libpam-pwquality, cracklib-runtime and wamerican; in /etc/security/pwquality.conf: dictcheck = 1"),
    source="pam_pwquality(8); pwquality.conf(5)",
    clause="1.4.1 a",
    rule="accounts_password_pam_dictcheck", cis="5.3.3.2.6",
    risk="medium",
    breaks=Text(zh="没有字典文件时一切改密都会失败;先在临时账户上验证",
                en="without its dictionary every change of a password fails; prove it on a throw-away account"),
    cuts_off=True,
)
