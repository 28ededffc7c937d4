"""MY-45 Whether the redo log is large enough (R139 系统资源的使用状况; tuning)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reports.records import Text
from tasks.checks.kinds import DatabaseCheck, Known, Limit, Limits, Row, number, ok, warning
from tasks.checks.tables import my_settings, settings, size


def parse(rows: list[dict[str, Any]]) -> tuple[float, float, float]:
    """Bytes of redo, waits for its buffer, size of the buffer pool."""
    values = settings(rows, "innodb_log_waits", "innodb_buffer_pool_size")
    if values.get("innodb_redo_log_capacity"):
        redo = number(values["innodb_redo_log_capacity"])
    else:
        redo = number(values.get("innodb_log_file_size"), "innodb_log_file_size") * number(values.get("innodb_log_files_in_group") or 1)
    return redo, number(values["innodb_log_waits"]), number(values["innodb_buffer_pool_size"])


def judge(found: tuple[float, float, float], limits: Limits, known: Known) -> Iterator[Row]:
    redo, waits, pool = found
    share = 100 * redo / pool if pool > 0 else 0
    small = share <= limits["share"].warning and redo < 4 << 30
    better = f"{pool / 4:.0f}"
    statement = f"SET GLOBAL innodb_redo_log_capacity = {better};" if known.kind == "mysql" and known.version >= (8, 0) else f"innodb_log_file_size = {better}"
    yield (warning if small else ok)(f"重做日志 {size(redo)},为缓冲池的 {share:.0f} %" + (f";建议:{statement}" if small else ""),
                                     f"the redo log is {size(redo)}, {share:.0f} % of the buffer pool" + (f"; better: {statement}" if small else ""),
                                     object="size", value=redo, unit="bytes")
    yield (warning if waits else ok)(f"等待日志缓冲 {waits:.0f} 次" + (";在配置中调大 innodb_log_buffer_size" if waits else ""),
                                     f"it waited {waits:.0f} times for the log buffer" + ("; raise innodb_log_buffer_size" if waits else ""), object="waits",
                                     value=waits)


CHECK = DatabaseCheck(
    id="MY-45",
    title=Text(zh="重做日志", en="Redo log"),
    chapter="tuning",
    kinds=("mysql", "mariadb"),
    **my_settings("innodb_log_waits", "innodb_buffer_pool_size", "innodb_redo_log_capacity", "innodb_log_file_size", "innodb_log_files_in_group"),
    parse=parse,
    judge=judge,
    limits={"share": Limit(10, None, "%", Text(zh="MySQLTuner:约为缓冲池的四分之一", en="MySQLTuner: about a quarter of the pool"), over=False)},
    objects={"size": "大小", "waits": "等待"},
    remedy=Text(zh="重做日志取缓冲池的四分之一", en="A redo log of a quarter of the buffer pool"),
    source="MySQL manual, innodb_redo_log_capacity since 8.0.30; MySQLTuner",
)
