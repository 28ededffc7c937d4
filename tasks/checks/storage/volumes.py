"""STO-04b LVM's volumes are whole (R131 存储外设检查)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import HostCheck, Known, Limits, Row, critical, ok
from tasks.checks.storage.thin_pools import LVM, parse


def judge(answer: tuple[list[tuple[str, str, float | None, float | None, str]], dict[str, int]], limits: Limits, known: Known) -> Iterator[Row]:
    volumes, groups = answer
    bad = False
    for name, _, _, _, health in volumes:
        if health:
            bad = True
            yield critical(f"{name} 状态为 {health}", f"{name} is {health}", object=name)
    for name, missing in groups.items():
        if missing:
            bad = True
            yield critical(f"卷组 {name} 缺少 {missing} 块磁盘", f"{missing} disks of volume group {name} are missing", object=name)
    if not bad:
        yield ok(f"{len(volumes)} 个逻辑卷都完整", f"{len(volumes)} volumes are whole")


CHECK = HostCheck(
    id="STO-04b",
    title=Text(zh="LVM 卷状态", en="Health of volumes"),
    chapter="storage",
    command=LVM,
    parse=parse,
    judge=judge,
    remedy=Text(zh="pvs 找出缺失的磁盘;更换后 vgreduce、lvconvert --repair", en="Find the missing disk with pvs; replace it, then lvconvert --repair"),
    source="lvs(8), vgs(8)",
)
