"""STO-03b Disks whose file system the kernel made read-only after an error (R131 存储外设检查)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Outcome, Text
from tasks.checks.kinds import HostCheck, Known, Limits, Row, critical, not_applicable, ok, warning
from tasks.checks.storage.mounts import MOUNTS, Mounts, parse


def judge(answer: Mounts, limits: Limits, known: Known) -> Iterator[Row]:
    found = [(point, kind, how == "ro") for point, (kind, how) in answer[1].items() if kind in ("ext2", "ext3", "ext4", "xfs", "btrfs", "jfs", "f2fs")]
    read_only = [point for point, _, is_so in found if is_so]
    for point in read_only:
        if point in known.before and known.before[point].outcome is Outcome.OK or point == "/":
            yield critical(f"{point} 为只读", f"{point} is read-only", object=point)
        else:
            yield warning(f"{point} 为只读,请确认是否有意", f"{point} is read-only; was that meant?", object=point)
    for point, kind, is_so in found:
        if not is_so:
            yield ok(f"{point}({kind})可写", f"{point}, {kind}, is writable", object=point)
    if not found:
        yield not_applicable("没有磁盘上的文件系统", "no file system is on a disk here")


CHECK = HostCheck(
    id="STO-03b",
    title=Text(zh="只读的文件系统", en="Read-only file systems"),
    chapter="storage",
    command=MOUNTS,
    parse=parse,
    judge=judge,
    remedy=Text(zh="看内核日志(LOG-02),备份,在窗口内 fsck", en="See the kernel's log (LOG-02), back up, fsck in a window"),
    source="proc_pid_mounts(5); ext4(5), errors=remount-ro",
)
