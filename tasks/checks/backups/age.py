"""BAK-01 The newest backup is young enough (R133 系统备份检查). Inventory: `backups`: path, every_h."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Outcome, Text
from tasks.checks.backups import FILES, Place, nothing, places
from tasks.checks.kinds import HostCheck, Known, Limit, Limits, Row, critical, not_applicable, unknown


def judge(found: dict[tuple[str, str], Place], limits: Limits, known: Known) -> Iterator[Row]:
    if "backups" not in known.expected and known.own_backup:
        yield nothing(known)
        return
    if "backups" not in known.expected:
        yield unknown("台账没有写明本机有哪些备份", "the inventory does not say what backups this host has")
        return
    if not known.expected["backups"]:
        yield not_applicable("台账写明本机不需要备份", "the inventory says this host needs none")
    for backup in known.expected["backups"] or []:
        path = backup["path"]
        place = found.get(("first", path))
        if place is None:
            yield unknown(f"没有得到 {path} 的回答", f"nothing was said of {path}", object=path)
        elif place.trouble == "hangs":
            yield critical(f"{path} 没有回应(网络存储断开?)", f"{path} does not answer: a network mount that is gone?", object=path)
        elif place.trouble or not place.files:
            yield critical(f"{path} 中没有备份", f"there is no backup in {path}", object=path)
        else:
            hours = (known.now.timestamp() - place.files[0].moment) / 3600
            every = backup.get("every_h")
            # Without an interval the age is told and not judged.
            outcome = limits["age"].grade(hours / every) if every else Outcome.OK
            yield Row(outcome, f"{path} 最新的备份在 {hours:.1f} 小时前", f"the newest backup in {path} is {hours:.1f} hours old", object=path,
                      value=round(hours, 1),
                      unit="hours", evidence=place.files[0].path)


CHECK = HostCheck(
    id="BAK-01",
    title=Text(zh="最新备份的时间", en="Age of the newest backup"),
    chapter="backup",
    command=FILES,
    parse=places,
    judge=judge,
    limits={"age": Limit(1.25, 2, "intervals", "own judgement")},
    remedy=Text(zh="立即补做备份,查明原因(BAK-04)", en="Make one now; find out why it is missing (BAK-04)"),
    source="find(1)",
    clause="GB/T 22239-2019 8.1.4.9 a",
    time_limit_s=60,
)
