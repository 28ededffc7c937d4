"""PG-38 Tables without a primary key, triggers turned off, constraints not validated (R142 对表和索引进行分析)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reports.records import Text
from tasks.checks.kinds import DatabaseCheck, Known, Limits, Row, Unreadable, critical, ok, warning
from tasks.checks.tables import dotted, findings, or_nothing, quoted, word
from tasks.operations.schemas import PG_OWN_SCHEMAS

_WORDS = {
    "key": ("没有主键", "has no primary key"),
    "published": ("没有主键却被发布,UPDATE 和 DELETE 会失败", "has no primary key and is published: UPDATE and DELETE fail"),
    "trigger": ("触发器已停用", "a trigger is turned off"), "constraint": ("约束未验证", "a constraint is not validated"),
}


def parse(rows: list[dict[str, Any]]) -> tuple[list[str], list[dict[str, Any]]]:
    clean, told = findings(rows, "fault")
    for row in told:
        if row["fault"] not in _WORDS:
            raise Unreadable(f"the fault is {str(row['fault'])[:40]!r}", f"未知的问题种类 {str(row['fault'])[:40]!r}")
    return clean, told


def judge(answer: tuple[list[str], list[dict[str, Any]]], limits: Limits, known: Known) -> Iterator[Row]:
    clean, faults = answer
    for row in faults:
        table, fault, what = quoted(word(row, "schema"), word(row, "tab")), word(row, "fault"), quoted(word(row, "name"))
        statement = {"key": f"ALTER TABLE {table} ADD PRIMARY KEY (<列>);", "published": f"ALTER TABLE {table} ADD PRIMARY KEY (<列>);",
                     "trigger": f"ALTER TABLE {table} ENABLE TRIGGER {what};", "constraint": f"ALTER TABLE {table} VALIDATE CONSTRAINT {what};"}[fault]
        name = dotted(row, "database", "schema", "tab") + (f" {word(row, 'name')}" if word(row, "name") else "")
        zh, en = _WORDS[fault]
        yield (critical if fault == "published" else warning)(f"{name} {zh};执行:{statement}", f"{name}: {en}; run: {statement.replace('<列>', '<columns>')}",
                                                              object=name)
    for database in clean:
        yield ok(f"{database} 的表都有主键,触发器和约束有效", f"{database}: every table has a primary key, triggers and constraints are in force",
                 object=database)


CHECK = DatabaseCheck(
    id="PG-38",
    title=Text(zh="主键、触发器与约束", en="Primary keys, triggers, constraints"),
    chapter="objects",
    kinds=("postgresql",),
    queries={(12, 0): or_nothing(f"""
        SELECT n.nspname AS schema, c.relname AS tab, '' AS name,
               CASE WHEN c.relreplident IN ('d', 'n') AND EXISTS (SELECT 1 FROM pg_publication_tables p WHERE p.schemaname = n.nspname
                   AND p.tablename = c.relname)
                    THEN 'published' ELSE 'key' END AS fault
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p') AND c.relpersistence = 'p' AND NOT c.relispartition AND n.nspname NOT IN {PG_OWN_SCHEMAS}
          AND NOT EXISTS (SELECT 1 FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary)
          AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
        UNION ALL
        SELECT n.nspname, c.relname, t.tgname, 'trigger' FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE t.tgenabled = 'D' AND n.nspname NOT IN {PG_OWN_SCHEMAS}
        UNION ALL
        SELECT n.nspname, c.relname, k.conname, 'constraint' FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
            JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE NOT k.convalidated AND n.nspname NOT IN {PG_OWN_SCHEMAS}
        ORDER BY 4 DESC, 1, 2, 3 LIMIT 500
    """)},
    parse=parse,
    judge=judge,
    remedy=Text(zh="补主键、启用触发器、验证约束(语句在各行)", en="Add the key, turn the trigger on, validate the constraint (statement in the row)"),
    source="check_pgactivity disabled_triggers; PostgreSQL manual, logical replication, replica identity",
    each_database=True,
)
