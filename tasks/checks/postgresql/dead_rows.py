"""PG-30 Dead rows that vacuum has not cleared (R142 对表和索引进行分析)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reports.records import Outcome, Text
from tasks.checks.kinds import DatabaseCheck, Known, Limit, Limits, Row, ok
from tasks.checks.tables import dotted, figure, findings, or_nothing, quoted, word


def parse(rows: list[dict[str, Any]]) -> tuple[list[str], list[dict[str, Any]]]:
    return findings(rows, "name")


def judge(answer: tuple[list[str], list[dict[str, Any]]], limits: Limits, known: Known) -> Iterator[Row]:
    clean, tables = answer
    for row in tables:
        name, dead, share = dotted(row, "database", "schema", "name"), figure(row, "dead"), figure(row, "share")
        outcome = limits["share"].grade(share)
        if outcome is Outcome.CRITICAL and figure(row, "bytes") < 100 << 20:
            outcome = Outcome.WARNING
        off = word(row, "disabled") == "t" or row["disabled"] is True
        statement = (f"ALTER TABLE {quoted(word(row, 'schema'), word(row, 'name'))} RESET (autovacuum_enabled); " if off else "") + \
            f"VACUUM (ANALYZE, VERBOSE) {quoted(word(row, 'schema'), word(row, 'name'))};"
        yield Row(outcome, f"{name} 有 {dead:.0f} 个死行({share:.0f} %)" + (",该表关闭了 autovacuum" if off else "") + f";执行:{statement}",
                  f"{name} has {dead:.0f} dead rows ({share:.0f} %)" + (", its autovacuum is off" if off else "") + f"; run: {statement}", object=name,
                  value=dead, unit="rows")
    for database in clean:
        yield ok(f"{database} 没有堆积的死行", f"{database}: no dead rows pile up", object=database)


CHECK = DatabaseCheck(
    id="PG-30",
    title=Text(zh="死行与清理", en="Dead rows"),
    chapter="objects",
    kinds=("postgresql",),
    queries={(12, 0): or_nothing("""
        SELECT s.schemaname AS schema, s.relname AS name, s.n_dead_tup AS dead, 100.0 * s.n_dead_tup / (s.n_live_tup + s.n_dead_tup) AS share,
               pg_relation_size(s.relid) AS bytes, 'autovacuum_enabled=false' = ANY (c.reloptions) OR 'autovacuum_enabled=off' = ANY (c.reloptions) AS disabled
        FROM pg_stat_user_tables s JOIN pg_class c ON c.oid = s.relid
        WHERE s.n_dead_tup > 10000 AND s.n_dead_tup >= 0.1 * (s.n_live_tup + s.n_dead_tup) ORDER BY s.n_dead_tup DESC LIMIT 100
    """)},
    parse=parse,
    judge=judge,
    limits={"share": Limit(10, 50, "%", Text(zh="postgres_exporter mixin 与 Azure 的规则:10 % 且 10000 行;100 MiB 起为严重是经验值",
                                             en="postgres_exporter mixin and Azure rules: 10 % and 10000 rows; critical from 100 MiB on is own judgement"))},
    remedy=Text(zh="执行各行的语句;查明 autovacuum 为何跟不上(PG-03、PG-28、PG-45)",
                en="Run what the rows say; find out why autovacuum falls behind (PG-03, PG-28, PG-45)"),
    source="PostgreSQL manual, pg_stat_all_tables",
    each_database=True,
)
