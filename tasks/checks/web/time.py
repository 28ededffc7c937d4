"""WEB-03 How fast the endpoint answers (R127 其他设备和软件)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import Known, Limit, Limits, Row, Unreadable, WebCheck, number, whole
from tasks.checks.web import said


def parse(output: str) -> tuple[float, int]:
    """Seconds until the whole answer was there, redirects included; how many of these."""
    found = said(output, "seconds", "hops")
    seconds = number(found["seconds"], "the time")
    if seconds < 0:
        raise Unreadable("the time runs backwards", "时间倒流")
    return seconds, whole(found["hops"], "redirects")


def judge(answer: tuple[float, int], limits: Limits, known: Known) -> Iterator[Row]:
    seconds, hops = answer
    by = (f",经 {hops} 次跳转", f", over {hops} redirects") if hops else ("", "")
    yield Row(limits["time"].grade(seconds), f"用时 {seconds:.2f} 秒{by[0]}", f"it takes {seconds:.2f} s{by[1]}", value=round(seconds, 3), unit="s")


CHECK = WebCheck(
    id="WEB-03",
    title=Text(zh="网站响应时间", en="Web endpoint's time to answer"),
    asks="page",
    parse=parse,
    judge=judge,
    limits={"time": Limit(3, 8, "s", Text(zh="经验值:与健康检查地址相同;更慢时用户会放弃",
                                          en="own judgement: as for health addresses; beyond, users give up"))},
    remedy=Text(zh="分段测量(解析、连接、后端处理),查看后端与数据库的慢请求",
                en="Measure its parts (look-up, connection, back end); see the slow requests of back end and database"),
    source="netdata httpcheck",
)
