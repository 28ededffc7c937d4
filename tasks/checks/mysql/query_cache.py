"""MY-47 The query cache, which holds up more than it helps (R139 系统资源的使用状况; tuning)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reports.records import Text
from tasks.checks.kinds import DatabaseCheck, Known, Limits, Row, not_applicable, number, ok, warning
from tasks.checks.tables import my_settings, settings, size


def parse(rows: list[dict[str, Any]]) -> dict[str, str]:
    return settings(rows, "version")


def judge(values: dict[str, str], limits: Limits, known: Known) -> Iterator[Row]:
    if "query_cache_size" not in values:
        yield not_applicable("此版本没有查询缓存", "this version has no query cache")
        return
    taken = number(values["query_cache_size"])
    on = taken > 0 and values.get("query_cache_type", "OFF").upper() not in ("OFF", "0")
    statement = "SET GLOBAL query_cache_size = 0; SET GLOBAL query_cache_type = OFF;"
    yield (warning if on else ok)(f"查询缓存 {size(taken)},{values.get('query_cache_type')}" + (f";执行:{statement}" if on else ""),
                                  f"the query cache is {size(taken)}, {values.get('query_cache_type')}" + (f"; run: {statement}" if on else ""), value=taken,
                                  unit="bytes")


CHECK = DatabaseCheck(
    id="MY-47",
    title=Text(zh="查询缓存", en="Query cache"),
    chapter="tuning",
    kinds=("mysql", "mariadb"),
    **my_settings("version", "query_cache_size", "query_cache_type"),
    parse=parse,
    judge=judge,
    remedy=Text(zh="关闭查询缓存(语句在行内)", en="Turn it off (statement in the row)"),
    source=Text(zh="MySQLTuner;MySQL 8 没有查询缓存", en="MySQLTuner; MySQL 8 has none"),
)
