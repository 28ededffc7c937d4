"""MY-35 Whether the optimiser's statistics of tables are kept and renewed (R140 对表和索引进行分析)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reports.records import Text
from tasks.checks.kinds import DatabaseCheck, Known, Limits, Row, advice, ok
from tasks.checks.tables import flag, my_settings, settings

SETTINGS = {"innodb_stats_persistent": ("统计信息重启后丢失", "statistics are lost at a restart"),
            "innodb_stats_auto_recalc": ("数据大量变化后统计信息不会更新", "statistics are not renewed when much has changed")}


def parse(rows: list[dict[str, Any]]) -> dict[str, bool]:
    values = settings(rows, *SETTINGS)
    return {name: flag({name: values[name]}, name) for name in SETTINGS}


def judge(values: dict[str, bool], limits: Limits, known: Known) -> Iterator[Row]:
    for name, (zh, en) in SETTINGS.items():
        if values[name]:
            yield ok(f"{name} = ON", f"{name} is on", object=name)
        else:
            yield advice(f"{name} = OFF:{zh}", f"{name} is off: {en}", f"SET GLOBAL {name} = ON;", object=name)


CHECK = DatabaseCheck(
    id="MY-35",
    title=Text(zh="统计信息的更新", en="Statistics of tables"),
    chapter="objects",
    kinds=("mysql", "mariadb"),
    **my_settings(*SETTINGS),
    parse=parse,
    judge=judge,
    remedy=Text(zh="启用后对大表执行 ANALYZE TABLE", en="Turn it on, and run ANALYZE TABLE on large tables"),
    source="MySQL manual, persistent optimizer statistics",
)
