"""PG-45 Whether autovacuum has workers left (R139 系统资源的使用状况; tuning)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reports.records import Outcome, Text
from tasks.checks.kinds import TUNING, DatabaseCheck, Known, Limit, Limits, Row, Unreadable
from tasks.checks.tables import SEES_STATISTICS, count, maybe, one, span


def parse(rows: list[dict[str, Any]]) -> tuple[int, int, float]:
    """Workers busy, workers there are, seconds the longest has been at it."""
    row = one(rows)
    most = count(row, "most")
    if most <= 0:
        raise Unreadable(f"autovacuum_max_workers would be {most}", f"autovacuum_max_workers 为 {most},不合理")
    return count(row, "busy"), most, maybe(row, "longest") or 0


def judge(found: tuple[int, int, float], limits: Limits, known: Known) -> Iterator[Row]:
    busy, most, longest = found
    zh, en = span(longest)
    outcome = limits["longest"].grade(longest) if busy >= most else Outcome.OK
    bad = ";执行:ALTER SYSTEM SET autovacuum_vacuum_cost_limit = 2000; SELECT pg_reload_conf();" if outcome is not Outcome.OK else ""
    yield Row(outcome, f"{most} 个 autovacuum 进程中 {busy} 个忙" + (f",最长 {zh}" if busy else "") + bad,
              f"{busy} of {most} autovacuum workers are busy" + (f", the longest for {en}" if busy else "") + bad.replace(";执行:", "; run: "), value=busy,
              unit="workers")


CHECK = DatabaseCheck(
    id="PG-45",
    title=Text(zh="autovacuum 能力", en="Autovacuum's capacity"),
    chapter="tuning",
    kinds=("postgresql",),
    queries={(12, 0): f"""
        SELECT count(*) FILTER (WHERE backend_type = 'autovacuum worker') AS busy, current_setting('autovacuum_max_workers') AS most,
               extract(epoch FROM max(clock_timestamp() - xact_start) FILTER (WHERE backend_type = 'autovacuum worker')) AS longest,
                   {SEES_STATISTICS} AS allowed
        FROM pg_stat_activity
    """},
    parse=parse,
    judge=judge,
    limits={"longest": Limit(3600, 86400, "s", Text(zh="经验值:全部工作进程都忙,其中一个已达一小时",
                                                    en="own judgement: all workers busy, one of them for an hour"))},
    remedy=Text(zh="放宽 autovacuum_vacuum_cost_limit,为大表单独调低 scale factor:ALTER TABLE <表> SET (autovacuum_vacuum_scale_factor = 0.02);",
                en="Raise autovacuum_vacuum_cost_limit; for large tables: ALTER TABLE <table> SET (autovacuum_vacuum_scale_factor = 0.02);"),
    remedy_operation=TUNING,
    source="PostgreSQL manual, automatic vacuuming",
    needs="pg_monitor",
)
