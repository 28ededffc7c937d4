"""H-PWD-01f The rules hold for root, too (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.kinds import HostControl
from tasks.controls.passwords import OF_PASSWORDS, in_pwquality, switched_on

CONTROL = HostControl(
    id="H-PWD-01f",
    **OF_PASSWORDS,
    title=Text(zh="口令规则对 root 也生效", en="The rules hold for root, too"),
    severity="medium",
    judge=switched_on("pam_pwquality", "pwquality", "enforce_for_root"),
    mend=in_pwquality("enforce_for_root"),
    remedy=Text(zh="安装 libpam-pwquality、cracklib-runtime、wamerican,在 /etc/security/pwquality.conf 中设置 enforce_for_root",
                en="install libpam-pwquality, cracklib-runtime and wamerican; in /etc/security/pwquality.conf: enforce_for_root"),
    source="pam_pwquality(8); pwquality.conf(5)",
    clause="1.4.1 a",
    rule="accounts_password_pam_enforce_root", cis="5.3.3.2.8",
    risk="medium",
    breaks=Text(zh="没有字典文件时一切改密都会失败;先在临时账户上验证",
                en="without its dictionary every change of a password fails; prove it on a throw-away account"),
    cuts_off=True,
)
