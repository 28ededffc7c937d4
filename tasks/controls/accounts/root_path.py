"""H-ACC-10 Nobody else may write the folders of root's PATH (R008 安全加固)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import Known, Row, Unreadable
from tasks.controls.accounts import OF_PEOPLE, People
from tasks.controls.kinds import Bounds, HostControl, failed, passed


def judge(found: People, bounds: Bounds, known: Known) -> Iterator[Row]:
    if not found.path:
        raise Unreadable("no folder of the PATH is told", "没有列出 PATH 的目录")
    those = [(mode, owner, path) for mode, owner, path in found.path if mode & 0o022 or owner != 0]
    for mode, owner, path in those:
        yield failed(f"{path} 为 {mode:o}(属主 {owner})", f"{path} is {mode:o} of owner {owner}", object=path)
    if not those:
        yield passed(f"{len(found.path)} 个目录只有 root 可写", f"only root may write the {len(found.path)} folders")


CONTROL = HostControl(
    id="H-ACC-10",
    **OF_PEOPLE,
    title=Text(zh="root 的 PATH 中没有他人可写的目录", en="Nobody else may write the folders of root's PATH"),
    severity="medium",
    judge=judge,
    remedy=Text(zh="chown root、chmod go-w 该目录", en="chown root, chmod go-w on the folder"),
    clause="1.4.2 e", clause_2="1.4.2 a",
    rule="accounts_root_path_dirs_no_write", cis="5.4.2.5",
)
