"""RES-12a Connections their process never closes, CLOSE-WAIT (R134 系统资源使用状况检查)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import HostCheck, Known, Limit, Limits, Row, whole
from tasks.checks.lines import listed, until_end, words


def parse(output: str) -> dict[str, int]:
    """Such connections by process."""
    return {name: whole(count, "a count") for count, name in (words(line, 2) for line in until_end(output))}


def judge(counts: dict[str, int], limits: Limits, known: Known) -> Iterator[Row]:
    worst = max(counts, key=counts.__getitem__, default="")
    most = counts.get(worst, 0)
    yield Row(limits["count"].grade(most), f"CLOSE_WAIT 最多的进程:{worst} {most} 个" if worst else "没有 CLOSE_WAIT 连接",
              f"most connections in CLOSE-WAIT: {most} of {worst}" if worst else "no connection is in CLOSE-WAIT", value=most, unit="connections",
              evidence=listed([f"{name} {count}" for name, count in counts.items()]))


CHECK = HostCheck(
    id="RES-12a",
    title=Text(zh="未关闭的连接", en="Half-closed connections"),
    chapter="resources",
    command=r"""
command -v ss >/dev/null || cannot "缺少 ss" "ss is missing"
found=$(ss -Htnp state close-wait) || cannot "ss 失败" "ss failed"
echo "$found" | awk 'NF { name = "?"; if (match($0, /\(\("[^"]*"/)) name = substr($0, RSTART + 3, RLENGTH - 4); n[name]++ }
  END { for (x in n) print n[x], x; print "end" }'
""",
    parse=parse,
    judge=judge,
    limits={"count": Limit(200, 1000, "connections of one process", "own judgement")},
    remedy=Text(zh="应用没有关闭连接:交应用方修复,重启可暂时缓解",
                en="The application leaks connections: its makers must mend it; a restart helps for a while"),
    source="ss(8), tcp(7)",
)
