"""MY-21 The largest tables and how they grow (R140 数据库对象的空间扩展状况)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reports.records import Outcome, Text
from tasks.checks.kinds import DatabaseCheck, Known, Limit, Limits, Row, ok
from tasks.checks.tables import SEES_TABLES, dotted, figure, findings, grown, or_nothing, size
from tasks.operations.schemas import OWN_SCHEMAS


def parse(rows: list[dict[str, Any]]) -> tuple[list[str], list[dict[str, Any]]]:
    return findings(rows, "tab")


def judge(answer: tuple[list[str], list[dict[str, Any]]], limits: Limits, known: Known) -> Iterator[Row]:
    clean, tables = answer
    for row in tables:
        name, taken, indexes, lines = dotted(row, "db", "tab"), figure(row, "bytes"), figure(row, "index_bytes"), figure(row, "live")
        said = ok(f"{name} 占用 {size(taken)}(索引 {size(indexes)},约 {lines:.0f} 行)",
                  f"{name} takes {size(taken)} (indexes {size(indexes)}, about {lines:.0f} rows)",
                  object=name, value=taken, unit="bytes")
        rate = grown(said, known)
        if rate is None:
            yield said
            continue
        outcome = limits["growth"].grade(rate) if taken >= 1 << 30 else Outcome.OK
        yield Row(outcome, f"{said.zh},每月增长 {rate:.0f} %", f"{said.en}, growing by {rate:.0f} % a month", object=name, value=taken, unit="bytes")
    for _ in clean:
        yield ok("没有用户表", "there are no tables but the server's own")


CHECK = DatabaseCheck(
    id="MY-21",
    title=Text(zh="最大的表与增长", en="Largest tables and their growth"),
    chapter="growth",
    kinds=("mysql", "mariadb"),
    queries={(5, 7): or_nothing(f"""
        SELECT table_schema AS db, table_name AS tab, coalesce(data_length, 0) + coalesce(index_length, 0) + coalesce(data_free, 0) AS bytes,
               coalesce(index_length, 0) AS index_bytes, coalesce(table_rows, 0) AS live
        FROM information_schema.tables WHERE table_type = 'BASE TABLE' AND table_schema NOT IN {OWN_SCHEMAS} ORDER BY 3 DESC LIMIT 30
    """, SEES_TABLES)},
    parse=parse,
    judge=judge,
    limits={"growth": Limit(20, None, "%", Text(zh="经验值:1 GB 以上且一个月增长五分之一",
                                                en="own judgement: a fifth more in a month, of a gigabyte or more"))},
    remedy=Text(zh="分区、归档或清理:ALTER TABLE <表> PARTITION BY RANGE ...", en="Partition, archive or clear up: ALTER TABLE <table> PARTITION BY RANGE ..."),
    source="MySQL manual, information_schema.TABLES",
    needs=Text(zh="*.* 的 SHOW VIEW", en="SHOW VIEW on *.*"),
    time_limit_s=60,
)
