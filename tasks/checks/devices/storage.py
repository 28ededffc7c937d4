"""NET-05e How full disks and flash of the device are (R127 网络设备)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.devices import FIXED_DISK, FLASH, STORAGE, Storage, storages
from tasks.checks.kinds import DeviceCheck, Known, Limit, Limits, Row, Unreadable, not_applicable
from tasks.checks.tables import size

IN_MEMORY = ("/dev", "/proc", "/run", "/sys")


def parse(output: str) -> list[Storage]:
    """Disks and flash. The same file system under several names counts once, by the shortest of them."""
    once: dict[tuple[int, int], Storage] = {}
    for area in sorted(storages(output), key=lambda area: len(area.name)):
        if area.kind in (FIXED_DISK, FLASH) and not area.name.startswith(IN_MEMORY):
            if not 0 <= area.used <= area.size:
                raise Unreadable(f"{area.name} would hold {area.used} of {area.size} bytes", f"{area.name} 已用 {area.used}/{area.size} 字节,不合理")
            once.setdefault((area.size, area.used), area)
    return list(once.values())


def judge(areas: list[Storage], limits: Limits, known: Known) -> Iterator[Row]:
    for area in areas:
        share = 100 * area.used / area.size
        yield Row(limits["used"].grade(share), f"{area.name} 已用 {share:.0f} %,剩余 {size(area.size - area.used)}",
                  f"{area.name} is {share:.0f} % full, {size(area.size - area.used)} are left",
                  object=area.name, value=area.used, unit="bytes", capacity=area.size)
    if not areas:
        yield not_applicable("设备没有磁盘或闪存的信息", "the device tells of no disk or flash")


CHECK = DeviceCheck(
    id="NET-05e",
    title=Text(zh="设备存储空间", en="Device's storage"),
    oids=STORAGE,
    parse=parse,
    judge=judge,
    limits={"used": Limit(80, 90, "%", "netdata disk_space_usage")},
    remedy=Text(zh="删除旧的系统软件包与日志;升级前须有空间存放新版本", en="Remove old images and logs; an upgrade needs room for the new image"),
    source="RFC 2790 hrStorageTable",
)
