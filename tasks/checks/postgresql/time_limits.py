"""PG-46 Time limits and other settings that are better not left as they came (R139 系统资源的使用状况; tuning)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reports.records import Text
from tasks.checks.kinds import DatabaseCheck, Known, Limits, Row, advice, number, ok
from tasks.checks.tables import pg_settings, settings

# Name, when it should be looked at, what to write.
ADVICE = {
    "idle_in_transaction_session_timeout": (lambda v: number(v) == 0, "'10min'", "空闲事务永不结束", "idle transactions never end"),
    "track_io_timing": (lambda v: v == "off", "on", "看不到磁盘等待时间", "time spent waiting for disks is not seen"),
    "wal_compression": (lambda v: v == "off", "on", "WAL 未压缩", "WAL is not compressed"),
    "checkpoint_timeout": (lambda v: number(v) < 300, "'15min'", "检查点过于频繁", "checkpoints come too often"),
    "default_statistics_target": (lambda v: number(v) < 100, "100", "统计过粗", "statistics are too coarse"),
    "tcp_keepalives_idle": (lambda v: number(v) == 0 or number(v) > 600, "300", "断开的客户端两小时后才被发现",
                            "clients that are gone are noticed after two hours"),
}


def parse(rows: list[dict[str, Any]]) -> dict[str, str]:
    return settings(rows, *ADVICE)


def judge(values: dict[str, str], limits: Limits, known: Known) -> Iterator[Row]:
    for name, (bad, better, zh, en) in ADVICE.items():
        value = values[name]
        if bad(value):
            statement = f"ALTER SYSTEM SET {name} = {better}; SELECT pg_reload_conf();"
            yield advice(f"{name} = {value}:{zh}", f"{name} is {value}: {en}", statement, object=name)
        else:
            yield ok(f"{name} = {value}", f"{name} is {value}", object=name)


CHECK = DatabaseCheck(
    id="PG-46",
    title=Text(zh="超时与其他参数", en="Time limits and other settings"),
    chapter="tuning",
    kinds=("postgresql",),
    queries={(12, 0): pg_settings(*ADVICE)},
    parse=parse,
    judge=judge,
    remedy=Text(zh="按各行建议设置,先在测试库验证", en="Set what the rows propose, after trying it on a test server"),
    source="PostgreSQL manual, client connection defaults; PostgreSQL wiki, tuning your server",
)
