"""H-ACC-09c No .rhosts, .netrc or .forward (R008 安全加固)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import Known, Row
from tasks.controls.accounts import OF_PEOPLE, People
from tasks.controls.kinds import Bounds, HostControl, failed, passed


def judge(found: People, bounds: Bounds, known: Known) -> Iterator[Row]:
    those = [path for _, path in found.dots if path.endswith(("/.rhosts", "/.netrc", "/.forward"))]
    for path in those:
        yield failed(f"存在 {path}", f"there is {path}", object=path)
    if not those:
        yield passed("没有这些文件", "there is none")


CONTROL = HostControl(
    id="H-ACC-09c",
    **OF_PEOPLE,
    title=Text(zh="没有 .rhosts、.netrc、.forward", en="No .rhosts, .netrc or .forward"),
    severity="medium",
    judge=judge,
    remedy=Text(zh="与使用者确认后移走该文件", en="ask its user, then move it away"),
    clause="1.4.2 e", clause_2="1.4.2 a",
    level=3,
    rule="no_netrc_files", cis="7.2.10",
    breaks=Text(zh="靠该文件自动登录的脚本会失败", en="scripts that log in by it fail"),
)
