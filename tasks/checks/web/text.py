"""WEB-02 What the endpoint answers holds the text it should (R127 其他设备和软件)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import Known, Limits, Row, WebCheck, critical, not_applicable, ok
from tasks.checks.web import flag, said, word


def parse(output: str) -> tuple[bool | None, str]:
    """Whether the text is there (None: none is expected), and how the answer begins."""
    found = said(output, "text", "begins")
    return None if found["text"] is None else flag(found["text"], "text"), word(found["begins"], "the beginning")


def judge(answer: tuple[bool | None, str], limits: Limits, known: Known) -> Iterator[Row]:
    there, begins = answer
    text = str(known.expected.get("text", ""))
    if there is None or not text:
        yield not_applicable("清单中没有指定应有的文字", "the inventory expects no text")
    elif there:
        yield ok(f"应答中有“{text}”", f'"{text}" stands in the answer')
    else:
        yield critical(f"应答中没有“{text}”", f'"{text}" does not stand in the answer', evidence=begins)


CHECK = WebCheck(
    id="WEB-02",
    title=Text(zh="网站内容", en="What the web endpoint says"),
    asks="page",
    parse=parse,
    judge=judge,
    remedy=Text(zh="打开该地址查看:可能是错误页、维护页或被改动的页面",
                en="Open the address: it may be an error page, a maintenance page, or a page that was changed"),
    source="own judgement",
)
