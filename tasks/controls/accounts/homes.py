"""H-ACC-09a Modes of home folders (R008 安全加固)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import Known, Row
from tasks.controls.accounts import OF_PEOPLE, People
from tasks.controls.kinds import Bounds, HostControl, failed, passed
from tasks.operations.attributes import TooWide, mendable, narrow
from tasks.operations.mend import Mend


def judge(found: People, bounds: Bounds, known: Known) -> Iterator[Row]:
    those = [(name, mode, owner, path) for name, uid, mode, owner, path in found.homes if mode & 0o027 or owner not in (uid, 0)]
    for name, mode, owner, path in those:
        yield failed(f"{name} 的家目录 {path} 为 {mode:o}(属主 {owner}),应不超过 750 且属于本人",
                     f"{path}, home of {name}, is {mode:o} of owner {owner}, and should be no more than 750 and its own", object=path)
    if not those:
        yield passed(f"{len(found.homes)} 个家目录的权限符合要求", f"the modes of {len(found.homes)} homes are as they should be")


def mend(row: Row, found: People, known: Known) -> Mend | Text:
    home = next((one for one in found.homes if one[4] == row.object), None)
    if home is None or home[3] not in (home[1], 0) or not mendable(row.object):
        return Text(zh="家目录属于他人，须先查明原因", en="the home belongs to somebody else; find out why first")
    return narrow([TooWide(row.object, 0o027)], Text(zh=f"收紧家目录 {row.object} 的权限至 750", en=f"Narrow the home {row.object} to 750"))


CONTROL = HostControl(
    id="H-ACC-09a",
    **OF_PEOPLE,
    title=Text(zh="家目录权限", en="Modes of home folders"),
    severity="medium",
    judge=judge,
    mend=mend,
    remedy=Text(zh="chmod 750 <家目录>", en="chmod 750 <home>"),
    clause="1.4.2 e", clause_2="1.4.2 a",
    rule="file_permissions_home_directories", cis="7.2.9",
    breaks=Text(zh="从家目录发布的网页(public_html)可能无法读取", en="pages published from a home (public_html) may become unreadable"),
)
