"""MY-20 How large the schemas are and how fast they grow (R141 数据的增长状况)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reports.records import Outcome, Text
from tasks.checks.kinds import DatabaseCheck, Known, Limit, Limits, Row, critical, ok
from tasks.checks.tables import SEES_TABLES, count, figure, findings, grown, or_nothing, size, word
from tasks.operations.schemas import OWN_SCHEMAS


def parse(rows: list[dict[str, Any]]) -> tuple[list[str], list[dict[str, Any]]]:
    return findings(rows, "db")


def judge(answer: tuple[list[str], list[dict[str, Any]]], limits: Limits, known: Known) -> Iterator[Row]:
    clean, schemas = answer
    for name in set(known.expected.get("databases", ())) - {word(row, "db") for row in schemas}:
        yield critical(f"缺少数据库 {name}", f"schema {name} is missing", object=name)
    for row in schemas:
        name, taken = word(row, "db"), figure(row, "bytes")
        said = ok(f"{name} 占用 {size(taken)}({count(row, 'tables_in')} 张表)", f"{name} takes {size(taken)} ({count(row, 'tables_in')} tables)", object=name,
                  value=taken, unit="bytes")
        rate = grown(said, known)
        if rate is None:
            yield said
        else:
            outcome = limits["growth"].grade(rate) if taken >= 1 << 30 else Outcome.OK
            yield Row(outcome, f"{said.zh},每月增长 {rate:.0f} %", f"{said.en}, growing by {rate:.0f} % a month", object=name, value=taken, unit="bytes")
    for _ in clean:
        yield ok("没有用户数据库", "there are no schemas but the server's own")


CHECK = DatabaseCheck(
    id="MY-20",
    title=Text(zh="数据库大小与增长", en="Schemas and their growth"),
    chapter="growth",
    kinds=("mysql", "mariadb"),
    queries={(5, 7): or_nothing(f"""
        SELECT table_schema AS db, sum(coalesce(data_length, 0) + coalesce(index_length, 0) + coalesce(data_free, 0)) AS bytes, count(*) AS tables_in
        FROM information_schema.tables WHERE table_type = 'BASE TABLE' AND table_schema NOT IN {OWN_SCHEMAS} GROUP BY table_schema ORDER BY 2 DESC
    """, SEES_TABLES)},
    parse=parse,
    judge=judge,
    limits={"growth": Limit(20, None, "%", Text(zh="经验值:1 GB 以上且一个月增长五分之一",
                                                en="own judgement: a fifth more in a month, of a gigabyte or more"))},
    remedy=Text(zh="查明增长最快的表(MY-21),归档或清理历史数据,按预测扩容", en="See which tables grow (MY-21); archive or clear old data; extend as forecast"),
    source="MySQL manual, information_schema.TABLES",
    needs=Text(zh="*.* 的 SHOW VIEW(只能看到有哪些表,看不到其中的数据)", en="SHOW VIEW on *.* (it shows what tables there are, not what is in them)"),
    time_limit_s=60,
)
