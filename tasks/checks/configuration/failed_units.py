"""CFG-05a Units that failed (R132 系统配置检查)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.configuration import UNITS, units
from tasks.checks.kinds import HostCheck, Known, Limits, Row, ok, warning


def judge(found: dict[str, dict[str, str]], limits: Limits, known: Known) -> Iterator[Row]:
    failed = {name: told for name, told in found.items() if told.get("ActiveState") == "failed"}
    for name, told in failed.items():
        result = told.get("Result", "")
        yield warning(f"{name} 失败({result})", f"{name} failed: {result}", object=name)
    if not failed:
        yield ok(f"{len(found)} 个单元,没有失败的", f"{len(found)} units, none failed")


CHECK = HostCheck(
    id="CFG-05a",
    title=Text(zh="失败的单元", en="Failed units"),
    chapter="configuration",
    command=UNITS,
    parse=units,
    judge=judge,
    remedy=Text(zh="systemctl status <单元>;journalctl -u <单元>", en="systemctl status <unit>; journalctl -u <unit>"),
    source="systemctl(1); node-exporter mixin NodeSystemdServiceFailed",
)
