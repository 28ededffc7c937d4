"""H-PG-07b Applications' roles rule nothing (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.kinds import DatabaseControl
from tasks.controls.postgresql import nothing

QUERY = """
    SELECT rolname FROM pg_roles WHERE rolcanlogin AND NOT rolsuper AND (rolcreaterole OR rolcreatedb OR rolbypassrls) ORDER BY rolname
"""


CONTROL = DatabaseControl(
    id="H-PG-07b",
    **nothing(
        QUERY, "rolname", "{} 有 CREATEROLE、CREATEDB 或 BYPASSRLS", "{} has CREATEROLE, CREATEDB or BYPASSRLS",
        Text(zh="没有这样的角色", en="there is no such role")
    ),
    title=Text(zh="应用角色没有管理权限", en="Applications' roles rule nothing"),
    severity="medium",
    remedy=Text(zh="ALTER ROLE <角色> NOCREATEROLE NOCREATEDB NOBYPASSRLS;", en="ALTER ROLE <role> NOCREATEROLE NOCREATEDB NOBYPASSRLS;"),
    clause="1.4.2 d",
    risk="medium",
    breaks=Text(zh="应用自行建库或建角色的功能会失败", en="an application that makes databases or roles no longer can"),
)
