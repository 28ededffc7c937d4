"""H-PWD-04g How much work an SHA hash takes (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.kinds import HostControl, at_least
from tasks.controls.passwords import OF_PASSWORDS, in_login_defs, new_account

CONTROL = HostControl(
    id="H-PWD-04g",
    **OF_PASSWORDS,
    title=Text(zh="SHA 散列的轮数", en="How much work an SHA hash takes"),
    severity="low",
    judge=new_account("SHA_CRYPT_MIN_ROUNDS", "rounds", 5000),
    mend=in_login_defs("SHA_CRYPT_MIN_ROUNDS", "rounds"),
    bounds={"rounds": at_least(65536, "rounds", "ANSSI BP-028 R68")},
    remedy=Text(zh="login.defs:SHA_CRYPT_MIN_ROUNDS 65536", en="login.defs: SHA_CRYPT_MIN_ROUNDS 65536"),
    source="login.defs(5); holds only where SHA256 or SHA512 is used",
    clause="1.4.8 b",
    level=3,
    rule="set_password_hashing_min_rounds_logindefs",
)
