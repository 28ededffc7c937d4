"""PG-08 Whether the log says enough to find faults with (R136 日志文件)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reports.records import Text
from tasks.checks.kinds import DatabaseCheck, Known, Limits, Row, advice, ok, warning
from tasks.checks.tables import pg_settings, settings

WANTED = {  # what is good, and what to set where it is not
    "log_checkpoints": "on", "log_lock_waits": "on", "log_connections": "on", "log_disconnections": "on", "log_temp_files": "0",
    "log_autovacuum_min_duration": "'10min'", "log_min_duration_statement": "'1s'",
}


def parse(rows: list[dict[str, Any]]) -> dict[str, str]:
    return settings(rows, *WANTED, "log_line_prefix")


def judge(values: dict[str, str], limits: Limits, known: Known) -> Iterator[Row]:
    for name, better in WANTED.items():
        value = values[name]
        bad = value == "off" or value.startswith("-1")
        statement = f"ALTER SYSTEM SET {name} = {better}; SELECT pg_reload_conf();"
        yield advice(f"{name} = {value}", f"{name} is {value}", statement, object=name) if bad else ok(f"{name} = {value}", f"{name} is {value}", object=name)
    prefix = values["log_line_prefix"]
    missing = [sign for sign in ("%p", "%u", "%d") if sign not in prefix]
    if not any(sign in prefix for sign in ("%t", "%m", "%n")):
        missing.insert(0, "%m")
    statement = "ALTER SYSTEM SET log_line_prefix = '%m [%p] %q%u@%d %h %a '; SELECT pg_reload_conf();"
    yield (warning if missing else ok)(f"log_line_prefix = '{prefix}'" + (f",缺少 {' '.join(missing)};执行:{statement}" if missing else ""),
                                       f"log_line_prefix is '{prefix}'" + (f" and lacks {' '.join(missing)}; run: {statement}" if missing else ""),
                                       object="log_line_prefix")


CHECK = DatabaseCheck(
    id="PG-08",
    title=Text(zh="日志设置", en="Log settings"),
    chapter="db log",
    kinds=("postgresql",),
    queries={(12, 0): pg_settings(*WANTED, "log_line_prefix")},
    parse=parse,
    judge=judge,
    remedy=Text(zh="按各行给出的语句设置,重新加载即可生效", en="Set what the rows say; a reload is enough"),
    source="pgBadger README, PostgreSQL configuration; CIS PostgreSQL 3.1",
    clause="GB/T 22239-2019 8.1.4.3 a",
)
