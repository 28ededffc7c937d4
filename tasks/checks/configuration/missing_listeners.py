"""CFG-06b Ports that must listen do listen (R132 系统配置检查). Inventory: `ports`; without it there is nothing to compare with."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.configuration import LISTENERS, Listener, listeners
from tasks.checks.kinds import HostCheck, Known, Limits, Row, not_applicable, ok, warning


def judge(found: list[Listener], limits: Limits, known: Known) -> Iterator[Row]:
    ports = {listener.port for listener in found}
    for port in known.expected.get("ports", []):
        if port in ports:
            yield ok(f"端口 {port} 在监听", f"port {port} listens", object=str(port))
        else:
            yield warning(f"清单中的端口 {port} 没有监听", f"port {port} is in the list and does not listen", object=str(port))
    if not known.expected.get("ports"):
        yield not_applicable("台账没有写明端口", "the inventory names no ports")


CHECK = HostCheck(
    id="CFG-06b",
    title=Text(zh="应监听的端口", en="Expected ports"),
    chapter="configuration",
    command=LISTENERS,
    parse=listeners,
    judge=judge,
    remedy=Text(zh="启动对应服务,或更新清单", en="Start the service, or mend the list"),
    source="ss(8)",
)
