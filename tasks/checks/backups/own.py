"""BAK-11 The newest backup by the procedure `backup`, proved by a restore, is young enough (R133 系统备份检查, X17). It lies in the place for backups, not on
the host: nothing is asked there.
"""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import HostCheck, Known, Limit, Limits, Row, critical, not_applicable
from tasks.checks.lines import until_end


def judge(_: object, limits: Limits, known: Known) -> Iterator[Row]:
    kept = known.own_backup
    if kept is None and known.own_unproved:
        yield critical(f"保存有 {known.own_unproved} 份备份,均未通过恢复验证", f"{known.own_unproved} backups are kept, and none was proved by a restore")
    elif kept is None:
        yield not_applicable("本机没有由备份流程保存的备份", "the procedure backup keeps none of this host")
    else:
        days = (known.now - kept.taken_at).total_seconds() / 86400
        more, more_en = (f";其后 {kept.later} 份未通过验证", f"; {kept.later} newer ones were not proved") if kept.later else ("", "")
        yield Row(limits["age"].grade(days), f"{kept.number} 在 {days:.1f} 天前备份,于 {kept.proved_at:%Y-%m-%d} 经恢复验证{more}",
                  f"{kept.number} was taken {days:.1f} days ago and proved by a restore on {kept.proved_at:%Y-%m-%d}{more_en}",
                  value=round(days, 1), unit="days", evidence=kept.number)


CHECK = HostCheck(
    id="BAK-11",
    title=Text(zh="经恢复验证的备份", en="Backup proved by a restore"),
    chapter="backup",
    command="echo end",
    parse=until_end,
    judge=judge,
    limits={"age": Limit(2, 7, "days", "own judgement")},
    remedy=Text(zh="用流程 backup 备份并验证", en="Take one with the procedure backup, which also proves it"),
    source=Text(zh="备份流程的封存记录", en="the sealed records of the procedure backup"),
    clause="GB/T 22239-2019 8.1.4.9 a",
)
