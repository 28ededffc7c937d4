"""H-FS-06 Modes of log files (R008 安全加固)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import Known, Row
from tasks.checks.lines import words
from tasks.controls.kinds import Bounds, HostControl, failed, passed
from tasks.controls.logging import OF_LOGS
from tasks.operations.attributes import TooWide, mendable, narrow
from tasks.operations.mend import Mend


def judge(found: dict[str, list[str]], bounds: Bounds, known: Known) -> Iterator[Row]:
    for line in found["wide"]:
        mode, path = words(line, 2)
        yield failed(f"{path} 为 {mode}", f"{path} is {mode}", object=path)
    if not found["wide"]:
        yield passed(f"{found['looked'][0]} 个日志文件的权限符合要求", f"the modes of {found['looked'][0]} log files are as they should be")


def mend(row: Row, found: dict[str, list[str]], known: Known) -> Mend | Text:
    if not mendable(row.object):
        return Text(zh="路径含特殊字符，须人工处理", en="its path has signs that only a person should deal with")
    bits = 0o002 if row.object.rpartition("/")[2] in ("wtmp", "btmp", "lastlog") else 0o027
    return narrow([TooWide(row.object, bits)], Text(zh=f"收紧日志 {row.object} 的权限", en=f"Narrow the log {row.object}"))


CONTROL = HostControl(
    id="H-FS-06",
    **OF_LOGS,
    title=Text(zh="日志文件的权限", en="Modes of log files"),
    severity="medium",
    judge=judge,
    mend=mend,
    remedy=Text(zh="chmod o-rwx,g-w <文件>;logrotate 中 create 0640", en="chmod o-rwx,g-w on the file; create 0640 in logrotate"),
    clause="1.4.3 c",
    rule="permissions_local_var_log", cis="6.1.4.1",
    breaks=Text(zh="读取日志的采集程序应属于 adm 组", en="what collects logs should be in the group adm"),
)
