"""WEB-07 Browsers are told to come back by https only (R127 其他设备和软件). A preference, never an alarm."""

from __future__ import annotations

import re
from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import Known, Limits, Row, WebCheck, advice, not_applicable, ok
from tasks.checks.web import UNENCRYPTED, said, word

HALF_A_YEAR_S = 15_768_000
HEADER = "Strict-Transport-Security: max-age=31536000"


def parse(output: str) -> str | None:
    """The header's text; None without one."""
    found = said(output, "hsts")
    return None if found["hsts"] is None else word(found["hsts"], "the header")


def judge(header: str | None, limits: Limits, known: Known) -> Iterator[Row]:
    age = re.search(r"(?i)max-age\s*=\s*\"?(\d{1,12})", header or "")
    if known.kind != "https":
        yield not_applicable(*UNENCRYPTED)
    elif age is None:
        yield advice("没有 HSTS 头", "there is no HSTS header", HEADER)
    elif int(age[1]) < HALF_A_YEAR_S:
        yield advice(f"HSTS 有效期只有 {int(age[1]) // 86400} 天", f"HSTS is for {int(age[1]) // 86400} days only", HEADER)
    else:
        yield ok(f"HSTS 有效期 {int(age[1]) // 86400} 天", f"HSTS is for {int(age[1]) // 86400} days")


CHECK = WebCheck(
    id="WEB-07",
    title=Text(zh="HSTS", en="HSTS"),
    asks="page",
    parse=parse,
    judge=judge,
    remedy=Text(zh="确认全站可用 HTTPS 后添加该响应头", en="Add the header once the whole site is served by https"),
    source="RFC 6797; Mozilla web security guidelines",
)
