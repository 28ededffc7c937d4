"""WEB-01 The endpoint answers with the status it should (R127 其他设备和软件)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reports.records import Text
from tasks.checks.kinds import Known, Limits, Row, WebCheck, critical, ok, whole
from tasks.checks.web import said, word


def parse(output: str) -> tuple[int, str, str]:
    """Status (0: none), where redirects led, and why there is no answer."""
    found: dict[str, Any] = said(output, "problem")
    if "problem" in found:
        return 0, "", word(found["problem"], "the problem")
    found = said(output, "status", "final")
    return whole(found["status"], "the status"), word(found["final"], "the address"), ""


def judge(answer: tuple[int, str, str], limits: Limits, known: Known) -> Iterator[Row]:
    status, final, problem = answer
    expected = int(known.expected.get("status", 200))
    if problem:
        yield critical(f"没有应答:{problem}", f"there is no answer: {problem}")
    elif status != expected:
        yield critical(f"应答状态码 {status},应为 {expected}({final})", f"it answers {status}; {expected} is expected ({final})", value=status)
    else:
        yield ok(f"应答状态码 {status}", f"it answers {status}", value=status)


CHECK = WebCheck(
    id="WEB-01",
    title=Text(zh="网站应答", en="Web endpoint answers"),
    asks="page",
    parse=parse,
    judge=judge,
    remedy=Text(zh="查看该服务与其前端代理的日志,确认后端是否正常", en="See the logs of the service and of the proxy before it; is what it depends on well?"),
    source="RFC 9110",
)
