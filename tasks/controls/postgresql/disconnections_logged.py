"""H-PG-05b Log-outs are logged (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.kinds import DatabaseControl
from tasks.controls.postgresql import sets, setting

CONTROL = DatabaseControl(
    id="H-PG-05b",
    **setting("log_disconnections", "on"),
    title=Text(zh="记录断开", en="Log-outs are logged"),
    severity="medium",
    mend=sets("log_disconnections", "on"),
    remedy=Text(zh="ALTER SYSTEM SET log_disconnections = 'on'; SELECT pg_reload_conf();",
                en="ALTER SYSTEM SET log_disconnections = 'on'; SELECT pg_reload_conf();"),
    clause="1.4.3 a",
)
