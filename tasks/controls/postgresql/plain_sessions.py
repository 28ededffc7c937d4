"""H-PG-03d Sessions over the network are encrypted (R008 安全加固)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reports.records import Text
from tasks.checks.kinds import Known, Row
from tasks.checks.postgresql.plain_sessions import CHECK
from tasks.checks.tables import count, one
from tasks.controls.kinds import Bounds, DatabaseControl, failed, passed
from tasks.controls.postgresql import OF_POSTGRESQL


def parse(rows: list[dict[str, Any]]) -> tuple[int, int]:
    row = one(rows)
    return count(row, "remote"), count(row, "plain")


def judge(answer: tuple[int, int], bounds: Bounds, known: Known) -> Iterator[Row]:
    remote, plain = answer
    yield (failed if plain else passed)(f"{remote} 个网络会话中 {plain} 个未加密", f"{plain} of {remote} sessions over the network are not encrypted",
                                        value=plain, unit="connections")


CONTROL = DatabaseControl(
    id="H-PG-03d",
    **OF_POSTGRESQL,
    title=Text(zh="网络会话已加密", en="Sessions over the network are encrypted"),
    severity="medium",
    judge=judge,
    queries=CHECK.queries,
    parse=parse,
    needs="pg_monitor",
    remedy=Text(zh="客户端改用 sslmode=require", en="let clients use sslmode=require"),
    clause="1.4.1 c",
)
