"""PG-11 Settings that put the data at risk (R135 数据库的运行状态)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reports.records import Text
from tasks.checks.kinds import DatabaseCheck, Known, Limits, Row, critical, ok, warning
from tasks.checks.tables import pg_settings, settings

GOOD = {"fsync": "on", "full_page_writes": "on", "autovacuum": "on", "track_counts": "on", "zero_damaged_pages": "off", "ignore_checksum_failure": "off",
        "synchronous_commit": ""}


def parse(rows: list[dict[str, Any]]) -> dict[str, str]:
    return settings(rows, *GOOD)


def judge(values: dict[str, str], limits: Limits, known: Known) -> Iterator[Row]:
    for name, good in GOOD.items():
        value = values[name]
        if name == "synchronous_commit":
            yield (warning if value == "off" else ok)(f"{name} = {value}"
                                                      + (",崩溃会丢失最后的提交;执行:ALTER SYSTEM SET synchronous_commit = on;" if value == "off" else ""),
                                                      f"{name} is {value}" + ("; a crash loses the last commits; run: ALTER SYSTEM SET synchronous_commit = on;"
                                                                              if value == "off" else ""), object=name)
        elif value == good:
            yield ok(f"{name} = {value}", f"{name} is {value}", object=name)
        else:
            statement = f"ALTER SYSTEM SET {name} = {good}; SELECT pg_reload_conf();"
            yield critical(f"{name} = {value},数据有丢失或损坏的危险;执行:{statement}", f"{name} is {value}, which puts the data at risk; run: {statement}",
                           object=name)


CHECK = DatabaseCheck(
    id="PG-11",
    title=Text(zh="危险的参数", en="Dangerous settings"),
    chapter="running",
    kinds=("postgresql",),
    queries={(12, 0): pg_settings(*GOOD)},
    parse=parse,
    judge=judge,
    remedy=Text(zh="按各行给出的语句改回;关闭过 fsync 的库应核对数据", en="Turn them back as the rows say; data written without fsync should be examined"),
    source="PostgreSQL manual, non-durable settings, developer options",
)
