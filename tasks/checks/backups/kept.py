"""BAK-10 Backups are kept as long as agreed (R133 系统备份检查). Inventory: `backups`: path, keep_days."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.backups import FILES, Place, each, nothing, places
from tasks.checks.kinds import HostCheck, Known, Limit, Limits, Row


def judge(found: dict[tuple[str, str], Place], limits: Limits, known: Known) -> Iterator[Row]:
    rows = False
    for path, backup, place in each(found, known):
        if not backup.get("keep_days"):
            continue
        rows = True
        oldest = (known.now.timestamp() - place.files[-1].moment) / 86400
        # The command names the newest 60 files: with as many, the oldest may be older still.
        share = 100 if len(place.files) >= 60 else 100 * oldest / backup["keep_days"]
        keep = backup["keep_days"]
        yield Row(limits["kept"].grade(share), f"{path} 中最早的备份在 {oldest:.0f} 天前,约定保留 {keep} 天",
                  f"the oldest backup in {path} is {oldest:.0f} days old, {keep} days were agreed", object=path, value=round(oldest, 1), unit="days")
    if not rows:
        yield nothing(known)


CHECK = HostCheck(
    id="BAK-10",
    title=Text(zh="备份保留时间", en="Backups kept"),
    chapter="backup",
    command=FILES,
    parse=places,
    judge=judge,
    limits={"kept": Limit(75, None, "% of the days agreed", Text(zh="经验值:新系统会缺少一些文件",
                                                                 en="own judgement: some files of a young system are missing"), over=False)},
    remedy=Text(zh="查明谁删除了备份;调整保留策略或空间", en="Find out who removed them; mend retention or room"),
    source="find(1)",
    time_limit_s=60,
)
