"""RES-17 How full the file systems in memory are: /run, /tmp, /dev/shm (R134 系统资源使用状况检查)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import HostCheck, Known, Limit, Limits, Row, Unreadable, whole
from tasks.checks.lines import words


def parse(output: str) -> list[tuple[str, int, int]]:
    """Mount point, size and use in KiB."""
    found = []
    for line in output.splitlines()[1:]:
        parts = words(line, 6)
        if not parts[5].startswith("/"):
            raise Unreadable(f"df printed {line[:60]!r}", f"df 输出了 {line[:60]!r}")
        size, used = whole(parts[1], "df's figure"), whole(parts[2], "df's figure")
        # A container's empty read-only masks over /proc are no place to write.
        if size and not parts[5].startswith(("/proc/", "/sys/")):
            found.append((parts[5], size, used))
    if not found:
        raise Unreadable("df named no file system", "df 没有列出文件系统")
    return found


def judge(found: list[tuple[str, int, int]], limits: Limits, known: Known) -> Iterator[Row]:
    for mount, size, used in found:
        share = 100 * used / size
        yield Row(limits["used"].grade(share), f"{mount} 已用 {share:.0f} %", f"{mount} is {share:.0f} % full", object=mount, value=used * 1024, unit="bytes",
                  capacity=size * 1024)


CHECK = HostCheck(
    id="RES-17",
    title=Text(zh="内存文件系统使用率", en="File systems in memory"),
    chapter="resources",
    command="df -l -P -k -t tmpfs",
    parse=parse,
    judge=judge,
    limits={"used": Limit(80, 90, "%", "netdata disk_space_usage")},
    remedy=Text(zh="/run 满了服务无法启动:查找大文件 du -xk <挂载点> | sort -n | tail", en="With /run full no service starts: du -xk <mount> | sort -n | tail"),
    source="df(1), POSIX",
)
