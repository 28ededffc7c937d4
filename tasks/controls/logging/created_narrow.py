"""H-LOG-01b Modes of new log files (R008 安全加固)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import Known, Row
from tasks.controls.kinds import Bounds, HostControl, not_applicable, so
from tasks.controls.logging import OF_LOGS
from tasks.controls.reading import octal


def judge(found: dict[str, list[str]], bounds: Bounds, known: Known) -> Iterator[Row]:
    if found["rsyslog"] != ["active"]:
        yield not_applicable("不适用:没有运行 rsyslog", "not applicable: rsyslog does not run")
        return
    said = re.findall(r"(?i)FileCreateMode\"?[ =\"]+([0-7]{3,4})", "\n".join(found["conf"])) or ["0644"]
    yield so(all(octal(mode) & ~0o640 == 0 for mode in said), "FileCreateMode", max(said, key=octal), "0640")


CONTROL = HostControl(
    id="H-LOG-01b",
    **OF_LOGS,
    title=Text(zh="新日志文件的权限", en="Modes of new log files"),
    severity="medium",
    judge=judge,
    remedy=Text(zh="rsyslog.conf:$FileCreateMode 0640", en="rsyslog.conf: $FileCreateMode 0640"),
    clause="1.4.3 c",
    rule="rsyslog_filecreatemode", cis="6.1.3.4",
    breaks=Text(zh="读取日志的采集程序应属于 adm 组", en="what collects logs should be in the group adm"),
)
