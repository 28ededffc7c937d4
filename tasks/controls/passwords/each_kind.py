"""H-PWD-01g Every kind of character in passwords (R008 安全加固)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import Known, Row, whole
from tasks.controls.kinds import Bounds, HostControl, failed, so
from tasks.controls.passwords import OF_PASSWORDS, Passwords, in_pwquality
from tasks.controls.passwords.classes import CREDITS
from tasks.operations.mend import Mend


def judge(found: Passwords, bounds: Bounds, known: Known) -> Iterator[Row]:
    """A negative credit asks for so many of one kind."""
    for name in CREDITS:
        if not any(rule.module == "pam_pwquality" for rule in found.rules):
            yield failed(f"没有启用 pam_pwquality,{name} 不起作用", f"pam_pwquality is not in use, so {name} has no effect", object=name)
            continue
        value = whole(found.option("pam_pwquality", "pwquality", name) or 0, name)
        yield so(value <= -1, name, value, "-1", object=name)


def mend(row: Row, found: Passwords, known: Known) -> Mend | Text:
    return in_pwquality(row.object, figure=-1)(row, found, known)


CONTROL = HostControl(
    id="H-PWD-01g",
    **OF_PASSWORDS,
    title=Text(zh="口令须含每类字符", en="Every kind of character in passwords"),
    severity="medium",
    judge=judge,
    mend=mend,
    remedy=Text(zh="在 /etc/security/pwquality.conf 中设置 dcredit、ucredit、lcredit、ocredit = -1",
                en="in /etc/security/pwquality.conf: dcredit, ucredit, lcredit, ocredit = -1"),
    source="pam_pwquality(8); pwquality.conf(5); ANSSI BP-028 R31",
    clause="1.4.1 a",
    level=3,
    rule="accounts_password_pam_dcredit", cis="5.3.3.2.3",
    risk="medium",
    breaks=Text(zh="长口令短语若缺少某类字符也会被拒绝", en="long pass phrases without one of the kinds are refused, too"),
    cuts_off=True,
)
