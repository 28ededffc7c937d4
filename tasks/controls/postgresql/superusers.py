"""H-PG-07a Every superuser is listed (R008 安全加固)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reports.records import Text
from tasks.checks.kinds import Known, Row, Unreadable
from tasks.checks.tables import word
from tasks.controls.kinds import Bounds, DatabaseControl, failed, passed
from tasks.controls.postgresql import OF_POSTGRESQL


def parse(rows: list[dict[str, Any]]) -> list[str]:
    if not rows:
        raise Unreadable("there is no superuser at all", "没有任何超级用户")
    return [word(row, "rolname") for row in rows]


def judge(roles: list[str], bounds: Bounds, known: Known) -> Iterator[Row]:
    listed = known.expected.get("superusers", ["postgres"])
    those = [name for name in roles if name not in listed]
    for name in those:
        yield failed(f"{name} 是超级用户而未登记", f"{name} is a superuser, and is not listed as one", object=name)
    if not those:
        yield passed("超级用户均已登记", "every superuser is listed")


CONTROL = DatabaseControl(
    id="H-PG-07a",
    **OF_POSTGRESQL,
    title=Text(zh="超级用户均已登记", en="Every superuser is listed"),
    severity="high",
    judge=judge,
    queries={(12, 0): "SELECT rolname FROM pg_roles WHERE rolsuper AND rolcanlogin ORDER BY rolname"},
    parse=parse,
    remedy=Text(zh="ALTER ROLE <角色> NOSUPERUSER;或登记到 expected.superusers", en="ALTER ROLE <role> NOSUPERUSER; or list it in expected.superusers"),
    clause="1.4.2 d",
    risk="medium",
    breaks=Text(zh="应用可能依赖超级用户的权限:先在副本上验证", en="an application may rely on it: try it on a copy first"),
    cuts_off=True,
)
