"""PG-48 Extensions that are older than their files, or missing (R135 数据库的运行状态)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reports.records import Text
from tasks.checks.kinds import DatabaseCheck, Known, Limits, Row, Unreadable, ok, warning
from tasks.checks.tables import dotted, quoted, word


def parse(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    if not rows:
        raise Unreadable("no extension at all; plpgsql at least is everywhere", "没有任何扩展,而 plpgsql 总是存在的")
    return rows


def judge(rows: list[dict[str, Any]], limits: Limits, known: Known) -> Iterator[Row]:
    there = {word(row, "extname") for row in rows}
    for name in known.expected.get("extensions", ()):
        if name not in there:
            yield warning(f"没有任何数据库安装 {name};执行:CREATE EXTENSION {quoted(name)};",
                          f"{name} is installed nowhere; run: CREATE EXTENSION {quoted(name)};", object=name)
    for row in rows:
        name, now, newest = dotted(row, "database", "extname"), word(row, "extversion"), word(row, "default_version")
        if newest and newest != now:
            statement = f"ALTER EXTENSION {quoted(word(row, 'extname'))} UPDATE;"
            yield warning(f"{name} 版本 {now},可升级到 {newest};在该库执行:{statement}",
                          f"{name} is {now}, and its files are {newest}; run in that database: {statement}", object=name)
        elif not newest:
            yield warning(f"{name} 的文件不在服务器上", f"the files of {name} are not on the server", object=name)
        else:
            yield ok(f"{name} {now}", f"{name} {now}", object=name)


CHECK = DatabaseCheck(
    id="PG-48",
    title=Text(zh="扩展", en="Extensions"),
    chapter="running",
    kinds=("postgresql",),
    queries={(12, 0): """
        SELECT e.extname, e.extversion, a.default_version FROM pg_extension e LEFT JOIN pg_available_extensions a ON a.name = e.extname ORDER BY 1
    """},
    parse=parse,
    judge=judge,
    remedy=Text(zh="升级扩展(语句在各行),先读其发布说明", en="Update it (statement in the row), after its release notes"),
    source="PostgreSQL manual, pg_available_extensions",
    each_database=True,
)
