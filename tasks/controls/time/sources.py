"""H-SVC-03b Sources of the time are named (R008 安全加固)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import Known, Row
from tasks.controls.kinds import Bounds, HostControl, failed, passed
from tasks.controls.time import OF_CLOCKS


def judge(found: dict[str, list[str]], bounds: Bounds, known: Known) -> Iterator[Row]:
    if found["source"]:
        yield passed(f"时间源:{'、'.join(found['source'][:6])}", f"sources: {', '.join(found['source'][:6])}")
    else:
        yield failed("没有指定时间源", "no source is named")


CONTROL = HostControl(
    id="H-SVC-03b",
    **OF_CLOCKS,
    title=Text(zh="已指定时间源", en="Sources of the time are named"),
    severity="medium",
    judge=judge,
    remedy=Text(zh="写入客户的 NTP 服务器", en="name the customer's NTP servers"),
    clause="1.4.3 b",
    rule="chronyd_or_ntpd_specify_remote_server",
)
