"""H-PWD-07 PAM takes no empty password (R008 安全加固)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import Known, Row
from tasks.controls.kinds import Bounds, HostControl, failed, passed
from tasks.controls.passwords import OF_PASSWORDS, Passwords
from tasks.operations.mend import Mend
from tasks.operations.pam import without_word

WORDS = ("nullok", "nullok_secure")


def judge(found: Passwords, bounds: Bounds, known: Known) -> Iterator[Row]:
    those = sorted({rule.file for rule in found.rules
                   if rule.module == "pam_unix" and rule.kind in ("auth", "password") and set(rule.options) & set(WORDS)})
    for file in those:
        yield failed(f"/etc/pam.d/{file} 中 pam_unix 允许空口令(nullok)", f"pam_unix in /etc/pam.d/{file} takes empty passwords (nullok)",
                     object=f"/etc/pam.d/{file}")
    if not those:
        yield passed("PAM 不接受空口令", "PAM takes no empty password")


def mend(row: Row, found: Passwords, known: Known) -> Mend | Text:
    file = row.object.removeprefix("/etc/pam.d/")
    was = [f"{rule.kind} ... {rule.module}.so {' '.join(rule.options)}" for kind in ("auth", "password") for rule in found.used("pam_unix", kind, file)
           if set(rule.options) & set(WORDS)]
    return without_word(row.object, "pam_unix", WORDS, was)


CONTROL = HostControl(
    id="H-PWD-07",
    **OF_PASSWORDS,
    title=Text(zh="PAM 不接受空口令", en="PAM takes no empty password"),
    severity="high",
    judge=judge,
    mend=mend,
    remedy=Text(zh="去掉 pam_unix 行上的 nullok", en="take nullok away from the lines of pam_unix"),
    source="pam_unix(8)",
    clause="1.4.1 a",
    rule="no_empty_passwords_unix", cis="5.3.3.4.1",
    breaks=Text(zh="没有口令的账户将无法登录", en="accounts without a password no longer log in"),
    cuts_off=True,
)
