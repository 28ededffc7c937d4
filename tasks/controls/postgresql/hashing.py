"""H-PG-02 Passwords are hashed by scram (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.kinds import DatabaseControl
from tasks.controls.postgresql import sets, setting

CONTROL = DatabaseControl(
    id="H-PG-02",
    **setting("password_encryption", "scram-sha-256"),
    title=Text(zh="口令以 scram 散列", en="Passwords are hashed by scram"),
    severity="medium",
    mend=sets("password_encryption", "scram-sha-256"),
    remedy=Text(zh="ALTER SYSTEM SET password_encryption = 'scram-sha-256'; SELECT pg_reload_conf();",
                en="ALTER SYSTEM SET password_encryption = 'scram-sha-256'; SELECT pg_reload_conf();"),
    clause="1.4.8 b", clause_2="1.4.1 a",
)
