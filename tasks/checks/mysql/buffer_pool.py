"""MY-40 How much is found in the buffer pool (R139 系统资源的使用状况; tuning)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reports.records import Outcome, Text
from tasks.checks.kinds import TUNING, DatabaseCheck, Known, Limit, Limits, Row, number, ok, warning
from tasks.checks.tables import my_settings, settings, size

NAMES = ("innodb_buffer_pool_size", "innodb_buffer_pool_reads", "innodb_buffer_pool_read_requests", "innodb_buffer_pool_wait_free")


def parse(rows: list[dict[str, Any]]) -> dict[str, float]:
    values = settings(rows, *NAMES)
    return {name: number(values[name], name) for name in NAMES}


def judge(now: dict[str, float], limits: Limits, known: Known) -> Iterator[Row]:
    pool, asked = now["innodb_buffer_pool_size"], now["innodb_buffer_pool_read_requests"]
    memory = known.expected.get("memory_gib")
    better = f"{float(memory) * 2**30 * 0.6:.0f}" if memory else "<内存的六成,字节>"
    statement = f"SET GLOBAL innodb_buffer_pool_size = {better};"
    if asked < 1_000_000:
        yield ok(f"缓冲池 {size(pool)},读取很少,命中率没有意义", f"the pool is {size(pool)}; hardly anything is read, so a hit rate would mean nothing",
                 object="hit")
    else:
        hit = 100 * (1 - now["innodb_buffer_pool_reads"] / asked)
        outcome = limits["hit"].grade(hit)
        bad = f";内存有余时执行:{statement}" if outcome is not Outcome.OK else ""
        yield Row(outcome, f"缓冲池 {size(pool)},命中率 {hit:.2f} %{bad}", f"the pool is {size(pool)}, {hit:.2f} % of reads are found in it" +
                  bad.replace(";内存有余时执行:", "; where memory is free: ").replace("<内存的六成,字节>", "<six tenths of the memory, bytes>"),
                  object="hit", value=round(hit, 3), unit="%")
    waited = now["innodb_buffer_pool_wait_free"]
    yield (warning if waited else ok)(f"等待空闲页 {waited:.0f} 次", f"it waited {waited:.0f} times for a free page", object="wait_free", value=waited)


CHECK = DatabaseCheck(
    id="MY-40",
    title=Text(zh="缓冲池命中率", en="Buffer pool hits"),
    chapter="tuning",
    kinds=("mysql", "mariadb"),
    **my_settings(*NAMES),
    parse=parse,
    judge=judge,
    limits={"hit": Limit(95, 90, "%", Text(zh="MySQLTuner:90 %;警告为经验值", en="MySQLTuner: 90 %; the warning is own judgement"), over=False)},
    objects={"hit": "命中率", "wait_free": "等待空闲页"},
    remedy=Text(zh="调大 innodb_buffer_pool_size(专用服务器取内存的五到七成),补索引",
                en="Raise innodb_buffer_pool_size (half to seven tenths of a server of its own); add indexes"),
    remedy_operation=TUNING,
    source="MySQL manual, InnoDB buffer pool; MySQLTuner",
)
