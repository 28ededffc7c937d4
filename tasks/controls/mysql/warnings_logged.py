"""H-MY-08b Refused log-ins are logged (R008 安全加固)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import Known, Row, Unreadable, whole
from tasks.controls.kinds import Bounds, DatabaseControl, so
from tasks.controls.mysql import of, sets


def judge(values: dict[str, str], bounds: Bounds, known: Known) -> Iterator[Row]:
    name = next((one for one in ("log_warnings", "log_error_verbosity") if one in values), None)
    if name is None:
        raise Unreadable("neither log_warnings nor log_error_verbosity is told", "没有 log_warnings 与 log_error_verbosity")
    yield so(whole(values[name], name) >= 2, name, values[name], "≥ 2")


CONTROL = DatabaseControl(
    id="H-MY-08b",
    **of(judge, "version", "log_warnings", "log_error_verbosity"),
    title=Text(zh="记录被拒绝的登录", en="Refused log-ins are logged"),
    severity="low",
    mend=sets("log_warnings", "2"),
    remedy=Text(zh="log_warnings = 2(MariaDB)或 log_error_verbosity = 2(MySQL)", en="log_warnings = 2 (MariaDB), log_error_verbosity = 2 (MySQL)"),
    clause="1.4.3 a",
)
