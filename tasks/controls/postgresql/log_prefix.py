"""H-PG-05d Lines of the log tell time, process, user, database and where from (R008 安全加固)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import Known, Row
from tasks.checks.tables import pg_settings, settings
from tasks.controls.kinds import Bounds, DatabaseControl, so
from tasks.controls.postgresql import OF_POSTGRESQL, sets

# Each of these tells one thing; of several one is enough.
TELLS = (("%m", "%n", "%t"), ("%p", "%c"), ("%u",), ("%d",), ("%h", "%r"))


def judge(values: dict[str, str], bounds: Bounds, known: Known) -> Iterator[Row]:
    prefix = values["log_line_prefix"]
    missing = [words[0] for words in TELLS if not any(word in prefix for word in words)]
    yield so(not missing, "log_line_prefix", repr(prefix), "+ " + " ".join(missing))


CONTROL = DatabaseControl(
    id="H-PG-05d",
    **OF_POSTGRESQL,
    title=Text(zh="日志行含时间、进程、用户、库与来源", en="Lines of the log tell time, process, user, database and where from"),
    severity="low",
    judge=judge,
    queries={(12, 0): pg_settings("log_line_prefix")},
    parse=lambda rows: settings(rows, "log_line_prefix"),
    mend=sets("log_line_prefix", "%m [%p] %q%u@%d %h %a "),
    remedy=Text(zh="ALTER SYSTEM SET log_line_prefix = '%m [%p] %q%u@%d %h %a '; SELECT pg_reload_conf();",
                en="ALTER SYSTEM SET log_line_prefix = '%m [%p] %q%u@%d %h %a '; SELECT pg_reload_conf();"),
    clause="1.4.3 b",
    breaks=Text(zh="按旧格式解析日志的程序须相应修改", en="what reads the log by its old form must learn the new one"),
)
