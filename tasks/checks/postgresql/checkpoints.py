"""PG-42 Checkpoints that are forced by too much WAL (R139 系统资源的使用状况; tuning)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reports.records import Outcome, Text
from tasks.checks.kinds import DatabaseCheck, Known, Limit, Limits, Row, ok
from tasks.checks.tables import count, one, since, word


def parse(rows: list[dict[str, Any]]) -> tuple[int, int, str]:
    """By time, by request, max_wal_size."""
    row = one(rows)
    return count(row, "timed"), count(row, "requested"), word(row, "most")


def judge(found: tuple[int, int, str], limits: Limits, known: Known) -> Iterator[Row]:
    timed, requested, most = found
    new_timed, new_requested = since("timed", timed, known), since("requested", requested, known)
    a, b = (timed, requested) if new_timed is None or new_requested is None else (new_timed, new_requested)
    yield ok(f"按时 {timed} 次", f"{timed} by time", object="timed", value=timed)
    if a + b < 20:
        yield ok(f"请求 {requested} 次,次数太少,不作判断", f"{requested} by request; too few to judge", object="requested", value=requested)
        return
    share = 100 * b / (a + b)
    outcome = limits["requested"].grade(share)
    bad = outcome is not Outcome.OK
    yield Row(outcome,
              f"{share:.0f} % 的检查点是被迫的(max_wal_size = {most})"
              + (";执行:ALTER SYSTEM SET max_wal_size = '<两倍>'; SELECT pg_reload_conf();" if bad else ""),
              f"{share:.0f} % of the checkpoints are forced (max_wal_size is {most})"
              + ("; run: ALTER SYSTEM SET max_wal_size = '<twice that>'; SELECT pg_reload_conf();" if bad else ""),
              object="requested", value=requested)


CHECK = DatabaseCheck(
    id="PG-42",
    title=Text(zh="检查点", en="Checkpoints"),
    chapter="tuning",
    kinds=("postgresql",),
    queries={
        (12, 0): "SELECT checkpoints_timed AS timed, checkpoints_req AS requested, current_setting('max_wal_size') AS most FROM pg_stat_bgwriter",
        (17, 0): "SELECT num_timed AS timed, num_requested AS requested, current_setting('max_wal_size') AS most FROM pg_stat_checkpointer",
    },
    parse=parse,
    judge=judge,
    limits={"requested": Limit(30, None, "%", Text(zh="经验值;pgwatch 以及手册关于检查点过于频繁的说明",
                                                   en="own judgement; pgwatch and the manual's hint about checkpoints too frequent"))},
    objects={"timed": "定时", "requested": "被迫"},
    remedy=Text(zh="调大 max_wal_size;checkpoint_timeout 取 15 到 30 分钟", en="Raise max_wal_size; checkpoint_timeout of 15 to 30 minutes"),
    source="PostgreSQL manual, pg_stat_bgwriter; pg_stat_checkpointer since 17",
)
