"""MID-04c Share of requests that ended with 5xx (R127 其他设备和软件)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import HostCheck, Known, Limit, Limits, Row, not_applicable, whole
from tasks.checks.lines import pairs


def parse(output: str) -> tuple[int, int]:
    """Requests, and those with 5xx."""
    found = pairs(output, "requests", "failed")
    return whole(found["requests"], "a count"), whole(found["failed"], "a count")


def judge(answer: tuple[int, int], limits: Limits, known: Known) -> Iterator[Row]:
    requests, failed = answer
    if not requests:
        yield not_applicable("访问日志中没有请求", "the access logs hold no requests")
        return
    share = 100 * failed / requests
    # A few requests say nothing: somebody asked while the application was starting.
    outcome = limits["share"].grade(share) if failed >= 5 and requests >= 50 else limits["share"].grade(0)
    yield Row(outcome, f"最近 {requests} 个请求中 {share:.1f} % 为 5xx", f"{share:.1f} % of the last {requests} requests ended with 5xx", value=round(share, 2),
              unit="%")


CHECK = HostCheck(
    id="MID-04c",
    title=Text(zh="失败的请求(5xx)", en="Failed requests (5xx)"),
    chapter="middleware",
    command=r"""
set -- /var/log/nginx/*access*.log /var/log/apache2/*access*.log /var/log/httpd/*access_log
files=
for f do [ -f "$f" ] && files="$files $f"; done
[ -n "$files" ] || na "没有 nginx 或 Apache 的日志" "neither nginx nor Apache logs here"
for f in $files; do tail -n 20000 "$f"; done | awk '
  match($0, /" [1-5][0-9][0-9] /) { n++; if (substr($0, RSTART + 2, 1) == "5") bad++ } END { print "requests", n + 0; print "failed", bad + 0 }'
echo end
""",
    parse=parse,
    judge=judge,
    limits={"share": Limit(1, 5, "%", "own judgement")},
    remedy=Text(zh="按 URL 统计 5xx,查看应用日志", en="Count 5xx by URL, read the application's log"),
    source="nginx ngx_http_log_module, combined",
)
