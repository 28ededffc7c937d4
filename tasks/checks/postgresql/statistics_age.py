"""PG-37 Whether the planner's statistics are fresh (R142 对表和索引进行分析)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reports.records import Text
from tasks.checks.kinds import DatabaseCheck, Known, Limit, Limits, Row, ok, warning
from tasks.checks.tables import by_hand, dotted, figure, findings, maybe, named, or_nothing, quoted, word
from tasks.operations import postgresql
from tasks.operations.mend import Mend


def parse(rows: list[dict[str, Any]]) -> tuple[list[str], list[dict[str, Any]]]:
    return findings(rows, "name")


def judge(answer: tuple[list[str], list[dict[str, Any]]], limits: Limits, known: Known) -> Iterator[Row]:
    clean, tables = answer
    for row in tables:
        name, days, share = dotted(row, "database", "schema", "name"), maybe(row, "days"), figure(row, "share")
        statement = f"ANALYZE {quoted(word(row, 'schema'), word(row, 'name'))};"
        if days is None:
            yield warning(f"{name} 从未分析过(约 {figure(row, 'live'):.0f} 行);执行:{statement}",
                          f"{name} was never analysed (about {figure(row, 'live'):.0f} rows); run: {statement}", object=name)
        else:
            yield Row(limits["share"].grade(share), f"{name} 自 {days:.0f} 天前分析后改动 {share:.0f} %;执行:{statement}",
                      f"{share:.0f} % of {name} changed since it was analysed {days:.0f} days ago; run: {statement}", object=name, value=round(share, 1),
                      unit="%")
    for database in clean:
        yield ok(f"{database} 的统计信息是新的", f"{database}: the statistics are fresh", object=database)


def mend(row: Row, answer: tuple[list[str], list[dict[str, Any]]], known: Known) -> Mend | Text:
    names = named(answer[1], row.object)
    return postgresql.analyze(*names) if postgresql.usable(*names) else by_hand(row)


CHECK = DatabaseCheck(
    id="PG-37",
    title=Text(zh="统计信息是否陈旧", en="Age of the planner's statistics"),
    chapter="objects",
    kinds=("postgresql",),
    queries={(12, 0): or_nothing("""
        SELECT schemaname AS schema, relname AS name, n_live_tup AS live, 100.0 * n_mod_since_analyze / greatest(n_live_tup, 1) AS share,
               extract(epoch FROM clock_timestamp() - greatest(last_analyze, last_autoanalyze)) / 86400 AS days
        FROM pg_stat_user_tables
        WHERE n_live_tup >= 10000 AND (greatest(last_analyze, last_autoanalyze) IS NULL OR n_mod_since_analyze > 0.2 * n_live_tup
              AND greatest(last_analyze, last_autoanalyze) < clock_timestamp() - interval '7 days')
        ORDER BY n_mod_since_analyze DESC LIMIT 100
    """)},
    parse=parse,
    judge=judge,
    limits={"share": Limit(20, None, "%", Text(zh="经验值,且已过 7 天;autovacuum 在 10 % 时分析",
                                               en="own judgement, with an age of 7 days; autovacuum analyses at 10 %"))},
    remedy=Text(zh="执行 ANALYZE(语句在各行),调低 autovacuum_analyze_scale_factor", en="ANALYZE (statement in the row); lower autovacuum_analyze_scale_factor"),
    source="check_postgres last_analyze; pg_stat_user_tables",
    each_database=True,
    mend=mend,
)
