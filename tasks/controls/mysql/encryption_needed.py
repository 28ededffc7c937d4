"""H-MY-06b Nobody comes in without encryption (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.kinds import DatabaseControl
from tasks.controls.mysql import setting

CONTROL = DatabaseControl(
    id="H-MY-06b",
    **setting("require_secure_transport", "ON", "1"),
    title=Text(zh="必须加密", en="Nobody comes in without encryption"),
    severity="medium",
    remedy=Text(zh="七天内没有未加密会话后:SET GLOBAL require_secure_transport = ON;",
                en="after seven days without a plain session: SET GLOBAL require_secure_transport = ON;"),
    clause="1.4.1 c",
    level=3,
    risk="high",
    breaks=Text(zh="不加密的客户端将无法连接", en="clients without TLS no longer connect"),
    cuts_off=True,
)
