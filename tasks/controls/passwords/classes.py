"""H-PWD-01b Kinds of characters in passwords (R008 安全加固)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import Known, Row, whole
from tasks.controls.kinds import Bounds, HostControl, at_least, failed, so
from tasks.controls.passwords import OF_PASSWORDS, Passwords, in_pwquality

CREDITS = ("dcredit", "ucredit", "lcredit", "ocredit")


def judge(found: Passwords, bounds: Bounds, known: Known) -> Iterator[Row]:
    if not any(rule.module == "pam_pwquality" for rule in found.rules):
        yield failed("没有启用 pam_pwquality,minclass 不起作用", "pam_pwquality is not in use, so minclass has no effect")
        return
    least = whole(found.option("pam_pwquality", "pwquality", "minclass") or 0, "minclass")
    # A negative credit asks for so many of one kind.
    asked = sum(whole(found.option("pam_pwquality", "pwquality", name) or 0, name) < 0 for name in CREDITS)
    value = max(least, asked)
    yield so(bounds["classes"].fits(value), "minclass", value, bounds["classes"].wanted, value=value, unit=bounds["classes"].unit)


CONTROL = HostControl(
    id="H-PWD-01b",
    **OF_PASSWORDS,
    title=Text(zh="口令字符种类", en="Kinds of characters in passwords"),
    severity="medium",
    judge=judge,
    mend=in_pwquality("minclass", "classes"),
    bounds={"classes": at_least(3, "kinds", "customary at assessments for GB/T 22239; CIS Debian 12: 4")},
    remedy=Text(zh="安装 libpam-pwquality、cracklib-runtime、wamerican,在 /etc/security/pwquality.conf 中设置 minclass = 3",
                en="install libpam-pwquality, cracklib-runtime and wamerican; in /etc/security/pwquality.conf: minclass = 3"),
    source="pam_pwquality(8); pwquality.conf(5)",
    clause="1.4.1 a",
    rule="accounts_password_pam_minclass", cis="5.3.3.2.3",
    risk="medium",
    breaks=Text(zh="没有字典文件时一切改密都会失败;先在临时账户上验证",
                en="without its dictionary every change of a password fails; prove it on a throw-away account"),
    cuts_off=True,
)
