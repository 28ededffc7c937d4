"""PG-33 Indexes that are there twice (R142 对表和索引进行分析)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reports.records import Text
from tasks.checks.kinds import DatabaseCheck, Known, Limits, Row, ok, warning
from tasks.checks.tables import by_hand, dotted, figure, findings, flag, named, or_nothing, quoted, size, word
from tasks.operations import postgresql
from tasks.operations.mend import Mend
from tasks.operations.schemas import PG_OWN_SCHEMAS


def parse(rows: list[dict[str, Any]]) -> tuple[list[str], list[dict[str, Any]]]:
    return findings(rows, "name")


def judge(answer: tuple[list[str], list[dict[str, Any]]], limits: Limits, known: Known) -> Iterator[Row]:
    clean, groups = answer
    for row in groups:
        table, kept = dotted(row, "database", "schema", "name"), word(row, "keep")
        others = [str(name) for name in row["others"]]
        statement = " ".join(f"DROP INDEX CONCURRENTLY {quoted(word(row, 'schema'), name)};" for name in others)
        if flag(row, "constrained"):
            yield warning(f"{table} 的索引 {', '.join([kept, *others])} 相同,但约束、复制标识等以其为依据,或其参数不同;核对后删除多余的",
                          f"{table}: {', '.join([kept, *others])} are the same, but constraints, the replica identity or the like stand on them, or "
                          "their options differ; compare, and drop what is too many", object=table, value=figure(row, "bytes"), unit="bytes")
        else:
            yield warning(f"{table} 的索引 {', '.join(others)} 与 {kept} 相同,占用 {size(figure(row, 'bytes'))};执行:{statement}",
                          f"{table}: {', '.join(others)} {'is' if len(others) == 1 else 'are'} the same as {kept} and take "
                          f"{size(figure(row, 'bytes'))}; run: {statement}",
                          object=table, value=figure(row, "bytes"), unit="bytes")
    for database in clean:
        yield ok(f"{database} 没有重复的索引", f"{database}: no index is there twice", object=database)


def mend(row: Row, answer: tuple[list[str], list[dict[str, Any]]], known: Known) -> Mend | Text:
    names = named(answer[1], row.object)
    groups = [one for one in answer[1] if dotted(one, "database", "schema", "name") == row.object]
    others = [str(name) for one in groups for name in one["others"]]
    if len(groups) != 1 or flag(groups[0], "constrained") or not postgresql.usable(*names, *others):
        return by_hand(row)
    return postgresql.drop_duplicates(*names, word(groups[0], "keep"), others)


CHECK = DatabaseCheck(
    id="PG-33",
    title=Text(zh="重复的索引", en="Duplicate indexes"),
    chapter="objects",
    kinds=("postgresql",),
    # The one that backs a constraint is kept; constrained: there is more than one such, or something else stands on one of the others. What is
    # not valid serves nobody, and is another check's.
    queries={(12, 0): or_nothing(f"""
        SELECT schema, name, names[1] AS keep, names[2:] AS others, bytes, backing > 1 OR EXISTS (
                   SELECT FROM pg_index k, pg_index o WHERE k.indexrelid = indexes[1] AND o.indexrelid = ANY (indexes[2:]) AND NOT ({postgresql.REPLACEABLE})
               ) AS constrained
        FROM (
            SELECT n.nspname AS schema, t.relname AS name, count(k.oid) AS backing,
                sum(pg_relation_size(i.indexrelid)) - min(pg_relation_size(i.indexrelid)) AS bytes,
                   array_agg(c.relname::text ORDER BY k.oid IS NULL, i.indisunique DESC, c.relname) AS names,
                   array_agg(i.indexrelid ORDER BY k.oid IS NULL, i.indisunique DESC, c.relname) AS indexes
            FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid JOIN pg_namespace n ON n.oid = t.relnamespace
            LEFT JOIN pg_constraint k ON k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x')
            WHERE i.indisvalid AND n.nspname NOT IN {PG_OWN_SCHEMAS}
            GROUP BY n.nspname, t.relname, i.indrelid, c.relam, i.indnkeyatts, i.indkey::text, i.indclass::text, i.indcollation::text, i.indoption::text,
                     coalesce(pg_get_expr(i.indexprs, i.indrelid), ''), coalesce(pg_get_expr(i.indpred, i.indrelid), '')
            HAVING count(*) > 1
        ) same ORDER BY bytes DESC LIMIT 200
    """)},
    parse=parse,
    judge=judge,
    remedy=Text(zh="删除多余的一个(语句在各行);属于约束的保留", en="Drop the one too many (statement in the row); keep what backs a constraint"),
    source="pg_index; PgHero duplicate_indexes",
    each_database=True,
    mend=mend,
)
