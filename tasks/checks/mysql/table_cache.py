"""MY-44 Whether caches of tables and threads, and file limits, suffice (R139 系统资源的使用状况; tuning)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reports.records import Text
from tasks.checks.kinds import TUNING, DatabaseCheck, Known, Limit, Limits, Row, number, ok, warning
from tasks.checks.tables import my_settings, settings

NAMES = ("open_tables", "opened_tables", "table_open_cache", "open_files", "open_files_limit", "threads_created", "connections", "uptime")


def parse(rows: list[dict[str, Any]]) -> dict[str, float]:
    values = settings(rows, *NAMES)
    return {name: number(values[name], name) for name in NAMES}


def judge(now: dict[str, float], limits: Limits, known: Known) -> Iterator[Row]:
    full = now["open_tables"] >= 0.95 * now["table_open_cache"]
    hit = 100 * now["open_tables"] / now["opened_tables"] if now["opened_tables"] > 0 else 100
    bad = full and hit <= limits["tables"].warning
    statement = f"SET GLOBAL table_open_cache = {2 * now['table_open_cache']:.0f};"
    yield (warning if bad else ok)(f"表缓存已用 {now['open_tables']:.0f}/{now['table_open_cache']:.0f}" + (f",反复打开;执行:{statement}" if bad else ""),
                                   f"{now['open_tables']:.0f} of {now['table_open_cache']:.0f} places for open tables are taken" +
                                   (f", and tables are opened again and again; run: {statement}" if bad else ""), object="tables", value=now["open_tables"],
                                   capacity=now["table_open_cache"])
    if now["open_files_limit"] > 0:
        share = 100 * now["open_files"] / now["open_files_limit"]
        yield Row(limits["files"].grade(share), f"打开文件 {now['open_files']:.0f}/{now['open_files_limit']:.0f}({share:.0f} %)",
                  f"{now['open_files']:.0f} of {now['open_files_limit']:.0f} files are open ({share:.0f} %)", object="files", value=now["open_files"],
                  unit="files",
                  capacity=now["open_files_limit"])
    if now["connections"] >= 1000:
        missed = 100 * now["threads_created"] / now["connections"]
        yield Row(limits["threads"].grade(missed),
                  f"{missed:.0f} % 的连接要新建线程" + (";执行:SET GLOBAL thread_cache_size = 64;" if missed >= limits["threads"].warning else ""),
                  f"{missed:.0f} % of connections need a new thread"
                  + ("; run: SET GLOBAL thread_cache_size = 64;" if missed >= limits["threads"].warning else ""),
                  object="threads", value=round(missed, 1), unit="%")


CHECK = DatabaseCheck(
    id="MY-44",
    title=Text(zh="表缓存、文件与线程", en="Open tables, files, threads"),
    chapter="db resources",
    kinds=("mysql", "mariadb"),
    **my_settings(*NAMES),
    parse=parse,
    judge=judge,
    limits={"tables": Limit(20, None, "%", Text(zh="MySQLTuner:命中率 20 %",
                                                en="MySQLTuner: hit rate 20 %"), over=False), "files": Limit(85, 95, "%", "MySQLTuner: 85 %"),
            "threads": Limit(50, None, "%", "MySQLTuner: 50 %")},
    objects={"tables": "表缓存", "files": "文件", "threads": "线程"},
    remedy=Text(zh="调大缓存(语句在各行);open_files_limit 在服务单元里调(LimitNOFILE)",
                en="Raise the caches (statement in the row); open_files_limit by the unit's LimitNOFILE"),
    remedy_operation=TUNING,
    source="MySQL manual, table_open_cache; MySQLTuner",
)
