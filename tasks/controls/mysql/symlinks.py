"""H-MY-04c Links out of the data folder are not followed (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.kinds import DatabaseControl
from tasks.controls.mysql import setting

CONTROL = DatabaseControl(
    id="H-MY-04c",
    **setting("have_symlink", "DISABLED", "NO"),
    title=Text(zh="禁用符号链接", en="Links out of the data folder are not followed"),
    severity="low",
    remedy=Text(zh="[mysqld] symbolic-links = 0,重启", en="[mysqld] symbolic-links = 0, and restart"),
    clause="1.4.2 e",
    level=3,
    risk="medium",
    breaks=Text(zh="用链接放到别处的表将无法打开;需要重启", en="tables put elsewhere by links no longer open; needs a restart"),
)
