"""BAK-06 There is a second copy elsewhere, and it is young (R133 系统备份检查). Inventory: `backups`: path, every_h, second_copy."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Outcome, Text
from tasks.checks.backups import FILES, Place, nothing, places
from tasks.checks.kinds import HostCheck, Known, Limit, Limits, Row, critical, unknown, warning


def judge(found: dict[tuple[str, str], Place], limits: Limits, known: Known) -> Iterator[Row]:
    for backup in known.expected.get("backups") or []:
        path, other = backup["path"], backup.get("second_copy")
        place = found.get(("second", other)) if other else None
        if not other:
            yield warning(f"{path} 没有第二份副本", f"there is no second copy of {path}", object=path)
        elif place is None:
            yield unknown(f"没有得到 {other} 的回答", f"nothing was said of {other}", object=path)
        elif place.trouble == "hangs" or place.trouble or not place.files:
            yield critical(f"第二份副本 {other} 中没有备份或没有回应", f"the second copy {other} is empty or does not answer", object=path)
        else:
            hours = (known.now.timestamp() - place.files[0].moment) / 3600
            outcome = limits["age"].grade(hours / backup["every_h"]) if backup.get("every_h") else Outcome.OK
            yield Row(outcome, f"第二份副本 {other} 最新的在 {hours:.1f} 小时前", f"the newest of the second copy {other} is {hours:.1f} hours old",
                      object=path,
                      value=round(hours, 1), unit="hours")
    if not known.expected.get("backups"):
        yield nothing(known)


CHECK = HostCheck(
    id="BAK-06",
    title=Text(zh="第二份副本", en="Second copy"),
    chapter="backup",
    command=FILES,
    parse=places,
    judge=judge,
    limits={"age": Limit(2, 4, "intervals", "own judgement")},
    remedy=Text(zh="把备份复制到另一地点", en="Copy backups to another place"),
    source="find(1)",
    clause="GB/T 22239-2019 8.1.4.9 b",
    time_limit_s=60,
)
