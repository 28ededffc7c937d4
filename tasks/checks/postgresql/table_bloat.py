"""PG-31 Room in tables that is neither used nor given back: fragmentation (R142 对表和索引进行分析)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reports.records import Outcome, Text
from tasks.checks.kinds import DatabaseCheck, Known, Limit, Limits, Row, ok, unknown
from tasks.checks.tables import dotted, figure, findings, maybe, or_nothing, quoted, size, word


def parse(rows: list[dict[str, Any]]) -> tuple[list[str], list[dict[str, Any]]]:
    return findings(rows, "name")


def judge(answer: tuple[list[str], list[dict[str, Any]]], limits: Limits, known: Known) -> Iterator[Row]:
    clean, tables = answer
    for row in tables:
        name, taken, needed = dotted(row, "database", "schema", "name"), figure(row, "bytes"), maybe(row, "needed")
        if needed is None:
            yield unknown(f"{name}({size(taken)})的统计信息不可见或不存在,无法估算碎片;执行:ANALYZE {quoted(word(row, 'schema'), word(row, 'name'))};,"
                          "并授予 pg_read_all_data",
                          f"{name} ({size(taken)}): its statistics are hidden or not there, so fragmentation cannot be estimated; run: ANALYZE "
                          f"{quoted(word(row, 'schema'), word(row, 'name'))}; and grant pg_read_all_data", object=name)
            continue
        wasted = max(0, taken - needed)
        share = 100 * wasted / taken if taken > 0 else 0
        outcome = min(limits["share"].grade(share), limits["bytes"].grade(wasted), key=lambda grade: grade.weight)
        statement = f"VACUUM (FULL, ANALYZE) {quoted(word(row, 'schema'), word(row, 'name'))};"
        bad = outcome is not Outcome.OK
        yield Row(outcome,
                  f"{name} 估计空闲 {size(wasted)}({share:.0f} %)"
                  + (f";在维护窗口执行(锁表):{statement} 或 pg_repack -t {word(row, 'schema')}.{word(row, 'name')}" if bad else ""),
                  f"{name}: about {size(wasted)} ({share:.0f} %) are wasted"
                  + (f"; in a window, it locks the table: {statement} or pg_repack -t {word(row, 'schema')}.{word(row, 'name')}"
                                                                              if bad else ""), object=name, value=wasted, unit="bytes")
    for database in clean:
        yield ok(f"{database} 没有超过 100 MiB 的表", f"{database}: no table is larger than 100 MiB", object=database)


CHECK = DatabaseCheck(
    id="PG-31",
    title=Text(zh="表碎片", en="Fragmentation of tables"),
    chapter="objects",
    kinds=("postgresql",),
    # An estimate: rows times the mean width of their columns, with headers, padding and fill factor, against the file's size.
    # pg_stats shows nothing of tables our role may not read, without a word: then the estimate is null, never nought.
    queries={(12, 0): or_nothing("""
        SELECT schema, name, bytes, CASE WHEN reltuples > 0 AND widths = columns THEN
               ceil(reltuples * (width + 24 + 4 + 4) / (current_setting('block_size')::int - 24) * 100.0
                   / fill) * current_setting('block_size')::int END AS needed
        FROM (
            SELECT n.nspname AS schema, c.relname AS name, pg_relation_size(c.oid) AS bytes, c.reltuples,
                   coalesce(substring(array_to_string(c.reloptions, ' ') FROM 'fillfactor=([0-9]+)')::int, 100) AS fill,
                   (SELECT count(*) FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns,
                   (SELECT count(*) FROM pg_stats s WHERE s.schemaname = n.nspname AND s.tablename = c.relname AND NOT s.inherited) AS widths,
                   (SELECT sum((1 - s.null_frac) * s.avg_width) FROM pg_stats s WHERE s.schemaname = n.nspname AND s.tablename = c.relname
                       AND NOT s.inherited) AS width
            FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relkind IN ('r', 'm') AND c.relpersistence <> 't' AND n.nspname NOT IN ('pg_catalog', 'information_schema')
              AND c.relpages >= 100 * 1024 * 1024 / current_setting('block_size')::int
            ORDER BY c.relpages DESC LIMIT 50
        ) sized ORDER BY bytes DESC
    """)},
    parse=parse,
    judge=judge,
    limits={
        "share": Limit(30, 60, "%", Text(zh="check_pgactivity table_bloat,数值为经验值", en="check_pgactivity table_bloat, own figures")),
        "bytes": Limit(100 << 20, 1 << 30, "bytes", Text(zh="check_postgres bloat:1 GB 与 5 GB;小型服务器上较小的表也要紧",
                                                         en="check_postgres bloat: 1 and 5 GB; smaller tables matter to smaller servers")),
    },
    remedy=Text(zh="执行各行的语句;需要与表一样大的空闲空间", en="Run what the rows say; it needs as much free room as the table takes"),
    source=Text(zh="check_postgres bloat 与 ioguix 的表碎片查询(简化);为估算值,pgstattuple_approx() 给出准确值",
                en="check_postgres bloat and ioguix table bloat queries, in short; an estimate, pgstattuple_approx() tells exactly"),
    needs=Text(zh="pg_read_all_data(14 及以上),或各表的 SELECT", en="pg_read_all_data (14 and later), or SELECT on the tables"),
    each_database=True,
    time_limit_s=60,
)
