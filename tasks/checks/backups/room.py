"""BAK-07 There is room for the next backup (R133 系统备份检查). Inventory: `backups`: path."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.backups import FILES, Place, each, nothing, places
from tasks.checks.kinds import HostCheck, Known, Limit, Limits, Row


def judge(found: dict[tuple[str, str], Place], limits: Limits, known: Known) -> Iterator[Row]:
    rows = False
    for path, _, place in each(found, known):
        rows = True
        # The largest of the newest ten is a full one.
        largest = max(file.size for file in place.files[:10])
        times = place.free * 1024 / largest if largest else 1000
        yield Row(limits["room"].grade(times), f"{path} 剩余 {place.free >> 20} GiB,为最大备份的 {times:.1f} 倍",
                  f"{place.free >> 20} GiB are left in {path}, {times:.1f} times the largest backup", object=path, value=place.free * 1024, unit="bytes")
    if not rows:
        yield nothing(known)


CHECK = HostCheck(
    id="BAK-07",
    title=Text(zh="备份空间", en="Room for backups"),
    chapter="backup",
    command=FILES,
    parse=places,
    judge=judge,
    limits={"room": Limit(1.5, 1, "times the largest", "own judgement", over=False)},
    remedy=Text(zh="清理过期备份或扩容", en="Remove what is older than agreed, or extend"),
    source="df(1)",
    time_limit_s=60,
)
