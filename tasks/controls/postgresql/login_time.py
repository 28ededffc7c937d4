"""H-PG-10a Time to log in (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.kinds import DatabaseControl, at_most
from tasks.controls.postgresql import figure, sets

CONTROL = DatabaseControl(
    id="H-PG-10a",
    **figure("authentication_timeout", "time"),
    title=Text(zh="登录认证时限", en="Time to log in"),
    severity="low",
    bounds={"time": at_most(60, "s", "PostgreSQL manual: default")},
    mend=sets("authentication_timeout", "60"),
    remedy=Text(zh="ALTER SYSTEM SET authentication_timeout = '60s'; SELECT pg_reload_conf();",
                en="ALTER SYSTEM SET authentication_timeout = '60s'; SELECT pg_reload_conf();"),
    clause="1.4.1 b",
)
