"""MID-08a Containers run, are healthy and do not restart again and again (R127 其他设备和软件)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import HostCheck, Known, Limits, Row, Unreadable, critical, ok, warning
from tasks.checks.lines import until_end, words

DOCKER = r"""
docker=$(command -v docker || command -v podman) || na "没有安装 docker 或 podman" "neither docker nor podman is installed"
out=$(timeout 10 "$docker" ps -a --format '{{.Names}}\t{{.Status}}' 2>&1) || cannot "${docker##*/} 报错" "${docker##*/} failed" "$out"
[ -n "$out" ] && echo "$out"
driver=$(timeout 5 "$docker" info --format '{{.LoggingDriver}}' 2>/dev/null) && echo "driver	$driver"
grep -qs '"max-size"' /etc/docker/daemon.json && echo "limit	set" || echo "limit	none"
echo end
"""


def parse(output: str) -> tuple[list[tuple[str, str]], str, bool]:
    """Containers and their status; the log driver; whether logs have a limit."""
    containers, driver, limit = [], "", None
    for line in until_end(output):
        name, said = words(line, 2, "\t")
        if name == "driver":
            driver = said
        elif name == "limit":
            limit = said == "set"
        else:
            containers.append((name, said))
    if limit is None:
        raise Unreadable("the containers were not listed", "没有列出容器")
    return containers, driver, limit


def judge(answer: tuple[list[tuple[str, str]], str, bool], limits: Limits, known: Known) -> Iterator[Row]:
    containers = answer[0]
    for name, status in containers:
        code = re.match(r"Exited \((\d+)\)", status)
        if "(unhealthy)" in status or status.startswith(("Dead", "Removal")):
            yield critical(f"容器 {name}:{status}", f"container {name}: {status}", object=name)
        elif status.startswith("Restarting") or (code and code[1] not in ("0", "143")):
            yield warning(f"容器 {name}:{status}", f"container {name}: {status}", object=name)
        else:
            yield ok(f"容器 {name}:{status}", f"container {name}: {status}", object=name)
    if not containers:
        yield ok("没有容器", "there are no containers")


CHECK = HostCheck(
    id="MID-08a",
    title=Text(zh="容器", en="Containers"),
    chapter="middleware",
    command=DOCKER,
    parse=parse,
    judge=judge,
    remedy=Text(zh="docker logs <容器>;docker inspect 查看健康检查", en="docker logs <container>; docker inspect shows the health check"),
    source="docker-ps(1); netdata docker_container_unhealthy",
)
