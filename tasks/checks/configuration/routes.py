"""CFG-04b The default route: one, and the same as last time (R132 系统配置检查)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import HostCheck, Known, Limits, Row, Unreadable, ok, warning
from tasks.checks.lines import until_end


def parse(output: str) -> list[str]:
    """Default routes: gateway or device, and metric."""
    lines = until_end(output)
    if not lines or not lines[-1].startswith("routes "):
        raise Unreadable("the routes were not read", "没有读到路由")
    return [line.removeprefix("default ") for line in lines[:-1]]


def judge(routes: list[str], limits: Limits, known: Known) -> Iterator[Row]:
    metrics = [(re.search(r"metric (\d+)", route) or ["", "0"])[1] for route in routes]
    if not routes:
        yield warning("没有默认路由", "there is no default route")
    for route in routes:
        name = " ".join(route.split()[:4])
        if metrics.count((re.search(r"metric (\d+)", route) or ["", "0"])[1]) > 1:
            yield warning(f"两条默认路由优先级相同:{name}", f"two default routes of the same metric: {name}", object=name)
        elif known.before and name not in known.before:
            yield warning(f"默认路由与上次不同:{name}", f"the default route is not that of last time: {name}", object=name)
        else:
            yield ok(f"默认路由 {name}", f"default route {name}", object=name)


CHECK = HostCheck(
    id="CFG-04b",
    title=Text(zh="默认路由", en="Default route"),
    chapter="configuration",
    command="""
command -v ip >/dev/null || cannot "缺少 ip" "ip is missing"
ip -4 route show default || cannot "ip 失败" "ip failed"
ip route | wc -l | sed 's/^ */routes /'
echo end
""",
    parse=parse,
    judge=judge,
    remedy=Text(zh="与网络变更记录核对", en="Compare with the change records of the network"),
    source="ip-route(8)",
)
