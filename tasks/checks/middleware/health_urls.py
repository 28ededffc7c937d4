"""MID-02 Health addresses of the services answer (R127 其他设备和软件). Inventory: `urls`, as $URLS."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import HostCheck, Known, Limit, Limits, Row, Unreadable, critical, number, whole
from tasks.checks.lines import until_end, words


def parse(output: str) -> list[tuple[str, int, float]]:
    """Address, status (0: no answer), seconds."""
    found = []
    for line in until_end(output):
        status, span, url = words(line, 3)
        found.append((url, whole(status, "a status"), number(span, "seconds")))
    if not found:
        raise Unreadable("no address was asked", "没有询问任何地址")
    return found


def judge(found: list[tuple[str, int, float]], limits: Limits, known: Known) -> Iterator[Row]:
    for url, status, span in found:
        if not 200 <= status < 400:
            yield critical(f"{url} 回应 {status or '无'}", f"{url} answers {status or 'nothing'}", object=url)
        else:
            yield Row(limits["time"].grade(span), f"{url} 回应 {status},用时 {span:.2f} 秒", f"{url} answers {status} in {span:.2f} s", object=url, value=span,
                      unit="s")


CHECK = HostCheck(
    id="MID-02",
    title=Text(zh="健康检查地址", en="Health addresses"),
    chapter="middleware",
    command=r"""
[ -n "${URLS-}" ] || na "台账没有写明健康检查地址" "the inventory names no health addresses"
command -v curl >/dev/null || cannot "缺少 curl" "curl is missing"
echo "$URLS" | head -n 10 | while read -r url; do
  case $url in http://*|https://*) ;; *) continue;; esac
  # a certificate that is not trusted is MID-03's matter
  echo "$(curl -gksS -o /dev/null --proto =http,https --max-time 5 -w '%{http_code} %{time_total}' -- "$url" 2>/dev/null) $url"
done
echo end
""",
    parse=parse,
    judge=judge,
    limits={"time": Limit(3, None, "s", "own judgement")},
    remedy=Text(zh="查看该服务的日志与依赖", en="See the service's log, and what it depends on"),
    source="curl(1); netdata httpcheck",
    time_limit_s=60,
)
