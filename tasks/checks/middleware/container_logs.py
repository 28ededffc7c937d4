"""MID-08b Logs of containers have a limit (R127 其他设备和软件)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import HostCheck, Known, Limits, Row, ok, warning
from tasks.checks.middleware.containers import DOCKER, parse


def judge(answer: tuple[list[tuple[str, str]], str, bool], limits: Limits, known: Known) -> Iterator[Row]:
    _, driver, limit = answer
    if driver == "json-file" and not limit:
        yield warning("容器日志没有大小上限(json-file,无 max-size)", "logs of containers have no limit (json-file without max-size)")
    else:
        yield ok(f"容器日志驱动 {driver or '(未知)'}", f"log driver of containers: {driver or 'not told'}")


CHECK = HostCheck(
    id="MID-08b",
    title=Text(zh="容器日志上限", en="Limit of containers' logs"),
    chapter="middleware",
    command=DOCKER,
    parse=parse,
    judge=judge,
    remedy=Text(zh="/etc/docker/daemon.json:log-opts max-size 与 max-file", en="/etc/docker/daemon.json: log-opts max-size and max-file"),
    source="Docker manual, json-file logging driver",
)
