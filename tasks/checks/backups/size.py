"""BAK-02 The newest backup is not suddenly small or empty (R133 系统备份检查). Inventory: `backups`: path."""

from __future__ import annotations

import statistics
from collections.abc import Iterator

from reports.records import Outcome, Text
from tasks.checks.backups import FILES, Place, each, nothing, places
from tasks.checks.kinds import HostCheck, Known, Limit, Limits, Row


def judge(found: dict[tuple[str, str], Place], limits: Limits, known: Known) -> Iterator[Row]:
    rows = False
    for path, _, place in each(found, known):
        rows = True
        newest = place.files[0]
        # Of the same kind: full backups and logs of one folder have other endings. The newest five before it.
        ending = newest.path.rpartition("/")[2].rpartition(".")[2]
        others = [file.size for file in place.files[1:] if file.path.endswith(ending)][:5]
        share = 100 * newest.size / statistics.median(others) if others and statistics.median(others) else 100
        outcome = Outcome.CRITICAL if newest.size == 0 else max(limits["least"].grade(share), limits["most"].grade(share), key=lambda outcome: outcome.weight)
        yield Row(outcome, f"{path} 最新备份 {newest.size} 字节,为之前中位数的 {share:.0f} %",
                  f"the newest backup in {path} has {newest.size} bytes, {share:.0f} % of the median before", object=path, value=newest.size, unit="bytes",
                  evidence=newest.path)
    if not rows:
        yield nothing(known)


CHECK = HostCheck(
    id="BAK-02",
    title=Text(zh="备份大小", en="Size of the newest backup"),
    chapter="backup",
    command=FILES,
    parse=places,
    judge=judge,
    limits={"least": Limit(None, 50, "% of the median", "own judgement", over=False), "most": Limit(200, None, "% of the median", "own judgement")},
    remedy=Text(zh="核对备份内容是否完整;做一次恢复演练", en="See whether it is whole; rehearse a restore"),
    source="find(1)",
    time_limit_s=60,
)
