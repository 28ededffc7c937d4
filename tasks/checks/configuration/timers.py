"""CFG-07b Timers whose service failed (R132 系统配置检查)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.configuration import UNITS, units
from tasks.checks.kinds import HostCheck, Known, Limits, Row, ok, warning


def judge(found: dict[str, dict[str, str]], limits: Limits, known: Known) -> Iterator[Row]:
    timers = [name for name in found if name.endswith(".timer")]
    bad = False
    for timer in timers:
        service = timer.removesuffix(".timer") + ".service"
        told = found.get(service, {})
        if told.get("ActiveState") == "failed" or told.get("Result", "success") != "success":
            bad = True
            yield warning(f"{timer} 触发的 {service} 失败({told.get('Result')})", f"{service}, started by {timer}, failed: {told.get('Result')}", object=timer)
        elif found[timer].get("UnitFileState") == "enabled" and found[timer].get("ActiveState") != "active":
            bad = True
            yield warning(f"{timer} 已启用而没有启动", f"{timer} is enabled and not started", object=timer)
    if not bad:
        yield ok(f"{len(timers)} 个定时器都正常", f"nothing is wrong with {len(timers)} timers")


CHECK = HostCheck(
    id="CFG-07b",
    title=Text(zh="systemd 定时器", en="Timers"),
    chapter="configuration",
    command=UNITS,
    parse=units,
    judge=judge,
    remedy=Text(zh="systemctl status <单元>;systemctl list-timers --all", en="systemctl status <unit>; systemctl list-timers --all"),
    source="systemd.timer(5)",
)
