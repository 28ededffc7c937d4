"""PG-07 How much the server log holds and whether it is still written (R136 日志文件)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reports.records import Text
from tasks.checks.kinds import DatabaseCheck, Known, Limit, Limits, Row, not_applicable, warning
from tasks.checks.tables import count, flag, maybe, one, size, span, word


def parse(rows: list[dict[str, Any]]) -> tuple[bool, str, float, int, float | None]:
    row = one(rows)
    collected = flag(row, "collected")
    return collected, word(row, "destination"), (maybe(row, "bytes") or 0), count(row, "files") if collected else 0, maybe(row, "newest")


def judge(log: tuple[bool, str, float, int, float | None], limits: Limits, known: Known) -> Iterator[Row]:
    collected, destination, size_now, files, newest = log
    if not collected:
        yield not_applicable(f"不由服务器自己收集日志(log_destination={destination}),由主机检查负责",
                             f"the server does not collect its log itself (log_destination={destination}); "
                             "the host's checks read it")
    elif not files or newest is None:
        yield warning("已启用日志收集,但日志目录是空的", "the log is collected, and its folder is empty")
    else:
        zh, en = span(max(0, known.now.timestamp() - newest))
        yield Row(limits["bytes"].grade(size_now), f"日志 {files} 个文件,共 {size(size_now)},最后写入于 {zh}前",
                  f"{files} log files with {size(size_now)}, last written {en} ago",
                  value=size_now, unit="bytes")


CHECK = DatabaseCheck(
    id="PG-07",
    title=Text(zh="服务器日志文件", en="Server log files"),
    chapter="db log",
    kinds=("postgresql",),
    # CASE keeps the function from being called where there is no folder.
    queries={(12, 0): """
        SELECT current_setting('logging_collector') AS collected, current_setting('log_destination') AS destination,
               CASE WHEN current_setting('logging_collector') = 'on' THEN (SELECT sum(size) FROM pg_ls_logdir()) END AS bytes,
               CASE WHEN current_setting('logging_collector') = 'on' THEN (SELECT count(*) FROM pg_ls_logdir()) END AS files,
               CASE WHEN current_setting('logging_collector') = 'on' THEN (SELECT extract(epoch FROM max(modification)) FROM pg_ls_logdir()) END AS newest
    """},
    parse=parse,
    judge=judge,
    limits={"bytes": Limit(10 << 30, None, "bytes", "own judgement")},
    remedy=Text(zh="设置轮转并清理:ALTER SYSTEM SET log_filename = 'postgresql-%a.log'; ALTER SYSTEM SET log_truncate_on_rotation = on;",
                en="Rotate and clear up: ALTER SYSTEM SET log_filename = 'postgresql-%a.log'; ALTER SYSTEM SET log_truncate_on_rotation = on;"),
    source="PostgreSQL manual, pg_ls_logdir()",
    needs="pg_monitor",
)
