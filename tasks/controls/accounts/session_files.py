"""H-ACC-09d What sessions begin with is not readable for all (R008 安全加固)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import Known, Row
from tasks.controls.accounts import OF_PEOPLE, People
from tasks.controls.kinds import Bounds, HostControl, failed, passed
from tasks.operations.attributes import TooWide, mendable, narrow
from tasks.operations.mend import Mend

FIRST = re.compile(r"/\.(bashrc|bash_login|bash_logout|bash_profile|profile|cshrc|kshrc|zshrc|zprofile|login|logout)$")
BITS = 0o037


def judge(found: People, bounds: Bounds, known: Known) -> Iterator[Row]:
    those = [(mode, path) for mode, path in found.dots if FIRST.search(path) and mode & BITS]
    for mode, path in those:
        yield failed(f"{path} 为 {mode:o},应不超过 740", f"{path} is {mode:o}, and should be no more than 740", object=path)
    if not those:
        yield passed("会话启动文件的权限符合要求", "modes of what sessions begin with are as they should be")


def mend(row: Row, found: People, known: Known) -> Mend | Text:
    if not mendable(row.object):
        return Text(zh="路径不符合规则，须人工处理", en="its path is not as expected: look at it by hand")
    return narrow([TooWide(row.object, BITS)], Text(zh=f"收紧 {row.object} 的权限至 740", en=f"Narrow {row.object} to 740"))


CONTROL = HostControl(
    id="H-ACC-09d",
    **OF_PEOPLE,
    title=Text(zh="会话启动文件的权限", en="What sessions begin with is not readable for all"),
    severity="low",
    judge=judge,
    mend=mend,
    remedy=Text(zh="chmod g-wx,o-rwx <文件>", en="chmod g-wx,o-rwx <file>"),
    clause="1.4.2 e",
    level=3,
    rule="file_permission_user_init_files", cis="7.2.10",
)
