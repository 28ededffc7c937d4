"""PG-20 How large the databases are and how fast they grow (R141 数据的增长状况)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reports.records import Outcome, Text
from tasks.checks.kinds import DatabaseCheck, Known, Limit, Limits, Row, Unreadable, critical, ok
from tasks.checks.tables import figure, grown, size, word


def parse(rows: list[dict[str, Any]]) -> list[tuple[str, float]]:
    if not rows:
        raise Unreadable("no database at all", "没有任何数据库")
    return [(word(row, "datname"), figure(row, "bytes")) for row in rows]


def judge(sizes: list[tuple[str, float]], limits: Limits, known: Known) -> Iterator[Row]:
    there = {name for name, _ in sizes}
    for name in known.expected.get("databases", ()):
        if name not in there:
            yield critical(f"缺少数据库 {name}", f"database {name} is missing", object=name)
    for name, taken in sizes:
        row = ok(f"{name} 占用 {size(taken)}", f"{name} takes {size(taken)}", object=name, value=taken, unit="bytes")
        rate = grown(row, known)
        if rate is None:
            yield row
        else:
            outcome = limits["growth"].grade(rate) if taken >= 1 << 30 else Outcome.OK
            yield Row(outcome, f"{row.zh},每月增长 {rate:.0f} %", f"{row.en}, growing by {rate:.0f} % a month", object=name, value=taken, unit="bytes")


CHECK = DatabaseCheck(
    id="PG-20",
    title=Text(zh="数据库大小与增长", en="Databases and their growth"),
    chapter="growth",
    kinds=("postgresql",),
    queries={(12, 0): "SELECT datname, pg_database_size(oid) AS bytes FROM pg_database WHERE NOT datistemplate ORDER BY 2 DESC, 1"},
    parse=parse,
    judge=judge,
    limits={"growth": Limit(20, None, "%", Text(zh="经验值:1 GB 以上且一个月增长五分之一",
                                                en="own judgement: a fifth more in a month, of a gigabyte or more"))},
    remedy=Text(zh="查明增长最快的对象(PG-21),归档或清理历史数据,按预测扩容",
                en="See which objects grow (PG-21); archive or clear old data; extend as forecast"),
    source="PostgreSQL manual, pg_database_size()",
    needs="pg_monitor",
    time_limit_s=60,
)
