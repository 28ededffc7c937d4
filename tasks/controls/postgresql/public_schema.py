"""H-PG-07c Not everybody makes objects in the schema public (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.checks.tables import word
from tasks.controls.kinds import DatabaseControl
from tasks.controls.postgresql import nothing

QUERY = "SELECT nspname FROM pg_namespace WHERE nspname = 'public' AND has_schema_privilege('public', oid, 'CREATE')"


CONTROL = DatabaseControl(
    id="H-PG-07c",
    **nothing(
        QUERY, "nspname", "数据库 {} 中人人可在 public 模式中建对象", "in the database {} everybody may make objects in the schema public",
        Text(zh="没有这样的模式", en="there is no such schema"), name=lambda row: word(row, "database") or "public"
    ),
    title=Text(zh="不是人人可在 public 模式中建对象", en="Not everybody makes objects in the schema public"),
    severity="medium",
    each_database=True,
    remedy=Text(zh="REVOKE CREATE ON SCHEMA public FROM PUBLIC;先授权给应用角色",
                en="REVOKE CREATE ON SCHEMA public FROM PUBLIC; grant it to the application's role first"),
    clause="1.4.2 d",
    risk="medium",
    breaks=Text(zh="未单独授权的应用不能再建表", en="an application without a grant of its own makes no more tables"),
)
