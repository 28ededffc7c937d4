"""PG-12 What each tablespace takes (R138 数据库的空间使用状况)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reports.records import Outcome, Text
from tasks.checks.kinds import DatabaseCheck, Known, Limit, Limits, Row, Unreadable, ok
from tasks.checks.tables import figure, grown, size, word


def parse(rows: list[dict[str, Any]]) -> list[tuple[str, str, float]]:
    if not rows:
        raise Unreadable("no tablespace at all", "没有任何表空间")
    return [(word(row, "name"), word(row, "location"), figure(row, "bytes")) for row in rows]


def judge(spaces: list[tuple[str, str, float]], limits: Limits, known: Known) -> Iterator[Row]:
    for name, location, taken in spaces:
        row = ok(f"表空间 {name} 占用 {size(taken)}({location or '数据目录'})", f"tablespace {name} takes {size(taken)} ({location or 'data directory'})",
                 object=name, value=taken, unit="bytes")
        rate = grown(row, known)
        outcome = Outcome.OK if rate is None or taken < 1 << 30 else limits["growth"].grade(rate)
        yield row if outcome is Outcome.OK else Row(outcome, f"{row.zh},每月增长 {rate:.0f} %", f"{row.en}, growing by {rate:.0f} % a month", object=name,
                                                    value=taken, unit="bytes")


CHECK = DatabaseCheck(
    id="PG-12",
    title=Text(zh="表空间", en="Tablespaces"),
    chapter="space",
    kinds=("postgresql",),
    queries={(12, 0): """
        SELECT spcname AS name, pg_tablespace_location(oid) AS location, pg_tablespace_size(oid) AS bytes FROM pg_tablespace ORDER BY spcname
    """},
    parse=parse,
    judge=judge,
    limits={"growth": Limit(20, None, "%", Text(zh="经验值:1 GB 以上且一个月增长五分之一",
                                                en="own judgement: a fifth more in a month, of a gigabyte or more"))},
    remedy=Text(zh="与主机的文件系统检查(RES-01)对照,按预测扩容", en="Compare with the host's file systems (RES-01); extend as forecast"),
    source="PostgreSQL manual, pg_tablespace_size()",
    needs="pg_monitor",
    time_limit_s=30,
)
