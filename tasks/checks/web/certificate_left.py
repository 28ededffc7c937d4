"""WEB-05a How long the certificate is still good (R127 其他设备和软件)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from reports.records import Text
from tasks.checks.kinds import Known, Limit, Limits, Row, Unreadable, WebCheck, critical
from tasks.checks.web import said, word


def parse(output: str) -> tuple[datetime, datetime]:
    """From when and until when it is good."""
    found = said(output, "not_before", "not_after")
    first, last = (datetime.fromisoformat(word(found[name], name)) for name in ("not_before", "not_after"))
    if first.tzinfo is None or last.tzinfo is None:
        raise Unreadable("the certificate's times have no zone", "证书的时间没有时区")
    return first, last


def judge(span: tuple[datetime, datetime], limits: Limits, known: Known) -> Iterator[Row]:
    first, last = span
    days = (last - known.now).total_seconds() / 86400
    if known.now < first:
        yield critical(f"证书自 {first:%Y-%m-%d} 起才有效", f"the certificate is good only from {first:%Y-%m-%d} on")
        return
    zh, en = (f"证书还有 {days:.0f} 天到期({last:%Y-%m-%d})", f"the certificate runs out in {days:.0f} days, on {last:%Y-%m-%d}") if days >= 0 else (
        f"证书已过期 {-days:.0f} 天({last:%Y-%m-%d})", f"the certificate ran out {-days:.0f} days ago, on {last:%Y-%m-%d}")
    yield Row(limits["left"].grade(days), zh, en, value=round(days, 1), unit="days")


CHECK = WebCheck(
    id="WEB-05a",
    title=Text(zh="网站证书有效期", en="Web certificate's validity"),
    asks="certificate",
    parse=parse,
    judge=judge,
    limits={"left": Limit(30, 7, "days", Text(zh="netdata x509check:14 天与 7 天;按季度巡检需要更早提醒",
                                              en="netdata x509check: 14 and 7 days; a quarter of inspections needs more"), over=False)},
    remedy=Text(zh="更换证书并重载服务", en="Renew it and reload the service"),
    source="RFC 5280",
)
