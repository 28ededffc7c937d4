"""H-LOG-02 Rotation keeps logs for six months (R008 安全加固)."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil

from reports.records import Text
from tasks.checks.kinds import Known, Row, whole
from tasks.controls.kinds import Bounds, HostControl, at_least, not_applicable, so
from tasks.controls.logging import OF_LOGS
from tasks.operations.file_lines import FileLines, setting
from tasks.operations.mend import Mend

DAYS = {"daily": 1, "weekly": 7, "monthly": 30, "yearly": 365}
SYSTEM = ("/etc/logrotate.d/rsyslog", "/etc/logrotate.d/syslog", "/etc/logrotate.d/sudo", "/etc/logrotate.d/audit")


def judge(found: dict[str, list[str]], bounds: Bounds, known: Known) -> Iterator[Row]:
    """A file of its own overrides what logrotate.conf says; the shortest of a file counts."""
    said: dict[str, list[tuple[str, int]]] = {}
    for line in found["rotate"]:
        file, word, *figure = line.split()
        said.setdefault(file, []).append((word, whole(figure[0], word) if figure else 0))
    if not set(said) & {*SYSTEM, "/etc/logrotate.conf"}:
        yield not_applicable("不适用:没有以 logrotate 轮转的系统日志", "not applicable: logrotate rotates no log of the system")
        return
    common = said.get("/etc/logrotate.conf", [])
    for file in (*SYSTEM, "/etc/logrotate.conf"):
        own = said.get(file)
        if own is None:
            continue
        every = next((DAYS[word] for word, _ in [*own, *common] if word in DAYS), 7)
        times = min([figure for word, figure in own if word == "rotate"] or [figure for word, figure in common if word == "rotate"] or [0])
        yield so(bounds["days"].fits(every * times), file, f"{every * times} d", bounds["days"].wanted + " d", object=file, value=every * times, unit="days")


def mend(row: Row, found: dict[str, list[str]], known: Known) -> Mend | Text:
    """More of what is kept already, where the file itself says how many; how often it rotates stays."""
    own = [line.split()[1:] for line in found["rotate"] if line.split()[0] == row.object]
    common = [line.split()[1:] for line in found["rotate"] if line.split()[0] == "/etc/logrotate.conf"]
    every = {DAYS[words[0]] for words in own if words[0] in DAYS} or {DAYS[words[0]] for words in common if words[0] in DAYS} or {7}
    times = [words[1] for words in own if words[0] == "rotate"]
    if len(every) != 1 or not times:
        return Text(zh="轮转周期不一或未写明份数，须人工修改", en="it rotates at several paces, or says no number; change it by hand")
    wanted = ceil(known.limits["days"].figure / every.pop())
    return FileLines(row.object, (setting("rotate", f"\trotate {wanted}", f"\trotate {', '.join(times)}"),), each=True,
                     test='logrotate -d "$file" >/dev/null 2>&1').mend()


CONTROL = HostControl(
    id="H-LOG-02",
    **OF_LOGS,
    title=Text(zh="日志轮转保存六个月", en="Rotation keeps logs for six months"),
    severity="medium",
    judge=judge,
    mend=mend,
    bounds={"days": at_least(180, "days", Text(zh="网络安全法 第二十一条:不少于六个月", en="Cybersecurity Law of China, article 21: no less than six months"))},
    remedy=Text(zh="logrotate:weekly、rotate 27;先确认磁盘空间", en="logrotate: weekly, rotate 27; look at the room first"),
    clause="1.4.3 c",
    rule="ensure_logrotate_activated",
    breaks=Text(zh="/var/log 占用空间增加", en="/var/log takes more room"),
)
