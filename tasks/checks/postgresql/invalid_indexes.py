"""PG-34 Indexes that were never finished (R142 对表和索引进行分析)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reports.records import Text
from tasks.checks.kinds import DatabaseCheck, Known, Limits, Row, ok, warning
from tasks.checks.tables import by_hand, dotted, findings, flag, named, or_nothing, quoted, word
from tasks.operations import postgresql
from tasks.operations.mend import Mend


def parse(rows: list[dict[str, Any]]) -> tuple[list[str], list[dict[str, Any]]]:
    return findings(rows, "name")


def _left_over(name: str) -> bool:
    """Whether a REINDEX CONCURRENTLY that was broken off has left it."""
    return name.rstrip("0123456789").endswith(("_ccnew", "_ccold"))


def judge(answer: tuple[list[str], list[dict[str, Any]]], limits: Limits, known: Known) -> Iterator[Row]:
    clean, indexes = answer
    for row in indexes:
        name = dotted(row, "database", "schema", "name")
        if flag(row, "building"):
            yield ok(f"{name} 正在建立", f"{name} is being built", object=name)
            continue
        own = quoted(word(row, "schema"), word(row, "name"))
        statement = f"DROP INDEX CONCURRENTLY {own};" if _left_over(word(row, "name")) else f"REINDEX INDEX CONCURRENTLY {own};"
        yield warning(f"{name} 无效,不被使用却仍要维护;执行:{statement}", f"{name} is not valid: never used, and still kept up; run: {statement}", object=name)
    for database in clean:
        yield ok(f"{database} 没有无效的索引", f"{database}: every index is valid", object=database)


def mend(row: Row, answer: tuple[list[str], list[dict[str, Any]]], known: Known) -> Mend | Text:
    names = named(answer[1], row.object)
    if not postgresql.usable(*names) or names[1].startswith("pg_") and not _left_over(names[2]):  # the system's own are not built beside their use
        return by_hand(row)
    return postgresql.drop_remains(*names) if _left_over(names[2]) else postgresql.rebuild_index(*names)


CHECK = DatabaseCheck(
    id="PG-34",
    title=Text(zh="无效的索引", en="Invalid indexes"),
    chapter="objects",
    kinds=("postgresql",),
    # Index of a partitioned table are invalid until every partition has one; they hold nothing.
    queries={(12, 0): or_nothing("""
        SELECT n.nspname AS schema, c.relname AS name, EXISTS (SELECT 1 FROM pg_stat_progress_create_index p WHERE p.index_relid = i.indexrelid) AS building
        FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE (NOT i.indisvalid OR NOT i.indisready OR NOT i.indislive) AND c.relkind = 'i' ORDER BY 1, 2
    """)},
    parse=parse,
    judge=judge,
    remedy=Text(zh="重建或删除(语句在各行);原因多为被中断的 CREATE INDEX CONCURRENTLY",
                en="Build it anew or drop it (statement in the row); mostly a CREATE INDEX CONCURRENTLY was broken off"),
    source="PostgreSQL manual, building indexes concurrently; pg_stat_progress_create_index (12)",
    each_database=True,
    mend=mend,
)
