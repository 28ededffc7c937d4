"""H-PG-03b Oldest TLS that is spoken (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.kinds import DatabaseControl
from tasks.controls.postgresql import setting

CONTROL = DatabaseControl(
    id="H-PG-03b",
    **setting("ssl_min_protocol_version", "TLSv1.2", "TLSv1.3"),
    title=Text(zh="TLS 最低版本", en="Oldest TLS that is spoken"),
    severity="medium",
    remedy=Text(zh="ALTER SYSTEM SET ssl_min_protocol_version = 'TLSv1.2'; SELECT pg_reload_conf();",
                en="ALTER SYSTEM SET ssl_min_protocol_version = 'TLSv1.2'; SELECT pg_reload_conf();"),
    clause="1.4.8 a",
    level=3,
    breaks=Text(zh="只会旧版 TLS 的客户端将无法连接", en="clients that only speak older TLS no longer connect"),
    cuts_off=True,
)
