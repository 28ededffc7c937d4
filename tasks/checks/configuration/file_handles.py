"""CFG-11a Open files of the whole host against what the kernel allows (R132 系统配置检查)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import HostCheck, Known, Limit, Limits, Row, Unreadable, whole
from tasks.checks.resources import FIGURES, figures


def parse(output: str) -> tuple[int, int]:
    """File handles taken, and how many there may be."""
    taken, _, most = (whole(word, "file-nr") for word in figures(output, "file-nr")["file-nr"])
    if most <= 0:
        raise Unreadable(f"file-max would be {most}", f"file-max 为 {most},不合理")
    return taken, most


def judge(answer: tuple[int, int], limits: Limits, known: Known) -> Iterator[Row]:
    taken, most = answer
    share = 100 * taken / most
    yield Row(limits["used"].grade(share), f"文件句柄已用 {taken} 个({share:.0f} %)", f"{taken} file handles are open ({share:.0f} %)",
              value=taken, unit="files", capacity=most)


CHECK = HostCheck(
    id="CFG-11a",
    title=Text(zh="系统文件句柄", en="File handles"),
    chapter="configuration",
    command=FIGURES,
    parse=parse,
    judge=judge,
    limits={"used": Limit(80, 90, "%", "netdata system_file_descriptors_utilization")},
    remedy=Text(zh="调大 fs.file-max,并查找打开文件最多的进程", en="Raise fs.file-max; find who holds the most files"),
    source="Linux Documentation/admin-guide/sysctl/fs.rst, file-nr",
)
