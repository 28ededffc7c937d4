"""H-SVC-03a One service keeps the time, and one only (R008 安全加固)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import Known, Row
from tasks.controls.kinds import Bounds, HostControl, failed, passed
from tasks.controls.time import OF_CLOCKS


def judge(found: dict[str, list[str]], bounds: Bounds, known: Known) -> Iterator[Row]:
    active = found["active"]
    if len(active) == 1:
        yield passed(f"对时服务:{active[0]}", f"{active[0]} keeps the time")
    elif not active:
        yield failed("没有对时服务", "nothing keeps the time")
    else:
        yield failed(f"同时运行多个对时服务:{'、'.join(active)}", f"several keep the time at once: {', '.join(active)}")


CONTROL = HostControl(
    id="H-SVC-03a",
    **OF_CLOCKS,
    title=Text(zh="只有一个对时服务", en="One service keeps the time, and one only"),
    severity="medium",
    judge=judge,
    remedy=Text(zh="保留 chrony 或 systemd-timesyncd 之一", en="keep one of chrony and systemd-timesyncd"),
    clause="1.4.3 b",
    rule="ntp_single_service_active", cis="2.3.1.1",
    risk="medium",
    breaks=Text(zh="较大的时间跳变会影响数据库:用缓慢调整", en="a large step upsets databases: slew instead"),
)
