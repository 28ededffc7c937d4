"""MY-08 Whether changes are logged, so that a backup can be rolled forward (R137 备份状况)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reports.records import Text
from tasks.checks.kinds import DatabaseCheck, Known, Limits, Row, advice, number, ok, warning
from tasks.checks.tables import flag, my_settings, settings, span


def parse(rows: list[dict[str, Any]]) -> dict[str, str]:
    return settings(rows, "log_bin", "sync_binlog")


def judge(values: dict[str, str], limits: Limits, known: Known) -> Iterator[Row]:
    if not flag(values, "log_bin"):
        wanted = known.expected.get("archiving") != "none"
        yield (warning if wanted else ok)("未启用二进制日志,只能恢复到最近一次备份;在配置中写 log_bin = ON 与 server_id 并重启",
                                          "the binary log is off, so only the last backup can be restored; write log_bin = ON and server_id into the "
                                          "configuration, and restart", object="log_bin")
        return
    yield ok("已启用二进制日志", "the binary log is on", object="log_bin")
    seconds = number(values.get("binlog_expire_logs_seconds") or 0) or 86400 * number(values.get("expire_logs_days") or 0)
    statement = "SET GLOBAL expire_logs_days = 7;" if known.kind == "mariadb" else "SET GLOBAL binlog_expire_logs_seconds = 604800;"
    zh, en = span(seconds)
    yield (ok if seconds else warning)(f"保留 {zh}" if seconds else f"二进制日志从不清理;执行:{statement}",
                                       f"kept for {en}" if seconds else f"binary logs are never purged; run: {statement}",
                                       object="expiry", value=seconds, unit="s")
    form = values.get("binlog_format", "ROW")
    zh, en = f"binlog_format = {form}", f"binlog_format is {form}"
    yield ok(zh, en, object="format") if form == "ROW" else advice(zh, en, "SET GLOBAL binlog_format = 'ROW';", object="format")


CHECK = DatabaseCheck(
    id="MY-08",
    title=Text(zh="二进制日志", en="Binary log"),
    chapter="db backup",
    kinds=("mysql", "mariadb"),
    **my_settings("log_bin", "sync_binlog", "binlog_expire_logs_seconds", "expire_logs_days", "binlog_format"),
    parse=parse,
    judge=judge,
    objects={"expiry": "保留期", "format": "格式"},
    remedy=Text(zh="启用二进制日志并定期备份;备份的年龄由主机检查 BAK-* 检查",
                en="Turn it on and back it up; the host's checks BAK-* look at the age of backups"),
    source="MySQL manual, point-in-time recovery; MySQLTuner: binlog_format",
    clause="GB/T 22239-2019 8.1.4.9 a",
)
