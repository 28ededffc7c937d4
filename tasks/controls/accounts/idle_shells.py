"""H-ACC-07 Idle shells end by themselves (R008 安全加固)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import Known, Row, whole
from tasks.controls.accounts import OF_SESSIONS
from tasks.controls.kinds import Bounds, HostControl, at_most, failed, so
from tasks.operations.file_lines import FileLines, Line
from tasks.operations.mend import Mend


def judge(found: dict[str, list[str]], bounds: Bounds, known: Known) -> Iterator[Row]:
    said = [whole(figure, "TMOUT") for line in found["shell"] for figure in re.findall(r"\bTMOUT=(\d{1,9})\b", line)]
    if not said:
        yield failed("没有设置 TMOUT,空闲会话不会退出", "TMOUT is set nowhere, so idle sessions never end")
        return
    # Of several the first that is readonly counts, else the last: the longest of them is the worst that can be.
    yield so(all(map(bounds["idle"].fits, said)), "TMOUT", max(said) if 0 not in said else 0, bounds["idle"].wanted, value=max(said), unit="s")


FILE = "/etc/profile.d/00-standfast.sh"


def mend(row: Row, found: dict[str, list[str]], known: Known) -> Mend | Text:
    if any("TMOUT=" in line and not line.startswith(FILE) for line in found["shell"]):
        return Text(zh="另有文件设置了 TMOUT，须在该文件中修改", en="another file sets TMOUT; change it there")
    line = f'[ -n "${{TMOUT:-}}" ] || {{ TMOUT={known.limits["idle"].figure:.0f}; readonly TMOUT; export TMOUT; }}'
    return FileLines(FILE, (Line("", line),), whole=True).mend()


CONTROL = HostControl(
    id="H-ACC-07",
    **OF_SESSIONS,
    title=Text(zh="空闲的 shell 自动退出", en="Idle shells end by themselves"),
    severity="medium",
    judge=judge,
    mend=mend,
    bounds={"idle": at_most(900, "s", "CIS Debian 12 5.4.3.2; ANSSI BP-028: 600", level_3=600, off=0)},
    remedy=Text(zh="/etc/profile.d 中写入:readonly TMOUT=600; export TMOUT", en="in /etc/profile.d: readonly TMOUT=600; export TMOUT"),
    clause="1.4.1 b",
    rule="accounts_tmout", cis="5.4.3.2",
    breaks=Text(zh="直接在 shell 中等待的长任务会被结束(应使用 tmux)", en="long work that waits at a plain shell ends; tmux keeps it"),
)
