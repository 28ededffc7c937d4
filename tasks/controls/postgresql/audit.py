"""H-PG-06 Auditing by pgaudit (R008 安全加固)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import Known, Row
from tasks.checks.tables import pg_settings, settings
from tasks.controls.kinds import Bounds, DatabaseControl, so
from tasks.controls.postgresql import OF_POSTGRESQL


def judge(values: dict[str, str], bounds: Bounds, known: Known) -> Iterator[Row]:
    there = [name.strip() for name in values["shared_preload_libraries"].split(",")]
    yield so("pgaudit" in there, "shared_preload_libraries", values["shared_preload_libraries"] or "''", "pgaudit")


CONTROL = DatabaseControl(
    id="H-PG-06",
    **OF_POSTGRESQL,
    title=Text(zh="审计扩展 pgaudit", en="Auditing by pgaudit"),
    severity="medium",
    judge=judge,
    queries={(12, 0): pg_settings("shared_preload_libraries")},
    parse=lambda rows: settings(rows, "shared_preload_libraries"),
    remedy=Text(zh="安装 postgresql-NN-pgaudit,shared_preload_libraries 加入 pgaudit,重启,pgaudit.log = 'write, ddl, role'",
                en="install postgresql-NN-pgaudit, add pgaudit to shared_preload_libraries, restart, pgaudit.log = 'write, ddl, role'"),
    clause="1.4.3 a",
    level=3,
    risk="medium",
    breaks=Text(zh="库文件缺失时服务器无法启动;需要重启", en="with its library missing the server does not start; needs a restart"),
)
