"""H-MY-08a The error log goes to a file (R008 安全加固)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import Known, Row
from tasks.controls.kinds import Bounds, DatabaseControl, so
from tasks.controls.mysql import of


def judge(values: dict[str, str], bounds: Bounds, known: Known) -> Iterator[Row]:
    """Without a file it goes to systemd's journal, on MariaDB of Debian; that is a log, too, but not one that is kept apart."""
    yield so(values["log_error"] not in ("", "stderr"), "log_error", values["log_error"] or "''", "/var/log/mysql/error.log")


CONTROL = DatabaseControl(
    id="H-MY-08a",
    **of(judge, "log_error"),
    title=Text(zh="错误日志写入文件", en="The error log goes to a file"),
    severity="low",
    remedy=Text(zh="[mysqld] log_error = /var/log/mysql/error.log,重启", en="[mysqld] log_error = /var/log/mysql/error.log, and restart"),
    clause="1.4.3 a",
)
