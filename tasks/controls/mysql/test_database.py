"""H-MY-01b There is no database test (R008 安全加固)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reports.records import Text
from tasks.checks.kinds import Known, Row
from tasks.checks.tables import count, one
from tasks.controls.kinds import Bounds, DatabaseControl, failed, passed
from tasks.controls.mysql import OF_MYSQL


def parse(rows: list[dict[str, Any]]) -> int:
    return count(one(rows), "found")


def judge(found: int, bounds: Bounds, known: Known) -> Iterator[Row]:
    yield failed("存在人人可用的 test 库", "there is the database test, which everybody may use") if found else passed("没有 test 库", "there is none")


CONTROL = DatabaseControl(
    id="H-MY-01b",
    **OF_MYSQL,
    title=Text(zh="没有 test 库", en="There is no database test"),
    severity="low",
    judge=judge,
    queries={(5, 7): "SELECT count(*) AS found FROM information_schema.schemata WHERE schema_name = 'test'"},
    parse=parse,
    remedy=Text(zh="确认为空并备份后 DROP DATABASE test", en="when it is empty and kept elsewhere: DROP DATABASE test"),
    clause="1.4.2 b",
    breaks=Text(zh="误用该库的应用会失败", en="an application that uses it by mistake fails"),
)
