"""H-MY-04b Files are read and written in one folder (R008 安全加固)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import Known, Row
from tasks.controls.kinds import Bounds, DatabaseControl, so
from tasks.controls.mysql import of


def judge(values: dict[str, str], bounds: Bounds, known: Known) -> Iterator[Row]:
    yield so(bool(values["secure_file_priv"]), "secure_file_priv", values["secure_file_priv"] or "''", "/var/lib/mysql-files")


CONTROL = DatabaseControl(
    id="H-MY-04b",
    **of(judge, "secure_file_priv"),
    title=Text(zh="限定可读写文件的目录", en="Files are read and written in one folder"),
    severity="medium",
    remedy=Text(zh="[mysqld] secure_file_priv = /var/lib/mysql-files,重启", en="[mysqld] secure_file_priv = /var/lib/mysql-files, and restart"),
    clause="1.4.2 e",
    level=3,
    risk="medium",
    breaks=Text(zh="读写其他目录的导入导出任务会失败;需要重启", en="jobs that load or write elsewhere fail; needs a restart"),
)
