"""RES-01 How full the file systems are (R134 系统资源使用状况检查)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import HostCheck, Known, Limit, Limits, Row, Unreadable, whole

GIB = 1 << 20  # in KiB


def parse(output: str) -> list[tuple[str, int, int, int]]:
    """Lines of df -P -k: mount point, size, used, free in KiB."""
    found = []
    for line in output.splitlines()[1:]:
        words = line.split(None, 5)
        if len(words) != 6 or not words[5].startswith("/"):
            raise Unreadable(f"df printed {line[:60]!r}", f"df 输出了 {line[:60]!r}")
        size, used, free = (whole(word, "df's figure") for word in words[1:4])
        if size > 0:
            found.append((words[5], size, used, free))
    if not found:
        raise Unreadable("df named no file system", "df 没有列出文件系统")
    return found


def judge(file_systems: list[tuple[str, int, int, int]], limits: Limits, known: Known) -> Iterator[Row]:
    for mount, _, used, free in file_systems:
        share = 100 * used / max(1, used + free)
        # A tenth of ten terabytes is a terabyte: what matters on large volumes is the room that is left.
        outcome = limits["used"].grade(share) if free < limits["room"].warning * GIB else limits["used"].grade(0)
        yield Row(outcome, f"{mount} 已用 {share:.0f} %,剩余 {free / GIB:.1f} GiB", f"{mount} is {share:.0f} % full, {free / GIB:.1f} GiB are left",
                  object=mount, value=used * 1024, unit="bytes", capacity=(used + free) * 1024)


CHECK = HostCheck(
    id="RES-01",
    title=Text(zh="文件系统使用率", en="File systems"),
    chapter="resources",
    # -l: a dead NFS server would hang df; network mounts are asked one by one in STO-03
    command="df -l -P -k -x tmpfs -x devtmpfs -x squashfs -x efivarfs",
    parse=parse,
    judge=judge,
    limits={
        "used": Limit(80, 90, "%", "netdata disk_space_usage"),
        "room": Limit(100, None, "GiB", Text(zh="经验值:剩余更多时不看比例", en="own judgement: above it no share matters"), over=False),
    },
    remedy=Text(zh="清理或扩容;查看最大的目录:du -xk --max-depth=2 <挂载点> | sort -n | tail",
                en="Clear up or extend; the largest folders: du -xk --max-depth=2 <mount> | sort -n | tail"),
    remedy_operation="capacity-expansion",
    source="df(1), POSIX; netdata health.d/disks.conf",
    clause="GB/T 22239-2019 8.1.5.4 c",
)
