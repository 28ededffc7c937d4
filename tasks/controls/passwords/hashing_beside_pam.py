"""H-PWD-04f How passwords are hashed that PAM does not see (R008 安全加固)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import Known, Row, Unreadable
from tasks.controls.kinds import Bounds, HostControl, so
from tasks.controls.passwords import OF_PASSWORDS, Passwords
from tasks.operations.file_lines import FileLines, setting
from tasks.operations.mend import Mend

NAME = "ENCRYPT_METHOD"


def judge(found: Passwords, bounds: Bounds, known: Known) -> Iterator[Row]:
    if not found.defs:
        raise Unreadable("login.defs says nothing", "login.defs 没有内容")
    said = found.defs.get(NAME, "DES")
    yield so(said.upper() == "YESCRYPT", NAME, said, "YESCRYPT")


def mend(row: Row, found: Passwords, known: Known) -> Mend | Text:
    """Only where PAM does so already: then it is known here."""
    if not any("yescrypt" in rule.options for rule in found.used("pam_unix", "password")):
        return Text(zh="PAM 尚未使用 yescrypt，须先确认系统支持", en="PAM does not use yescrypt here; see first whether it is known")
    said = found.defs.get(NAME, "")
    return FileLines("/etc/login.defs", (setting(NAME, f"{NAME} YESCRYPT", f"{NAME} {said}" if said else ""),)).mend()


CONTROL = HostControl(
    id="H-PWD-04f",
    **OF_PASSWORDS,
    title=Text(zh="不经 PAM 的口令散列算法", en="How passwords are hashed that PAM does not see"),
    severity="low",
    judge=judge,
    mend=mend,
    remedy=Text(zh="login.defs:ENCRYPT_METHOD YESCRYPT", en="login.defs: ENCRYPT_METHOD YESCRYPT"),
    source="login.defs(5); crypt(5)",
    clause="1.4.8 b",
    level=3,
    rule="set_password_hashing_algorithm_logindefs", cis="5.4.1.4",
    breaks=Text(zh="导出散列给不认识 yescrypt 的旧系统时无法使用", en="old systems that hashes are carried to may not know yescrypt"),
)
