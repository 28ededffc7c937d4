"""H-MY-10 Idle sessions end by themselves (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.kinds import DatabaseControl, at_most
from tasks.controls.mysql import figure

CONTROL = DatabaseControl(
    id="H-MY-10",
    **figure("wait_timeout", "time"),
    title=Text(zh="空闲会话自动断开", en="Idle sessions end by themselves"),
    severity="low",
    bounds={"time": at_most(28800, "s", "MySQL manual: default", level_3=3600)},
    remedy=Text(zh="[mysqld] wait_timeout = 3600;SET GLOBAL wait_timeout = 3600;", en="[mysqld] wait_timeout = 3600; SET GLOBAL wait_timeout = 3600;"),
    clause="1.4.1 b",
    risk="medium",
    breaks=Text(zh="不检查连接的连接池会拿到已断开的连接", en="pools that do not try a connection first are given dead ones"),
)
