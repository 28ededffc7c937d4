"""PG-32 Room in indexes that is not used: fragmentation (R142 对表和索引进行分析)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reports.records import Outcome, Text
from tasks.checks.kinds import DatabaseCheck, Known, Limit, Limits, Row, ok, unknown
from tasks.checks.tables import dotted, figure, findings, maybe, or_nothing, quoted, size, word


def parse(rows: list[dict[str, Any]]) -> tuple[list[str], list[dict[str, Any]]]:
    return findings(rows, "name")


def judge(answer: tuple[list[str], list[dict[str, Any]]], limits: Limits, known: Known) -> Iterator[Row]:
    clean, indexes = answer
    for row in indexes:
        name, taken, needed = dotted(row, "database", "schema", "name"), figure(row, "bytes"), maybe(row, "needed")
        if needed is None:
            yield unknown(f"{name}({size(taken)})的统计信息不可见或不存在,无法估算碎片;授予 pg_read_all_data 后可见",
                          f"{name} ({size(taken)}): its statistics are hidden or not there, so fragmentation cannot be estimated; grant pg_read_all_data",
                          object=name)
            continue
        wasted = max(0, taken - needed)
        share = 100 * wasted / taken if taken > 0 else 0
        outcome = min(limits["share"].grade(share), limits["bytes"].grade(wasted), key=lambda grade: grade.weight)
        statement = f"REINDEX INDEX CONCURRENTLY {quoted(word(row, 'schema'), word(row, 'name'))};" if outcome is not Outcome.OK else ""
        yield Row(outcome, f"{name} 估计空闲 {size(wasted)}({share:.0f} %)" + (f";执行:{statement}" if statement else ""),
                  f"{name}: about {size(wasted)} ({share:.0f} %) are wasted" + (f"; run: {statement}" if statement else ""), object=name, value=wasted,
                  unit="bytes")
    for database in clean:
        yield ok(f"{database} 没有超过 100 MiB 的 B 树索引", f"{database}: no b-tree index is larger than 100 MiB", object=database)


CHECK = DatabaseCheck(
    id="PG-32",
    title=Text(zh="索引碎片", en="Fragmentation of indexes"),
    chapter="objects",
    kinds=("postgresql",),
    queries={(12, 0): or_nothing("""
        SELECT schema, name, bytes, CASE WHEN reltuples > 0 AND widths = columns THEN
               ceil(reltuples * (width + 8 + 4 + 4) / (current_setting('block_size')::int - 40) * 100.0
                   / fill) * current_setting('block_size')::int END AS needed
        FROM (
            SELECT n.nspname AS schema, c.relname AS name, pg_relation_size(c.oid) AS bytes, c.reltuples,
                   coalesce(substring(array_to_string(c.reloptions, ' ') FROM 'fillfactor=([0-9]+)')::int, 90) AS fill, i.indnatts AS columns,
                   (SELECT count(*) FROM pg_attribute a JOIN pg_stats s ON s.attname = a.attname
                    WHERE a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey) AND s.schemaname = n.nspname AND s.tablename = t.relname
                    AND NOT s.inherited) AS widths,
                   (SELECT sum((1 - s.null_frac) * s.avg_width) FROM pg_attribute a JOIN pg_stats s ON s.attname = a.attname
                    WHERE a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey) AND s.schemaname = n.nspname AND s.tablename = t.relname
                    AND NOT s.inherited) AS width
            FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid JOIN pg_namespace n ON n.oid = t.relnamespace
            JOIN pg_am am ON am.oid = c.relam
            WHERE am.amname = 'btree' AND i.indexprs IS NULL AND i.indisvalid AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
              AND c.relpages >= 100 * 1024 * 1024 / current_setting('block_size')::int
            ORDER BY c.relpages DESC LIMIT 50
        ) sized ORDER BY bytes DESC
    """)},
    parse=parse,
    judge=judge,
    limits={
        "share": Limit(40, 70, "%", Text(zh="经验值:随机键的 B 树稳定在三分之二左右", en="own judgement: a b-tree of random keys settles at two thirds")),
        "bytes": Limit(100 << 20, 1 << 30, "bytes", "PgHero index_bloat: 100 MB"),
    },
    remedy=Text(zh="REINDEX INDEX CONCURRENTLY(语句在各行),需要与索引一样大的空闲空间",
                en="REINDEX INDEX CONCURRENTLY (statement in the row); it needs as much free room as the index takes"),
    source=Text(zh="ioguix 的 B 树碎片查询(简化);为估算值,pgstatindex() 给出准确值",
                en="ioguix btree bloat query, in short; an estimate, pgstatindex() tells exactly"),
    needs=Text(zh="pg_read_all_data(14 及以上),或各表的 SELECT", en="pg_read_all_data (14 and later), or SELECT on the tables"),
    each_database=True,
    time_limit_s=60,
)
