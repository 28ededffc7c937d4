"""STO-07a Errors that ext4 recorded in its own super block (R131 存储外设检查)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import HostCheck, Known, Limit, Limits, Row, Unreadable, whole
from tasks.checks.lines import until_end, words


def parse(output: str) -> dict[str, int]:
    """Errors by device."""
    lines = until_end(output)
    if not lines:
        raise Unreadable("no file system was looked at", "没有查看任何文件系统")
    return {name: whole(count, "a count") for name, count in (words(line, 2) for line in lines)}


def judge(found: dict[str, int], limits: Limits, known: Known) -> Iterator[Row]:
    for name, count in found.items():
        yield Row(limits["errors"].grade(count), f"{name} 记录了 {count} 个错误", f"{count} errors are on record for {name}", object=name, value=count,
                  unit="errors")


CHECK = HostCheck(
    id="STO-07a",
    title=Text(zh="文件系统记录的错误", en="Errors on record of file systems"),
    chapter="storage",
    command=r"""
n=0
for d in /sys/fs/ext4/*/errors_count; do
  [ -r "$d" ] || continue
  read -r count <"$d"; dev=${d%/errors_count}; echo "${dev##*/} $count"; n=1
done
[ $n = 1 ] || na "没有 ext4 文件系统" "no ext4 here"
echo end
""",
    parse=parse,
    judge=judge,
    limits={"errors": Limit(1, 1, "errors", "own judgement")},
    remedy=Text(zh="备份后在窗口内 fsck;看 HW-03", en="Back up, then fsck in a window; see HW-03"),
    source="Linux Documentation/ABI/testing/sysfs-fs-ext4",
)
