"""PG-47 Superusers and other mighty roles, and passwords that run out (R135 数据库的运行状态; security)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reports.records import Text
from tasks.checks.kinds import DatabaseCheck, Known, Limit, Limits, Row, Unreadable, ok, warning
from tasks.checks.tables import flag, maybe, quoted, word


def parse(rows: list[dict[str, Any]]) -> list[tuple[str, bool, float | None, str]]:
    """Name, superuser, days until its password runs out, other powers; the first role (10) is always there."""
    if not rows:
        raise Unreadable("no role at all", "没有任何角色")
    return [(word(row, "rolname"), flag(row, "rolsuper"), maybe(row, "days"), word(row, "powers")) for row in rows]


def judge(roles: list[tuple[str, bool, float | None, str]], limits: Limits, known: Known) -> Iterator[Row]:
    allowed = known.expected.get("superusers", ["postgres"])
    for name, is_super, days, powers in roles:
        own = quoted(name)
        if is_super and name not in allowed:
            yield warning(f"{name} 是超级用户而未登记;执行:ALTER ROLE {own} NOSUPERUSER;(或登记到 expected.superusers)",
                          f"{name} is a superuser, and is not listed as one; run: ALTER ROLE {own} NOSUPERUSER; (or list it in expected.superusers)",
                          object=name)
        elif days is not None and days < limits["expiry"].warning:
            outcome = limits["expiry"].grade(days)
            yield Row(outcome, f"{name} 的密码{'已过期' if days < 0 else f'{days:.0f} 天后过期'}",
                      f"the password of {name} {'has run out' if days < 0 else f'runs out in {days:.0f} days'}",
                      object=name, value=round(days), unit="days")
        else:
            yield ok(f"{name}:{'超级用户,已登记' if is_super else powers or '普通角色'}",
                     f"{name}: {'superuser, as listed' if is_super else powers or 'ordinary role'}", object=name)


CHECK = DatabaseCheck(
    id="PG-47",
    title=Text(zh="超级用户与角色", en="Superusers and roles"),
    chapter="running",
    kinds=("postgresql",),
    queries={(12, 0): """
        SELECT rolname, rolsuper, extract(epoch FROM nullif(rolvaliduntil, 'infinity') - clock_timestamp()) / 86400 AS days,
               concat_ws(', ', CASE WHEN rolcreaterole THEN 'CREATEROLE' END, CASE WHEN rolcreatedb THEN 'CREATEDB' END,
                         CASE WHEN rolreplication THEN 'REPLICATION' END, CASE WHEN rolbypassrls THEN 'BYPASSRLS' END) AS powers
        FROM pg_roles WHERE rolcanlogin AND (rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls OR rolvaliduntil IS NOT NULL)
        ORDER BY rolsuper DESC, rolname
    """},
    parse=parse,
    judge=judge,
    limits={"expiry": Limit(14, 0, "days", "own judgement", over=False)},
    remedy=Text(zh="收回不需要的权限;换密码:\\password <角色>", en="Take back what is not needed; a new password: \\password <role>"),
    source="CIS PostgreSQL 4; pg_roles",
    clause="GB/T 22239-2019 8.1.4.2 d",
)
