"""CFG-07b Timers whose service failed (R132 系统配置检查)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.configuration import UNITS, units
from tasks.checks.kinds import HostCheck, Known, Limits, Row, ok, warning
from tasks.operations import unit
from tasks.operations.mend import Mend


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


def mend(row: Row, found: dict[str, dict[str, str]], known: Known) -> Mend | Text:
    if found.get(row.object, {}).get("ActiveState") == "active" or not unit.known(row.object):
        return Text(zh=f"{row.object} 触发的作业失败,应先按日志查明原因,再重新执行",
                    en=f"the job of {row.object} failed: find out from its log why, then run it again")
    return unit.start(row.object, breaks=Text(zh="错过的作业可能立即补做一次", en="a job that was missed may be made up for at once"))


CHECK = HostCheck(
    id="CFG-07b",
    title=Text(zh="systemd 定时器", en="Timers"),
    chapter="configuration",
    command=UNITS,
    parse=units,
    judge=judge,
    remedy=Text(zh="systemctl status <单元>;systemctl list-timers --all", en="systemctl status <unit>; systemctl list-timers --all"),
    mend=mend,
    source="systemd.timer(5)",
)
