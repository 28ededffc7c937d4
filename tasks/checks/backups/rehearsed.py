"""BAK-05 A restore was rehearsed in the last half year (R133 系统备份检查). Inventory: `backups`: path, restored_on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from reports.records import Text
from tasks.checks.backups import FILES, Place, nothing, places
from tasks.checks.kinds import HostCheck, Known, Limit, Limits, Row, warning


def judge(found: dict[tuple[str, str], Place], limits: Limits, known: Known) -> Iterator[Row]:
    for backup in known.expected.get("backups") or []:
        path, day = backup["path"], backup.get("restored_on")
        if not day:
            yield warning(f"{path} 的恢复演练没有记录", f"no rehearsed restore of {path} is on record", object=path)
            continue
        days = (known.now.date() - date.fromisoformat(str(day))).days
        yield Row(limits["age"].grade(days), f"{path} 上次恢复演练在 {days} 天前", f"a restore of {path} was last rehearsed {days} days ago", object=path,
                  value=days,
                  unit="days")
    if not known.expected.get("backups"):
        yield nothing(known)


CHECK = HostCheck(
    id="BAK-05",
    title=Text(zh="恢复演练", en="Rehearsed restore"),
    chapter="backup",
    command=FILES,
    parse=places,
    judge=judge,
    limits={"age": Limit(180, 365, "days", Text(zh="经验值,参考 GB/T 22239-2019 8.1.10.11", en="own judgement, after GB/T 22239-2019 8.1.10.11"))},
    remedy=Text(zh="在临时环境恢复一次,并记入台账", en="Restore once on a scratch system, and put it on record"),
    source=Text(zh="台账", en="the inventory"),
    clause="GB/T 22239-2019 8.1.10.11",
    time_limit_s=60,
)
