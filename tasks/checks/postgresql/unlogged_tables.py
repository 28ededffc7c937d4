"""PG-39 Tables that a crash empties (R135 数据库的运行状态)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reports.records import Text
from tasks.checks.kinds import DatabaseCheck, Known, Limits, Row, ok, warning
from tasks.checks.tables import dotted, figure, findings, or_nothing, quoted, size, word


def parse(rows: list[dict[str, Any]]) -> tuple[list[str], list[dict[str, Any]]]:
    return findings(rows, "name")


def judge(answer: tuple[list[str], list[dict[str, Any]]], limits: Limits, known: Known) -> Iterator[Row]:
    clean, tables = answer
    for row in tables:
        name = dotted(row, "database", "schema", "name")
        statement = f"ALTER TABLE {quoted(word(row, 'schema'), word(row, 'name'))} SET LOGGED;"
        yield warning(f"{name} 不写日志({size(figure(row, 'bytes'))}):崩溃后为空,也不复制到备库;若数据重要则执行:{statement}",
                      f"{name} is unlogged ({size(figure(row, 'bytes'))}): a crash empties it, and no standby has it; if its data matter: {statement}",
                      object=name, value=figure(row, "bytes"), unit="bytes")
    for database in clean:
        yield ok(f"{database} 没有不写日志的表", f"{database}: every table is logged", object=database)


CHECK = DatabaseCheck(
    id="PG-39",
    title=Text(zh="不写日志的表", en="Unlogged tables"),
    chapter="objects",
    kinds=("postgresql",),
    queries={(12, 0): or_nothing("""
        SELECT n.nspname AS schema, c.relname AS name, pg_total_relation_size(c.oid) AS bytes FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind = 'r' AND c.relpersistence = 'u' ORDER BY 3 DESC LIMIT 200
    """)},
    parse=parse,
    judge=judge,
    remedy=Text(zh="重要的数据改为写日志(语句在各行)", en="Log what matters (statement in the row)"),
    source="PostgreSQL manual, CREATE TABLE, UNLOGGED",
    each_database=True,
)
