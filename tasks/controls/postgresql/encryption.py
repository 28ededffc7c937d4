"""H-PG-03a TLS is on (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.kinds import DatabaseControl
from tasks.controls.postgresql import setting

CONTROL = DatabaseControl(
    id="H-PG-03a",
    **setting("ssl", "on"),
    title=Text(zh="启用 TLS", en="TLS is on"),
    severity="medium",
    remedy=Text(zh="放好证书后:ALTER SYSTEM SET ssl = on; SELECT pg_reload_conf();",
                en="with a certificate in place: ALTER SYSTEM SET ssl = on; SELECT pg_reload_conf();"),
    clause="1.4.1 c",
)
