"""H-SUD-05 Modes of files that are made under sudo (R008 安全加固)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from reports.records import Text
from tasks.checks.kinds import Known, Row
from tasks.controls.kinds import Bounds, HostControl, so
from tasks.controls.sudo import OF_SUDO, Sudoers
from tasks.operations.file_lines import setting
from tasks.operations.mend import Mend
from tasks.operations.sudo_defaults import set_default


def judge(found: Sudoers, bounds: Bounds, known: Known) -> Iterator[Row]:
    said = found.value("umask") or "0022"
    yield so(said in ("0077", "077"), "umask", said, "0077")


def mend(row: Row, found: Sudoers, known: Known) -> Mend | Text:
    """For people. The account that automation works by keeps what it had: what it makes for services must stay readable to them."""
    if not re.fullmatch(r"[a-z_][a-z0-9_-]*", known.account):
        return Text(zh="不知道自动化所用的账户，须人工设置", en="the account that automation works by is not known: set it by hand")
    made, ours = set_default("umask", "0077"), f"Defaults:{known.account} umask"
    return replace(made, lines=(*made.lines, setting(ours, f"{ours}=0022,umask_override"))).mend()


CONTROL = HostControl(
    id="H-SUD-05",
    **OF_SUDO,
    title=Text(zh="sudo 下新建文件的权限", en="Modes of files that are made under sudo"),
    severity="low",
    judge=judge,
    mend=mend,
    remedy=Text(zh="Defaults umask=0077;自动化账户:Defaults:<账户> umask=0022,umask_override",
                en="Defaults umask=0077; for accounts of automation: Defaults:<account> umask=0022,umask_override"),
    clause="1.4.2 e",
    level=3,
    rule="sudo_add_umask",
    risk="medium",
    breaks=Text(zh="人员用 sudo 复制、新建的文件只有 root 可读,交给服务的须另行 chmod;其他自动化账户须同样例外",
                en="what people copy or make by sudo only root can read, and must be opened for services; other automation needs the same exception"),
    cuts_off=True,
)
