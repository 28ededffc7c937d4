"""H-MY-05b Wrong passwords in a row (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.kinds import DatabaseControl, at_most
from tasks.controls.mysql import figure, sets

CONTROL = DatabaseControl(
    id="H-MY-05b",
    **figure("max_connect_errors", "tries"),
    title=Text(zh="连续错误口令的次数", en="Wrong passwords in a row"),
    severity="low",
    mend=sets("max_connect_errors", bound="tries"),
    bounds={"tries": at_most(100, "tries", "MySQL manual: default", off=0)},
    remedy=Text(zh="[mysqld] max_connect_errors = 100;SET GLOBAL max_connect_errors = 100;",
                en="[mysqld] max_connect_errors = 100; SET GLOBAL max_connect_errors = 100;"),
    clause="1.4.1 b",
    breaks=Text(zh="频繁中断的监控主机可能被挡住(FLUSH HOSTS 解除)", en="monitoring that often breaks off may be kept out (FLUSH HOSTS lets it in)"),
)
