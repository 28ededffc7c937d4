"""LOG-08a The log services run (R129 系统日志检查)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.configuration import UNITS, units
from tasks.checks.kinds import HostCheck, Known, Limits, Row, critical, ok, warning
from tasks.operations import unit
from tasks.operations.mend import Mend


def judge(found: dict[str, dict[str, str]], limits: Limits, known: Known) -> Iterator[Row]:
    for name in ("systemd-journald.service", "rsyslog.service", "syslog-ng.service", "auditd.service"):
        told = found.get(name, {})
        if told.get("ActiveState") == "active":
            yield ok(f"{name} 正在运行", f"{name} runs", object=name)
        elif name == "systemd-journald.service":
            yield critical("systemd-journald 没有运行", "systemd-journald does not run", object=name)
        elif told.get("UnitFileState") == "enabled" or told.get("ActiveState") == "failed":
            yield warning(f"{name} 已启用而没有运行", f"{name} is enabled and does not run", object=name)


def mend(row: Row, found: dict[str, dict[str, str]], known: Known) -> Mend | Text:
    return unit.start(row.object)  # the names are our own


CHECK = HostCheck(
    id="LOG-08a",
    title=Text(zh="日志服务", en="Log services"),
    chapter="log",
    command=UNITS,
    parse=units,
    judge=judge,
    remedy=Text(zh="systemctl restart systemd-journald rsyslog;检查磁盘空间", en="systemctl restart systemd-journald rsyslog; check the room"),
    mend=mend,
    source="systemd-journald.service(8)",
    clause="GB/T 22239-2019 8.1.4.3 a",
)
