"""H-PG-10b Idle transactions end by themselves (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.kinds import DatabaseControl, at_most
from tasks.controls.postgresql import figure

CONTROL = DatabaseControl(
    id="H-PG-10b",
    **figure("idle_in_transaction_session_timeout", "time"),
    title=Text(zh="空闲事务自动结束", en="Idle transactions end by themselves"),
    severity="low",
    bounds={"time": at_most(3600000, "ms", "own judgement", off=0)},
    remedy=Text(zh="ALTER SYSTEM SET idle_in_transaction_session_timeout = '30min'; SELECT pg_reload_conf();",
                en="ALTER SYSTEM SET idle_in_transaction_session_timeout = '30min'; SELECT pg_reload_conf();"),
    clause="1.4.1 b",
    risk="medium",
    breaks=Text(zh="长时间停在事务中的批处理会被中断:为其角色单独设置", en="batch work that waits inside a transaction is cut off: set it for that role"),
)
