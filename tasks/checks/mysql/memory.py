"""MY-41 What memory the server may come to need (R139 系统资源的使用状况; tuning)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reports.records import Text
from tasks.checks.kinds import DatabaseCheck, Known, Limit, Limits, Row, number, unknown
from tasks.checks.tables import my_settings, settings, size

GLOBAL = ("innodb_buffer_pool_size", "key_buffer_size", "innodb_log_buffer_size", "query_cache_size", "aria_pagecache_buffer_size")
EACH = ("sort_buffer_size", "read_buffer_size", "read_rnd_buffer_size", "join_buffer_size", "thread_stack", "binlog_cache_size", "max_allowed_packet")


def parse(rows: list[dict[str, Any]]) -> tuple[float, float, float]:
    """Bytes for all, bytes for each connection, connections."""
    values = settings(rows, "innodb_buffer_pool_size", "sort_buffer_size", "max_connections")
    return (sum(number(values.get(name) or 0, name) for name in GLOBAL),
            sum(number(values.get(name) or 0, name) for name in EACH if name != "max_allowed_packet"),
            number(values["max_connections"]))


def judge(found: tuple[float, float, float], limits: Limits, known: Known) -> Iterator[Row]:
    shared, each, connections = found
    most = shared + each * connections
    memory = known.expected.get("memory_gib")
    if not memory:
        yield unknown(f"峰值可达 {size(most)};内存大小未登记(expected.memory_gib),无法比较",
                      f"it may come to {size(most)}; the memory is not known (expected.memory_gib), so nothing can be compared",
                      value=most, unit="bytes")
        return
    total = float(memory) * 2**30
    share = 100 * most / total
    yield Row(limits["share"].grade(share), f"峰值可达 {size(most)},为内存的 {share:.0f} %({connections:.0f} 个连接 × {size(each)} + {size(shared)})",
              f"it may come to {size(most)}, {share:.0f} % of the memory ({connections:.0f} connections of {size(each)} and {size(shared)})", value=most,
              unit="bytes", capacity=total)


CHECK = DatabaseCheck(
    id="MY-41",
    title=Text(zh="内存峰值", en="Peak memory"),
    chapter="tuning",
    kinds=("mysql", "mariadb"),
    **my_settings(*GLOBAL, *EACH, "max_connections"),
    parse=parse,
    judge=judge,
    limits={"share": Limit(85, 100, "%", "MySQLTuner: 85 %")},
    remedy=Text(zh="降低 max_connections 或各连接的缓冲;例如 SET GLOBAL sort_buffer_size = 262144;",
                en="Lower max_connections or what each takes; for example SET GLOBAL sort_buffer_size = 262144;"),
    source="MySQLTuner, memory usage",
)
