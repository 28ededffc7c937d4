"""MY-43 Joins without an index, sorts in several passes (R142 对表和索引进行分析; tuning)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reports.records import Text
from tasks.checks.kinds import TUNING, DatabaseCheck, Known, Limit, Limits, Row, number
from tasks.checks.tables import my_settings, settings

NAMES = ("select_full_join", "select_range_check", "sort_merge_passes", "sort_scan", "sort_range", "uptime")


def parse(rows: list[dict[str, Any]]) -> dict[str, float]:
    values = settings(rows, *NAMES)
    return {name: number(values[name], name) for name in NAMES}


def judge(now: dict[str, float], limits: Limits, known: Known) -> Iterator[Row]:
    days = max(1, now["uptime"] / 86400)
    joins = (now["select_full_join"] + now["select_range_check"]) / days
    yield Row(limits["joins"].grade(joins),
              f"每天 {joins:.0f} 次无索引连接" + (";找出它们:SET GLOBAL log_queries_not_using_indexes = ON;" if joins >= limits["joins"].warning else ""),
              f"{joins:.0f} joins without an index a day"
              + ("; find them: SET GLOBAL log_queries_not_using_indexes = ON;" if joins >= limits["joins"].warning else ""),
              object="joins", value=round(joins), unit="a day")
    sorts = now["sort_scan"] + now["sort_range"]
    share = 100 * now["sort_merge_passes"] / sorts if sorts >= 1000 else 0
    yield Row(limits["sorts"].grade(share),
              f"{share:.0f} % 的排序需要多趟" + (";执行:SET GLOBAL sort_buffer_size = 4194304;" if share >= limits["sorts"].warning else ""),
              f"{share:.0f} % of sorts take several passes" + ("; run: SET GLOBAL sort_buffer_size = 4194304;" if share >= limits["sorts"].warning else ""),
              object="sorts",
              value=round(share, 1), unit="%")


CHECK = DatabaseCheck(
    id="MY-43",
    title=Text(zh="无索引连接与排序", en="Joins without an index, sorts"),
    chapter="tuning",
    kinds=("mysql", "mariadb"),
    **my_settings(*NAMES),
    parse=parse,
    judge=judge,
    limits={"joins": Limit(250, None, "a day", Text(zh="MySQLTuner:每天 250 次",
                                                    en="MySQLTuner: 250 a day")), "sorts": Limit(10, None, "%", "MySQLTuner: 10 %")},
    objects={"joins": "连接查询", "sorts": "排序"},
    remedy=Text(zh="为连接条件建立索引:CREATE INDEX <名> ON <表> (<列>);", en="Index what the joins compare: CREATE INDEX <name> ON <table> (<columns>);"),
    remedy_operation=TUNING,
    source="MySQL manual, server status variables; MySQLTuner",
)
