"""WEB-04 Nobody is served without encryption (R127 其他设备和软件)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reports.records import Text
from tasks.checks.kinds import Known, Limits, Row, Unreadable, WebCheck, ok, warning, whole
from tasks.checks.web import said, word


def parse(output: str) -> tuple[str, int, str]:
    """The address without encryption, its status (0: no answer), where it leads."""
    found: dict[str, Any] = said(output, "asked", "problem")
    if "problem" in found:
        return word(found["asked"], "the address"), 0, ""
    found = said(output, "asked", "status", "location")
    return word(found["asked"], "the address"), whole(found["status"], "the status"), word(found["location"], "the location")


def judge(answer: tuple[str, int, str], limits: Limits, known: Known) -> Iterator[Row]:
    asked, status, location = answer
    if status and not 100 <= status <= 599:
        raise Unreadable(f"the status would be {status}", f"状态码为 {status},不合理")
    if 300 <= status < 400 and location.startswith("https:"):
        yield ok(f"{asked} 转到 HTTPS", f"{asked} leads to https")
    elif known.kind == "http":  # inside a customer's network that may be so on purpose
        yield ok("以不加密的 HTTP 提供;对外服务建议改用 HTTPS", "it is served without encryption; what is open to the outside is better served by https")
    elif 200 <= status < 400:
        yield warning(f"{asked} 不加密也能访问(状态码 {status})", f"{asked} serves without encryption, too (it answers {status})")
    else:
        yield ok(f"{asked} 不提供内容", f"{asked} serves nothing")


CHECK = WebCheck(
    id="WEB-04",
    title=Text(zh="未加密访问", en="Access without encryption"),
    asks="plain",
    parse=parse,
    judge=judge,
    clause="GB/T 22239-2019 8.1.2.2 b",
    remedy=Text(zh="将 80 端口跳转到 HTTPS,例如 nginx:return 301 https://$host$request_uri;",
                en="Let port 80 lead to https, in nginx: return 301 https://$host$request_uri;"),
    source="Mozilla web security guidelines, HTTP redirections",
)
