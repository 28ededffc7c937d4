"""CFG-05b Services that must run do run (R132 系统配置检查). Inventory: `units`, names of services; without it what is enabled is judged."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.configuration import UNITS, units
from tasks.checks.kinds import HostCheck, Known, Limits, Row, critical, ok, warning
from tasks.operations import unit
from tasks.operations.mend import Mend


def judge(found: dict[str, dict[str, str]], limits: Limits, known: Known) -> Iterator[Row]:
    for name in known.expected.get("units", []):
        name = name if "." in name else f"{name}.service"
        told = found.get(name, {})
        state = f"{told.get('ActiveState', 'not loaded')} {told.get('SubState', '')}".strip()
        if told.get("ActiveState") != "active":
            yield critical(f"{name} 应当运行,现为 {state}", f"{name} must run and is {state}", object=name)
        elif told.get("UnitFileState") == "disabled" and not _started_by_another(name, found):
            yield warning(f"{name} 正在运行,但没有设为开机启动", f"{name} runs and is not started with the machine", object=name)
        else:
            yield ok(f"{name} 正在运行", f"{name} runs", object=name)
    if not known.expected.get("units"):
        running = sum(told.get("SubState") == "running" for told in found.values())
        yield ok(f"台账没有写明应运行的服务;现有 {running} 个在运行", f"the inventory names no services that must run; {running} units run")


def _started_by_another(name: str, found: dict[str, dict[str, str]]) -> bool:
    """Whether a socket, timer or path of the same name starts it when it is needed."""
    return any(found.get(f"{name.rpartition('.')[0]}.{kind}", {}).get("ActiveState") == "active" for kind in ("socket", "timer", "path"))


def mend(row: Row, found: dict[str, dict[str, str]], known: Known) -> Mend | Text:
    told = found.get(row.object, {})
    if not unit.known(row.object):
        return Text(zh=f"{row.object} 不是单元名称,请更正台账", en=f"{row.object} is no name of a unit; correct the inventory")
    if told.get("LoadState") == "masked":
        return Text(zh=f"{row.object} 被管理员屏蔽(mask),请先确认原因", en=f"{row.object} was masked by an administrator; ask why")
    if told.get("ActiveState") == "active":
        return unit.enable(row.object)
    # one that is neither running nor enabled is not even loaded
    return unit.start(row.object, enable=told.get("UnitFileState", "disabled") in ("", "disabled"))


CHECK = HostCheck(
    id="CFG-05b",
    title=Text(zh="应运行的服务", en="Expected services"),
    chapter="configuration",
    command=UNITS,
    parse=units,
    judge=judge,
    remedy=Text(zh="systemctl start <单元>、systemctl enable <单元>;查明为何停止",
                en="systemctl start <unit>, systemctl enable <unit>; find out why it stopped"),
    source="systemctl(1)",
    mend=mend,
)
