"""H-PWD-04d How passwords are hashed (R008 安全加固)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import Known, Row, Unreadable
from tasks.controls.kinds import Bounds, HostControl, so
from tasks.controls.passwords import OF_PASSWORDS, Passwords

GOOD = ("yescrypt", "gost_yescrypt", "sha512", "blowfish")


def judge(found: Passwords, bounds: Bounds, known: Known) -> Iterator[Row]:
    """PAM decides for passwd; login.defs for what does not go through PAM (chpasswd -c, newusers)."""
    by = [next((option for option in rule.options if option in (*GOOD, "sha256", "md5", "bigcrypt")), "") for rule in found.used("pam_unix", "password")]
    if not by:
        raise Unreadable("pam_unix stands in no password stack", "password 栈中没有 pam_unix")
    method = by[0] or found.defs.get("ENCRYPT_METHOD", "DES").lower()
    yield so(method in GOOD, "pam_unix", method, " | ".join(GOOD[:3]))


CONTROL = HostControl(
    id="H-PWD-04d",
    **OF_PASSWORDS,
    title=Text(zh="口令散列算法", en="How passwords are hashed"),
    severity="medium",
    judge=judge,
    remedy=Text(zh="common-password 的 pam_unix 使用 yescrypt 或 sha512;旧口令在下次修改时更新",
                en="pam_unix in common-password with yescrypt or sha512; old hashes go when passwords are changed"),
    source="pam_unix(8); login.defs(5)",
    clause="1.4.8 b", clause_2="1.4.1 a",
    rule="set_password_hashing_algorithm_systemauth", cis="5.3.3.4.3",
    cuts_off=True,
)
