"""LOG-10b Single log files that nobody rotates (R129 系统日志检查)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import HostCheck, Known, Limit, Limits, Row, ok, whole
from tasks.checks.lines import until_end, words


def parse(output: str) -> list[tuple[int, str]]:
    """Size and path."""
    return [(whole(size, "a size"), path) for size, path in (words(line, 2) for line in until_end(output))]


def judge(files: list[tuple[int, str]], limits: Limits, known: Known) -> Iterator[Row]:
    for size, path in files:
        yield Row(limits["size"].grade(size / (1 << 30)), f"{path} 有 {size / (1 << 30):.1f} GiB", f"{path} has {size / (1 << 30):.1f} GiB", object=path,
                  value=size, unit="bytes")
    if not files:
        yield ok("没有超过 1 GiB 的日志文件", "no log file is larger than 1 GiB")


CHECK = HostCheck(
    id="LOG-10b",
    title=Text(zh="过大的日志文件", en="Large log files"),
    chapter="log",
    command=r"""
set --
for d in /var/log /opt/*/logs /srv/*/logs /usr/local/*/logs; do [ -d "$d" ] && set -- "$@" "$d"; done
find "$@" -xdev -type f -size +1G ! -path '/var/log/journal/*' ! -name lastlog -printf '%s %p\n' 2>/dev/null | sort -rn | head -n 50
echo end
""",
    parse=parse,
    judge=judge,
    limits={"size": Limit(2, 20, "GiB", "own judgement")},
    remedy=Text(zh="为该文件加 logrotate 规则(copytruncate 或重载信号)", en="Give it a rule of logrotate (copytruncate, or a signal)"),
    source="find(1)",
)
