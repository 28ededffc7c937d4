"""CFG-06a Ports that listen to others and are not in the list (R132 系统配置检查).

Inventory: `ports`, the numbers that may listen to other hosts; without it only what is new since the last inspection is reported.
"""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.configuration import LISTENERS, Listener, listeners
from tasks.checks.kinds import HostCheck, Known, Limits, Row, ok, warning


def judge(found: list[Listener], limits: Limits, known: Known) -> Iterator[Row]:
    allowed = known.expected.get("ports")
    seen = {}
    for listener in found:
        if listener.public:
            seen.setdefault(f"{listener.protocol}/{listener.port}", listener)
    for name, listener in sorted(seen.items()):
        who_zh, who_en = (f"({listener.process})", f" ({listener.process})") if listener.process else ("", "")
        # Ports a client takes for its own questions come and go.
        passing = listener.protocol == "udp" and listener.port >= 32768
        if allowed is not None and listener.port not in allowed and not passing:
            yield warning(f"{name}{who_zh} 在监听,不在清单中", f"{name}{who_en} listens and is not in the list", object=name)
        elif allowed is None and known.before_at and name not in known.before and not passing:
            yield warning(f"{name}{who_zh} 是上次巡检之后新开的", f"{name}{who_en} is new since the last inspection", object=name)
        else:
            yield ok(f"{name}{who_zh} 在监听", f"{name}{who_en} listens", object=name)
    if not seen:
        yield ok("没有对外监听的端口", "no port listens to other hosts")


CHECK = HostCheck(
    id="CFG-06a",
    title=Text(zh="监听端口", en="Listening ports"),
    chapter="configuration",
    command=LISTENERS,
    parse=listeners,
    judge=judge,
    remedy=Text(zh="确认用途;不需要则停用服务,需要则补入清单", en="Ask what it is for; stop it, or add it to the list"),
    source="ss(8)",
    clause="GB/T 22239-2019 8.1.4.4 b",
)
