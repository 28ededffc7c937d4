"""PG-24 Partitions for the coming time, and rows in the default partition (R142 对表和索引进行分析)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Any

from reports.records import Text
from tasks.checks.kinds import DatabaseCheck, Known, Limit, Limits, Row, not_applicable, ok, warning
from tasks.checks.tables import dotted, findings, maybe, or_nothing, word

_DATE = re.compile(r"TO \('(\d{4}-\d\d-\d\d)")
_BEGIN = re.compile(r"FROM \('(\d{4}-\d\d-\d\d)")


def parse(rows: list[dict[str, Any]]) -> tuple[list[str], list[tuple[str, date | None, int, float, str]]]:
    """Databases without any, and of each partitioned table: last day, days of its newest partition, rows in the default partition and its name."""
    clean, told = findings(rows, "name")
    found = []
    for row in told:
        ends, width = None, 0
        for bound in row["bounds"] or []:
            end, begin = _DATE.search(str(bound)), _BEGIN.search(str(bound))
            if end and (ends is None or date.fromisoformat(end[1]) > ends):
                ends = date.fromisoformat(end[1])
                width = (ends - date.fromisoformat(begin[1])).days if begin else 0
        found.append((dotted(row, "database", "schema", "name"), ends, width, maybe(row, "default_rows") or 0, word(row, "default_name")))
    return clean, found


def judge(answer: tuple[list[str], list[tuple[str, date | None, int, float, str]]], limits: Limits, known: Known) -> Iterator[Row]:
    clean, tables = answer
    for name, ends, width, rows, default in tables:
        if rows >= 1:
            yield warning(f"{name} 的默认分区 {default} 里约有 {rows:.0f} 行:缺少分区;先建分区再搬移",
                          f"{name}: about {rows:.0f} rows lie in its default partition {default}: a partition is missing",
                          object=f"{name} default", value=rows, unit="rows")
        if ends is None:
            yield ok(f"{name} 不按日期分区", f"{name} is not partitioned by date", object=name)
            continue
        left = (ends - known.now.date()).days
        periods = left / max(1, width)
        outcome = limits["periods"].grade(periods)
        yield Row(outcome, f"{name} 的分区到 {ends} 为止(还有 {left} 天)", f"{name} has partitions until {ends} ({left} days ahead)", object=name, value=left,
                  unit="days")
    for database in clean:
        yield not_applicable(f"{database} 没有分区表", f"{database} has no partitioned table", object=database)


CHECK = DatabaseCheck(
    id="PG-24",
    title=Text(zh="分区是否够用", en="Partitions for the coming time"),
    chapter="objects",
    kinds=("postgresql",),
    queries={(12, 0): or_nothing("""
        SELECT n.nspname AS schema, c.relname AS name, array_agg(pg_get_expr(p.relpartbound, p.oid)) AS bounds,
               max(greatest(p.reltuples, s.n_live_tup)) FILTER (WHERE pg_get_expr(p.relpartbound, p.oid) = 'DEFAULT') AS default_rows,
               max(p.relname) FILTER (WHERE pg_get_expr(p.relpartbound, p.oid) = 'DEFAULT') AS default_name
        FROM pg_partitioned_table t JOIN pg_class c ON c.oid = t.partrelid JOIN pg_namespace n ON n.oid = c.relnamespace
        JOIN pg_inherits i ON i.inhparent = c.oid JOIN pg_class p ON p.oid = i.inhrelid LEFT JOIN pg_stat_all_tables s ON s.relid = p.oid
        WHERE t.partstrat = 'r' GROUP BY 1, 2 ORDER BY 1, 2
    """)},
    parse=parse,
    judge=judge,
    limits={"periods": Limit(2, 1, "periods", Text(zh="check_pgactivity partman_premake,数值为经验值",
                                                   en="check_pgactivity partman_premake, own figures"), over=False)},
    objects={"default": "默认分区"},
    remedy=Text(zh="建立后续分区:CREATE TABLE <分区> PARTITION OF <表> FOR VALUES FROM ('<起>') TO ('<止>');,或用 pg_partman 自动建立",
                en="Make the next ones: CREATE TABLE <partition> PARTITION OF <table> FOR VALUES FROM ('<from>') TO ('<to>'); or let pg_partman do it"),
    source="PostgreSQL manual, declarative partitioning",
    each_database=True,
)
