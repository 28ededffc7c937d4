"""LOG-12 What the log says most often at priority error and above (R129 系统日志检查). Information."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import HostCheck, Known, Limits, Row, Unreadable, ok, whole
from tasks.checks.lines import until_end, words


def parse(output: str) -> list[tuple[int, str]]:
    """Count and template (numbers as #), most frequent first."""
    found = []
    for line in until_end(output):
        count, rest = words(line, 2)
        found.append((whole(count, "a count"), rest))
    if not found or found[-1][1] != "read":
        raise Unreadable("the journal was not read", "没有读到 systemd 日志")
    return found


def judge(found: list[tuple[int, str]], limits: Limits, known: Known) -> Iterator[Row]:
    read = found[-1][0]
    yield ok(f"7 天内优先级 err 及以上的日志 {read} 行", f"{read} lines of priority err and above in 7 days", value=read, unit="lines",
             evidence="\n".join(f"{count} x {text}" for count, text in found[:-1][:5]))


CHECK = HostCheck(
    id="LOG-12",
    title=Text(zh="错误日志汇总", en="Most frequent errors"),
    chapter="log",
    command=r"""
command -v journalctl >/dev/null || na "没有 systemd 日志" "no journal here"
journalctl -q --no-pager -o cat -p err --since -7d -n 5000 2>/dev/null | awk '
  { gsub(/[0-9]+/, "#"); n[substr($0, 1, 120)]++ } END { for (x in n) print n[x], x; print NR, "read" }' | sort -rn | awk '
  $2 == "read" && NF == 2 { read = $0; next } ++shown <= 10 { print } END { if (read != "") print read }'
echo end
""",
    parse=parse,
    judge=judge,
    remedy=Text(zh="逐条判断是否需要处理", en="Judge line by line whether anything has to be done"),
    source="journalctl(1)",
)
