"""H-PG-08 Passwords of roles run out (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.kinds import DatabaseControl
from tasks.controls.postgresql import nothing

QUERY = """
    SELECT rolname FROM pg_roles WHERE rolcanlogin AND rolname <> 'postgres' AND coalesce(rolvaliduntil, 'infinity') = 'infinity' ORDER BY rolname
"""


CONTROL = DatabaseControl(
    id="H-PG-08",
    **nothing(QUERY, "rolname", "{} 的口令永不到期", "the password of {} never runs out", Text(zh="没有这样的角色", en="there is no such role")),
    title=Text(zh="登录角色的口令有期限", en="Passwords of roles run out"),
    severity="low",
    remedy=Text(zh="与应用负责人约定后:ALTER ROLE <角色> VALID UNTIL '日期';服务账户登记例外",
                en="by agreement: ALTER ROLE <role> VALID UNTIL 'date'; service accounts: an exception"),
    clause="1.4.1 a",
    level=3,
    risk="high",
    breaks=Text(zh="到期后应用立即无法登录", en="once it runs out the application no longer logs in"),
    cuts_off=True,
)
