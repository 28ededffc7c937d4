"""H-PWD-01a Length of passwords (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.kinds import HostControl, at_least
from tasks.controls.passwords import OF_PASSWORDS, in_pwquality, option

CONTROL = HostControl(
    id="H-PWD-01a",
    **OF_PASSWORDS,
    title=Text(zh="口令最小长度", en="Length of passwords"),
    severity="medium",
    judge=option("pam_pwquality", "pwquality", "minlen", "length", 8),
    mend=in_pwquality("minlen", "length"),
    bounds={"length": at_least(8, "characters", "customary at assessments for GB/T 22239; CIS Debian 12: 14", level_3=10)},
    remedy=Text(zh="安装 libpam-pwquality、cracklib-runtime、wamerican,在 /etc/security/pwquality.conf 中设置 minlen = 14",
                en="install libpam-pwquality, cracklib-runtime and wamerican; in /etc/security/pwquality.conf: minlen = 14"),
    source="pam_pwquality(8); pwquality.conf(5)",
    clause="1.4.1 a",
    rule="accounts_password_pam_minlen", cis="5.3.3.2.2",
    risk="medium",
    breaks=Text(zh="没有字典文件时一切改密都会失败;先在临时账户上验证",
                en="without its dictionary every change of a password fails; prove it on a throw-away account"),
    cuts_off=True,
)
