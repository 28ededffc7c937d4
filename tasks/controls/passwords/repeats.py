"""H-PWD-01d Repeated characters in passwords (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.kinds import HostControl, at_most
from tasks.controls.passwords import OF_PASSWORDS, in_pwquality, option

CONTROL = HostControl(
    id="H-PWD-01d",
    **OF_PASSWORDS,
    title=Text(zh="口令中的重复字符", en="Repeated characters in passwords"),
    severity="medium",
    judge=option("pam_pwquality", "pwquality", "maxrepeat", "repeats", 0),
    mend=in_pwquality("maxrepeat", "repeats"),
    bounds={"repeats": at_most(3, "characters", "CIS Debian 12 5.3.3.2.4", off=0)},
    remedy=Text(zh="安装 libpam-pwquality、cracklib-runtime、wamerican,在 /etc/security/pwquality.conf 中设置 maxrepeat = 3",
                en="install libpam-pwquality, cracklib-runtime and wamerican; in /etc/security/pwquality.conf: maxrepeat = 3"),
    source="pam_pwquality(8); pwquality.conf(5)",
    clause="1.4.1 a",
    rule="accounts_password_pam_maxrepeat", cis="5.3.3.2.4",
    risk="medium",
    breaks=Text(zh="没有字典文件时一切改密都会失败;先在临时账户上验证",
                en="without its dictionary every change of a password fails; prove it on a throw-away account"),
    cuts_off=True,
)
