"""H-PG-05a Log-ins are logged (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.kinds import DatabaseControl
from tasks.controls.postgresql import sets, setting

CONTROL = DatabaseControl(
    id="H-PG-05a",
    **setting("log_connections", "on", "all", "receipt,authentication,authorization"),
    title=Text(zh="记录登录", en="Log-ins are logged"),
    severity="medium",
    mend=sets("log_connections", "on"),
    remedy=Text(zh="ALTER SYSTEM SET log_connections = 'on'; SELECT pg_reload_conf();",
                en="ALTER SYSTEM SET log_connections = 'on'; SELECT pg_reload_conf();"),
    clause="1.4.3 a",
)
