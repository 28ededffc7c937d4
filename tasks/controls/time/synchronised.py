"""H-SVC-03c The clock is synchronised (R008 安全加固)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import Known, Row
from tasks.controls.kinds import Bounds, HostControl, failed, passed, unknown
from tasks.controls.time import OF_CLOCKS


def judge(found: dict[str, list[str]], bounds: Bounds, known: Known) -> Iterator[Row]:
    said = found["synchronised"][0]
    if said not in ("yes", "no"):
        yield unknown("timedatectl 没有给出同步状态", "timedatectl does not tell")
    else:
        yield passed("时钟已同步", "the clock is synchronised") if said == "yes" else failed("时钟没有同步", "the clock is not synchronised")


CONTROL = HostControl(
    id="H-SVC-03c",
    **OF_CLOCKS,
    title=Text(zh="时钟已同步", en="The clock is synchronised"),
    severity="medium",
    judge=judge,
    remedy=Text(zh="检查时间源能否到达", en="see whether the sources can be reached"),
    clause="1.4.3 b",
)
