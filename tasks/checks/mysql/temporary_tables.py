"""MY-42 Temporary tables that do not fit into memory (R139 系统资源的使用状况; tuning)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reports.records import Outcome, Text
from tasks.checks.kinds import TUNING, DatabaseCheck, Known, Limit, Limits, Row, number, ok
from tasks.checks.tables import my_settings, settings, size

NAMES = ("created_tmp_tables", "created_tmp_disk_tables", "tmp_table_size", "max_heap_table_size")


def parse(rows: list[dict[str, Any]]) -> dict[str, float]:
    values = settings(rows, *NAMES)
    return {name: number(values[name], name) for name in NAMES}


def judge(now: dict[str, float], limits: Limits, known: Known) -> Iterator[Row]:
    made, disk = now["created_tmp_tables"], now["created_tmp_disk_tables"]
    if made < 1000:
        yield ok("临时表很少,不作判断", "hardly any temporary tables; too few to judge")
        return
    share = 100 * disk / made
    outcome = limits["share"].grade(share)
    each = min(now["tmp_table_size"], now["max_heap_table_size"])
    bad = f";执行:SET GLOBAL tmp_table_size = {2 * each:.0f}; SET GLOBAL max_heap_table_size = {2 * each:.0f};" if outcome is not Outcome.OK else ""
    yield Row(outcome, f"{share:.0f} % 的临时表写到磁盘(内存上限 {size(each)}){bad}",
              f"{share:.0f} % of temporary tables go to disk (memory for each: {size(each)})" +
              bad.replace(";执行:", "; run: "), value=round(share, 1), unit="%")


CHECK = DatabaseCheck(
    id="MY-42",
    title=Text(zh="磁盘临时表", en="Temporary tables on disk"),
    chapter="tuning",
    kinds=("mysql", "mariadb"),
    **my_settings(*NAMES),
    parse=parse,
    judge=judge,
    limits={"share": Limit(25, None, "%", "MySQLTuner: 25 %")},
    remedy=Text(zh="调大内存上限(语句在行内),或改写含 TEXT/BLOB 与 GROUP BY 的查询",
                en="Give them more memory (statement in the row), or rewrite queries that group by TEXT or BLOB"),
    remedy_operation=TUNING,
    source="MySQL manual, internal temporary tables; MySQLTuner",
)
