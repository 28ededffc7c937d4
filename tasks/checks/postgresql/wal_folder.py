"""PG-26 How much WAL is kept (R138 数据库的空间使用状况)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reports.records import Text
from tasks.checks.kinds import DatabaseCheck, Known, Limit, Limits, Row, Unreadable
from tasks.checks.tables import figure, one, size


def parse(rows: list[dict[str, Any]]) -> tuple[float, float, float]:
    """Bytes kept, max_wal_size, what wal_keep asks for."""
    row = one(rows)
    most = figure(row, "most")
    if most <= 0:
        raise Unreadable(f"max_wal_size would be {most}", f"max_wal_size 为 {most},不合理")
    return figure(row, "bytes"), most, figure(row, "keep")


def judge(wal: tuple[float, float, float], limits: Limits, known: Known) -> Iterator[Row]:
    kept, most, keep = wal
    allowed = max(most, keep)
    share = 100 * kept / allowed
    yield Row(limits["share"].grade(share), f"WAL 目录 {size(kept)},max_wal_size 与 wal_keep 允许 {size(allowed)}",
              f"the WAL folder holds {size(kept)}; max_wal_size and "
              f"wal_keep allow {size(allowed)}", value=kept, unit="bytes")


CHECK = DatabaseCheck(
    id="PG-26",
    title=Text(zh="WAL 目录大小", en="Size of the WAL folder"),
    chapter="space",
    kinds=("postgresql",),
    queries={
        (12, 0): """SELECT (SELECT sum(size) FROM pg_ls_waldir()) AS bytes, pg_size_bytes(current_setting('max_wal_size')) AS most,
                           current_setting('wal_keep_segments')::bigint * pg_size_bytes(current_setting('wal_segment_size')) AS keep""",
        (13, 0): """SELECT (SELECT sum(size) FROM pg_ls_waldir()) AS bytes, pg_size_bytes(current_setting('max_wal_size')) AS most,
                           pg_size_bytes(current_setting('wal_keep_size')) AS keep""",
    },
    parse=parse,
    judge=judge,
    limits={"share": Limit(200, 1000, "%", Text(zh="check_pgactivity wal_files:参数允许值的两倍;严重为经验值",
                                                en="check_pgactivity wal_files: twice what the settings allow; critical is own judgement"))},
    remedy=Text(zh="WAL 被归档失败(PG-13)、复制槽(PG-16)或长检查点保留;不要手工删除 WAL",
                en="Failing archiving (PG-13) or a slot (PG-16) holds it back; never remove WAL by hand"),
    source="PostgreSQL manual, pg_ls_waldir(); wal_keep_size since 13",
    needs="pg_monitor",
)
