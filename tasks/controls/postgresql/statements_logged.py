"""H-PG-05c Changes of structure are logged (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.kinds import DatabaseControl
from tasks.controls.postgresql import sets, setting

CONTROL = DatabaseControl(
    id="H-PG-05c",
    **setting("log_statement", "ddl", "mod", "all"),
    title=Text(zh="记录结构变更语句", en="Changes of structure are logged"),
    severity="medium",
    mend=sets("log_statement", "ddl"),
    remedy=Text(zh="ALTER SYSTEM SET log_statement = 'ddl'; SELECT pg_reload_conf();",
                en="ALTER SYSTEM SET log_statement = 'ddl'; SELECT pg_reload_conf();"),
    clause="1.4.3 a",
)
