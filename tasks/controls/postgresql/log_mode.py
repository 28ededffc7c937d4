"""H-PG-05e Modes of log files (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.kinds import DatabaseControl
from tasks.controls.postgresql import sets, setting

CONTROL = DatabaseControl(
    id="H-PG-05e",
    **setting("log_file_mode", "0600", "0640"),
    title=Text(zh="日志文件权限", en="Modes of log files"),
    severity="low",
    mend=sets("log_file_mode", "0640"),
    remedy=Text(zh="ALTER SYSTEM SET log_file_mode = '0640'; SELECT pg_reload_conf();",
                en="ALTER SYSTEM SET log_file_mode = '0640'; SELECT pg_reload_conf();"),
    clause="1.4.3 c",
)
