"""PG-23 Sequences and the columns they fill near their end (R142 对表和索引进行分析)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reports.records import Outcome, Text
from tasks.checks.kinds import DatabaseCheck, Known, Limit, Limits, Row, ok, unknown
from tasks.checks.tables import dotted, figure, findings, flag, maybe, or_nothing, quoted, word


def parse(rows: list[dict[str, Any]]) -> tuple[list[str], list[dict[str, Any]]]:
    return findings(rows, "name")


def judge(answer: tuple[list[str], list[dict[str, Any]]], limits: Limits, known: Known) -> Iterator[Row]:
    clean, sequences = answer
    for row in sequences:
        name, last, most = dotted(row, "database", "schema", "name"), maybe(row, "last_value"), figure(row, "most")
        if not flag(row, "readable"):
            yield unknown(f"{name} 不可见;执行:GRANT SELECT ON SEQUENCE {quoted(word(row, 'schema'), word(row, 'name'))} TO <巡检角色>;(或 pg_read_all_data)",
                          f"{name} is hidden; run: GRANT SELECT ON SEQUENCE {quoted(word(row, 'schema'), word(row, 'name'))} TO <inspecting role>; "
                          "(or pg_read_all_data)", object=name)
            continue
        used = max(0, last or 0)
        share = 100 * used / most if most > 0 else 0
        outcome = limits["used"].grade(share)
        column, kind = word(row, "column_name"), word(row, "column_type")
        statement = rewrite_zh = rewrite_en = ""
        if outcome is not Outcome.OK and column and kind in ("integer", "smallint"):
            rewrite_zh, rewrite_en = "在维护窗口(会重写表)", "in a window, for it rewrites the table, "
            statement = f"ALTER TABLE {word(row, 'table_name')} ALTER COLUMN {quoted(column)} TYPE bigint;"
        elif outcome is not Outcome.OK:
            statement = f"ALTER SEQUENCE {quoted(word(row, 'schema'), word(row, 'name'))} AS bigint MAXVALUE 9223372036854775807;"
        yield Row(outcome,
                  f"{name} 已用 {share:.0f} %" + (f"({column} 为 {kind})" if column else "") + (f";{rewrite_zh}执行:{statement}" if statement else ""),
                  f"{name} is {share:.0f} % used" + (f" ({column} is {kind})" if column else "")
                  + (f"; {rewrite_en}run: {statement}" if statement else ""),
                  object=name, value=used, capacity=most)
    for database in clean:
        yield ok(f"{database} 没有用到一半的序列", f"{database}: no sequence is half used", object=database)


CHECK = DatabaseCheck(
    id="PG-23",
    title=Text(zh="序列与自增列余量", en="Sequences near their end"),
    chapter="objects",
    kinds=("postgresql",),
    # last_value is null both for a sequence never used and for one our role may not read: only the privilege tells which.
    queries={(12, 0): or_nothing("""
        SELECT * FROM (
            SELECT s.schemaname AS schema, s.sequencename AS name, s.last_value,
                   CASE WHEN s.increment_by < 0 THEN 0 ELSE least(s.max_value, CASE format_type(a.atttypid, NULL)
                       WHEN 'integer' THEN 2147483647 WHEN 'smallint' THEN 32767 ELSE 9223372036854775807 END) END AS most,
                   has_sequence_privilege(c.oid, 'SELECT, USAGE') AS readable,
                   d.refobjid::regclass::text AS table_name, a.attname AS column_name, format_type(a.atttypid, NULL) AS column_type
            FROM pg_sequences s
            JOIN pg_namespace n ON n.nspname = s.schemaname
            JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = s.sequencename AND c.relkind = 'S'
            LEFT JOIN pg_depend d ON d.objid = c.oid AND d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
            LEFT JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
            WHERE NOT s.cycle
        ) seen WHERE NOT readable OR last_value >= most / 2 ORDER BY readable, last_value::numeric / nullif(most, 0) DESC LIMIT 200
    """)},
    parse=parse,
    judge=judge,
    limits={"used": Limit(85, 95, "%", "check_postgres sequence")},
    remedy=Text(zh="把列改为 bigint(语句在各行)", en="Turn the column into bigint (statement in the row)"),
    source=Text(zh="PostgreSQL 手册 pg_sequences:没有权限时 last_value 为空", en="PostgreSQL manual, pg_sequences: last_value is null without the privilege"),
    needs=Text(zh="各序列的 SELECT,或 pg_read_all_data(14 及以上)", en="SELECT on the sequences, or pg_read_all_data (14 and later)"),
    each_database=True,
)
