"""H-ACC-09b Dot files in homes (R008 安全加固)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import Known, Row
from tasks.controls.accounts import OF_PEOPLE, People
from tasks.controls.kinds import Bounds, HostControl, failed, passed


def judge(found: People, bounds: Bounds, known: Known) -> Iterator[Row]:
    those = [(mode, path) for mode, path in found.dots if mode & 0o022]
    for mode, path in those:
        yield failed(f"他人可改写 {path}({mode:o})", f"others may change {path} ({mode:o})", object=path)
    if not those:
        yield passed("没有他人可改写的点文件", "no dot file may be changed by others")


CONTROL = HostControl(
    id="H-ACC-09b",
    **OF_PEOPLE,
    title=Text(zh="家目录中的点文件", en="Dot files in homes"),
    severity="medium",
    judge=judge,
    remedy=Text(zh="chmod go-w <文件>", en="chmod go-w <file>"),
    clause="1.4.2 e", clause_2="1.4.2 a",
    rule="file_permission_user_init_files", cis="7.2.10",
)
