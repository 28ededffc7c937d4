"""PG-36 Foreign keys without an index (R142 对表和索引进行分析)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reports.records import Text
from tasks.checks.kinds import DatabaseCheck, Known, Limit, Limits, Row, ok, warning
from tasks.checks.tables import dotted, figure, findings, or_nothing, quoted, word


def parse(rows: list[dict[str, Any]]) -> tuple[list[str], list[dict[str, Any]]]:
    return findings(rows, "name")


def judge(answer: tuple[list[str], list[dict[str, Any]]], limits: Limits, known: Known) -> Iterator[Row]:
    clean, keys = answer
    for row in keys:
        name = dotted(row, "database", "schema", "tab", "name")
        columns = ", ".join(quoted(str(column)) for column in row["columns"])
        statement = f"CREATE INDEX CONCURRENTLY ON {quoted(word(row, 'schema'), word(row, 'tab'))} ({columns});"
        large = figure(row, "live") >= limits["rows"].warning
        yield (warning if large else ok)(f"外键 {name} 没有索引(约 {figure(row, 'live'):.0f} 行)" + (f";执行:{statement}" if large else ""),
                                         f"foreign key {name} has no index (about {figure(row, 'live'):.0f} rows)" + (f"; run: {statement}" if large else ""),
                                         object=name)
    for database in clean:
        yield ok(f"{database} 的外键都有索引", f"{database}: every foreign key has an index", object=database)


CHECK = DatabaseCheck(
    id="PG-36",
    title=Text(zh="缺索引的外键", en="Foreign keys without an index"),
    chapter="objects",
    kinds=("postgresql",),
    queries={(12, 0): or_nothing("""
        SELECT n.nspname AS schema, t.relname AS tab, k.conname AS name, greatest(t.reltuples, s.n_live_tup, 0) AS live,
               (SELECT array_agg(a.attname::text ORDER BY p.place) FROM unnest(k.conkey) WITH ORDINALITY p (attnum, place)
                JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = p.attnum) AS columns
        FROM pg_constraint k JOIN pg_class t ON t.oid = k.conrelid JOIN pg_namespace n ON n.oid = t.relnamespace LEFT
        JOIN pg_stat_all_tables s ON s.relid = t.oid
        WHERE k.contype = 'f' AND NOT EXISTS (
            SELECT 1 FROM pg_index i WHERE i.indrelid = k.conrelid AND i.indisvalid AND i.indpred IS NULL
            AND (i.indkey::int2[])[0:cardinality(k.conkey) - 1] @> k.conkey)
        ORDER BY 4 DESC, 1, 2, 3 LIMIT 200
    """)},
    parse=parse,
    judge=judge,
    limits={"rows": Limit(10000, None, "rows", Text(zh="PgHero:更小的表本来就会整表读取", en="PgHero: smaller tables are read whole anyway"))},
    remedy=Text(zh="建立索引(语句在各行);否则删除被引用的行会扫描整表并长时间持锁",
                en="Make the index (statement in the row); without it every delete in the other table reads this one whole, holding locks"),
    source="PostgreSQL manual, constraints 5.5.5",
    each_database=True,
)
