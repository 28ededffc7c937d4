"""CFG-05b Services that must run do run (R132 系统配置检查). Inventory: `units`, names of services; without it what is enabled is judged."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.configuration import UNITS, units
from tasks.checks.kinds import HostCheck, Known, Limits, Row, critical, ok


def judge(found: dict[str, dict[str, str]], limits: Limits, known: Known) -> Iterator[Row]:
    for name in known.expected.get("units", []):
        unit = name if "." in name else f"{name}.service"
        told = found.get(unit, {})
        state = f"{told.get('ActiveState', 'not loaded')} {told.get('SubState', '')}".strip()
        if told.get("ActiveState") == "active":
            yield ok(f"{unit} 正在运行", f"{unit} runs", object=unit)
        else:
            yield critical(f"{unit} 应当运行,现为 {state}", f"{unit} must run and is {state}", object=unit)
    if not known.expected.get("units"):
        running = sum(told.get("SubState") == "running" for told in found.values())
        yield ok(f"台账没有写明应运行的服务;现有 {running} 个在运行", f"the inventory names no services that must run; {running} units run")


CHECK = HostCheck(
    id="CFG-05b",
    title=Text(zh="应运行的服务", en="Expected services"),
    chapter="configuration",
    command=UNITS,
    parse=units,
    judge=judge,
    remedy=Text(zh="systemctl start <单元>;查明为何停止", en="systemctl start <unit>; find out why it stopped"),
    source="systemctl(1)",
    remedy_operation="service-restart",
)
