"""PG-43 Pages that sessions have to write themselves (R139 系统资源的使用状况; tuning)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reports.records import Text
from tasks.checks.kinds import DatabaseCheck, Known, Limit, Limits, Row, ok
from tasks.checks.tables import figure, one


def parse(rows: list[dict[str, Any]]) -> tuple[float, float]:
    """Pages written by sessions, and by anybody."""
    row = one(rows)
    return figure(row, "own"), figure(row, "everybody")


def judge(found: tuple[float, float], limits: Limits, known: Known) -> Iterator[Row]:
    own, everybody = found
    if everybody < 100_000:
        yield ok("写出的页很少,不作判断", "hardly anything was written; too little to judge")
        return
    share = 100 * own / everybody
    yield Row(limits["share"].grade(share), f"会话自己写出 {share:.0f} % 的页", f"sessions write {share:.0f} % of the pages themselves", value=round(share, 1),
              unit="%")


CHECK = DatabaseCheck(
    id="PG-43",
    title=Text(zh="会话自行写出的页", en="Pages written by sessions"),
    chapter="tuning",
    kinds=("postgresql",),
    queries={
        (12, 0): "SELECT buffers_backend AS own, buffers_backend + buffers_clean + buffers_checkpoint AS everybody FROM pg_stat_bgwriter",
        # Bulk work (COPY, VACUUM) writes by itself on purpose, so only the normal context counts.
        (16, 0): """SELECT coalesce(sum(writes) FILTER (WHERE backend_type = 'client backend'), 0) AS own, coalesce(sum(writes), 0) AS everybody FROM pg_stat_io
                    WHERE object = 'relation' AND context = 'normal'""",
    },
    parse=parse,
    judge=judge,
    limits={"share": Limit(50, None, "%", "own judgement")},
    remedy=Text(zh="ALTER SYSTEM SET bgwriter_lru_maxpages = 400; ALTER SYSTEM SET bgwriter_delay = '50ms'; SELECT pg_reload_conf();,或调大 shared_buffers",
                en="ALTER SYSTEM SET bgwriter_lru_maxpages = 400; ALTER SYSTEM SET bgwriter_delay = '50ms'; SELECT pg_reload_conf(); or raise shared_buffers"),
    source="PostgreSQL manual, pg_stat_bgwriter; pg_stat_io since 16",
)
