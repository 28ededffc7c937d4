"""CFG-05a Units that failed (R132 系统配置检查)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.configuration import UNITS, units
from tasks.checks.kinds import HostCheck, Known, Limits, Row, ok, warning
from tasks.operations import unit
from tasks.operations.mend import Mend


def judge(found: dict[str, dict[str, str]], limits: Limits, known: Known) -> Iterator[Row]:
    failed = {name: told for name, told in found.items() if told.get("ActiveState") == "failed"}
    for name, told in failed.items():
        result = told.get("Result", "")
        yield warning(f"{name} 失败({result})", f"{name} failed: {result}", object=name)
    if not failed:
        yield ok(f"{len(found)} 个单元,没有失败的", f"{len(found)} units, none failed")


LASTING = ("simple", "exec", "forking", "notify", "notify-reload", "dbus", "idle")  # types of services that run on; the others are jobs


def mend(row: Row, found: dict[str, dict[str, str]], known: Known) -> Mend | Text:
    told, name = found.get(row.object, {}), row.object
    if not unit.known(name):
        return Text(zh=f"{name} 须由人员处理", en=f"{name} is for a person to look at")
    if told.get("LoadState") == "not-found":
        return unit.forget_failure(name)
    if name.endswith((".timer", ".socket", ".path")) or name.endswith(".service") and told.get("Type") in LASTING:
        return unit.start(name)
    return Text(zh=f"{name} 是一次性作业或挂载,应先按日志查明失败原因,再重新执行",
                en=f"{name} is a job or a mount: find out from its log why it failed, then run it again")


CHECK = HostCheck(
    id="CFG-05a",
    title=Text(zh="失败的单元", en="Failed units"),
    chapter="configuration",
    command=UNITS,
    parse=units,
    judge=judge,
    remedy=Text(zh="systemctl status <单元>;journalctl -u <单元>", en="systemctl status <unit>; journalctl -u <unit>"),
    mend=mend,
    source="systemctl(1); node-exporter mixin NodeSystemdServiceFailed",
)
