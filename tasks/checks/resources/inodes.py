"""RES-02 How many of the inodes are taken (R134 系统资源使用状况检查)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import HostCheck, Known, Limit, Limits, Row, Unreadable, not_applicable, whole
from tasks.checks.lines import words


def parse(output: str) -> list[tuple[str, int, int]]:
    """Lines of df -P -i: mount point, inodes, inodes taken. File systems without fixed inodes (btrfs) say 0 or -."""
    found = []
    for line in output.splitlines()[1:]:
        parts = words(line, 6)
        if not parts[5].startswith("/"):
            raise Unreadable(f"df printed {line[:60]!r}", f"df 输出了 {line[:60]!r}")
        found.append((parts[5], *(0 if word == "-" else whole(word, "df's figure") for word in parts[1:3])))
    if not found:
        raise Unreadable("df named no file system", "df 没有列出文件系统")
    return found


def judge(file_systems: list[tuple[str, int, int]], limits: Limits, known: Known) -> Iterator[Row]:
    for mount, inodes, used in file_systems:
        if not inodes:
            yield not_applicable(f"{mount} 没有固定的 inode 数", f"{mount} has no fixed number of inodes", object=mount)
            continue
        share = 100 * used / inodes
        yield Row(limits["used"].grade(share), f"{mount} 的 inode 已用 {share:.0f} %", f"{share:.0f} % of the inodes of {mount} are taken",
                  object=mount, value=used, unit="inodes", capacity=inodes)


CHECK = HostCheck(
    id="RES-02",
    title=Text(zh="inode 使用率", en="Inodes"),
    chapter="resources",
    command="df -l -P -i -x tmpfs -x devtmpfs -x squashfs -x efivarfs",
    parse=parse,
    judge=judge,
    limits={"used": Limit(80, 90, "%", "netdata disk_inode_usage")},
    remedy=Text(zh="查找文件最多的目录:du --inodes -x <挂载点> | sort -n | tail",
                en="Find the folder with the many files: du --inodes -x <mount> | sort -n | tail"),
    source="df(1); netdata health.d/disks.conf",
)
