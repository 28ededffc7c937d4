"""RES-09 Dead processes nobody collects (R134 系统资源使用状况检查)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import HostCheck, Known, Limit, Limits, Row, Unreadable
from tasks.checks.lines import listed, until_end, words


def parse(output: str) -> dict[tuple[str, str], int]:
    """Zombies by parent: process id and name. Every process is counted, so nothing found is no empty answer."""
    names, dead = {}, []
    for line in until_end(output):
        pid, parent, state, name = words(line, 4)
        names[pid] = name
        if state.startswith("Z"):
            dead.append(parent)
    if "1" not in names:
        raise Unreadable("ps does not name process 1", "ps 没有列出 1 号进程")
    return {(parent, names.get(parent, "?")): dead.count(parent) for parent in dead}


def judge(dead: dict[tuple[str, str], int], limits: Limits, known: Known) -> Iterator[Row]:
    count = sum(dead.values())
    whose = listed([f"{name}[{pid}] {many}" for (pid, name), many in sorted(dead.items(), key=lambda item: -item[1])])
    yield Row(limits["count"].grade(count), f"{count} 个僵尸进程", f"{count} zombies", value=count, unit="processes", evidence=whose)


CHECK = HostCheck(
    id="RES-09",
    title=Text(zh="僵尸进程", en="Zombies"),
    chapter="resources",
    command="ps -eo pid=,ppid=,stat=,comm= && echo end",
    parse=parse,
    judge=judge,
    limits={"count": Limit(10, 100, "processes", Text(zh="经验值:个别的会自行消失", en="own judgement: single ones come and go"))},
    remedy=Text(zh="重启它们的父进程(见证据),并请应用方回收子进程", en="Restart their parent (see evidence); its makers must collect the children"),
    source="ps(1)",
)
