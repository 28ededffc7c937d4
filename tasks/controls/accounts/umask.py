"""H-ACC-08 Modes of new files (R008 安全加固)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import Known, Row, Unreadable
from tasks.controls.accounts import OF_SESSIONS
from tasks.controls.kinds import Bounds, HostControl, so
from tasks.controls.reading import octal
from tasks.operations.file_lines import FileLines, setting
from tasks.operations.mend import Mend


def judge(found: dict[str, list[str]], bounds: Bounds, known: Known) -> Iterator[Row]:
    """What stands in the shell's files counts for people who log in, pam_umask or login.defs for everybody else."""
    shells = re.findall(r"\bumask\s+([0-7]{3,4})\b", "\n".join(found["shell"]))
    pam = re.findall(r"\bumask=([0-7]{3,4})\b", "\n".join(found["pam"])) or [value for name, value in map(str.split, found["defs"]) if name == "UMASK"]
    if not pam:
        raise Unreadable("login.defs says no UMASK", "login.defs 没有 UMASK")
    said = [*shells, *pam]
    wide = [mask for mask in said if octal(mask) & 0o027 != 0o027]
    yield so(not wide, "umask", (wide or said)[0], "027")


def mend(row: Row, found: dict[str, list[str]], known: Known) -> Mend | Text:
    if re.search(r"\bumask[ =]", "\n".join([*found["shell"], *found["pam"]])):
        return Text(zh="PAM 或 shell 的配置另有 umask，须在其中修改", en="PAM or the shell's files set a umask; change it there")
    was = next((value for name, value in map(str.split, found["defs"]) if name == "UMASK"), "")
    return FileLines("/etc/login.defs", (setting("UMASK", "UMASK\t027", f"UMASK\t{was}"),)).mend()


CONTROL = HostControl(
    id="H-ACC-08",
    **OF_SESSIONS,
    title=Text(zh="新文件的默认权限", en="Modes of new files"),
    severity="medium",
    judge=judge,
    mend=mend,
    remedy=Text(zh="login.defs:UMASK 027;profile.d 中 umask 027", en="UMASK 027 in login.defs, umask 027 in profile.d"),
    clause="1.4.2 e", clause_2="1.4.2 a",
    rule="accounts_umask_etc_login_defs", cis="5.4.3.3",
    risk="medium",
    breaks=Text(zh="部署账户发布给 Web 服务器的文件可能无法读取", en="files that a deploy account publishes for a web server may become unreadable to it"),
)
