"""RES-15 Who uses most memory and processor time (R134 系统资源使用状况检查). Information."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import HostCheck, Known, Limits, Row, Unreadable, number, ok, whole
from tasks.checks.lines import until_end, words


def parse(output: str) -> list[tuple[str, str, float, int]]:
    """Name, user, share of a processor since its start, memory in KiB; the ten largest."""
    found = []
    for line in until_end(output):
        user, share, memory, name = words(line, 4)
        found.append((name, user, number(share, "a share"), whole(memory, "a size")))
    if not found:
        raise Unreadable("ps named no process", "ps 没有列出进程")
    return found


def judge(processes: list[tuple[str, str, float, int]], limits: Limits, known: Known) -> Iterator[Row]:
    name, user, _, memory = processes[0]
    yield ok(f"内存最多的进程:{name}({user}),{memory >> 10} MiB", f"most memory: {name} of {user}, {memory >> 10} MiB", value=memory * 1024, unit="bytes",
             evidence="; ".join(f"{name} ({user}) {memory >> 10} MiB {share:g} % CPU" for name, user, share, memory in processes))


CHECK = HostCheck(
    id="RES-15",
    title=Text(zh="资源占用最多的进程", en="Largest processes"),
    chapter="resources",
    command="ps -eo user:20=,pcpu=,rss=,comm= --sort=-rss | head -n 10 && echo end",
    parse=parse,
    judge=judge,
    remedy=Text(zh="仅供参考", en="For information"),
    source="ps(1)",
)
