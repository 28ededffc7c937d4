"""H-LOG-01b Modes of new log files (R008 安全加固)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import Known, Row
from tasks.controls.kinds import Bounds, HostControl, not_applicable, so
from tasks.controls.logging import OF_LOGS
from tasks.controls.reading import octal
from tasks.operations.file_lines import FileLines, Line
from tasks.operations.mend import Mend

OURS = "/etc/rsyslog.d/00-standfast.conf"


def judge(found: dict[str, list[str]], bounds: Bounds, known: Known) -> Iterator[Row]:
    if found["rsyslog"] != ["active"]:
        yield not_applicable("不适用:没有运行 rsyslog", "not applicable: rsyslog does not run")
        return
    said = re.findall(r"(?i)FileCreateMode\"?[ =\"]+([0-7]{3,4})", "\n".join(found["conf"])) or ["0644"]
    yield so(all(octal(mode) & ~0o640 == 0 for mode in said), "FileCreateMode", max(said, key=octal), "0640")


def mend(row: Row, found: dict[str, list[str]], known: Known) -> Mend | Text:
    """Where it is said too wide, in that line; where nobody says it, in a file of ours that comes before the rules."""
    stands = [(file, line) for file, _, line in (one.partition(" ") for one in found["mode"])]
    if len(stands) != len([line for line in found["conf"] if re.search("(?i)FileCreateMode", line)]):
        return Text(zh="无法确定 FileCreateMode 写在哪个文件，须人工处理", en="in which file FileCreateMode is set is not told: look at it by hand")
    wide = [(file, line) for file, line in stands if any(octal(mode) & ~0o640 for mode in re.findall(r"(?i)FileCreateMode\"?[ =\"]+([0-7]{3,4})", line))]
    if any(not line.lower().startswith("$filecreatemode") for _, line in wide) or len({file for file, _ in wide}) > 1:
        return Text(zh="FileCreateMode 写在单个动作内或多个文件中，须逐处修改", en="it is set within an action, or in several files: change it there")
    path = wide[0][0] if wide else OURS
    return FileLines(
        path, (Line("[$]filecreatemode", "$FileCreateMode 0640", wide[0][1] if wide else ""),), each=True, test="rsyslogd -N1 >/dev/null",
        put_in_force="systemctl restart rsyslog", put_back="systemctl restart rsyslog",
        in_force='systemctl is-active -q rsyslog || { echo "rsyslog does not run" >&2; exit 1; }\n', touches=("rsyslog.service",)).mend()


CONTROL = HostControl(
    id="H-LOG-01b",
    **OF_LOGS,
    title=Text(zh="新日志文件的权限", en="Modes of new log files"),
    severity="medium",
    judge=judge,
    mend=mend,
    remedy=Text(zh="rsyslog.conf:$FileCreateMode 0640", en="rsyslog.conf: $FileCreateMode 0640"),
    clause="1.4.3 c",
    rule="rsyslog_filecreatemode", cis="6.1.3.4",
    breaks=Text(zh="读取日志的采集程序应属于 adm 组", en="what collects logs should be in the group adm"),
)
