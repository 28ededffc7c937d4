"""H-MY-04a Clients' files are not loaded (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.kinds import DatabaseControl
from tasks.controls.mysql import sets, setting

CONTROL = DatabaseControl(
    id="H-MY-04a",
    **setting("local_infile", "OFF", "0"),
    title=Text(zh="禁止客户端文件导入", en="Clients' files are not loaded"),
    severity="medium",
    mend=sets("local_infile", "OFF"),
    remedy=Text(zh="[mysqld] local_infile = OFF;SET GLOBAL local_infile = OFF;", en="[mysqld] local_infile = OFF; SET GLOBAL local_infile = OFF;"),
    clause="1.4.2 e",
    level=3,
    breaks=Text(zh="使用 LOAD DATA LOCAL 的任务会失败", en="jobs with LOAD DATA LOCAL fail"),
)
