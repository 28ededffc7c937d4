"""H-LOG-01a Logs outlast a restart (R008 安全加固)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import Known, Row
from tasks.controls.kinds import Bounds, HostControl, failed, passed
from tasks.controls.logging import OF_LOGS, journald


def judge(found: dict[str, list[str]], bounds: Bounds, known: Known) -> Iterator[Row]:
    storage = journald(found, "Storage").lower()
    lasting = storage == "persistent" or storage in ("", "auto") and found["journal"] == ["persistent"]
    if found["rsyslog"] == ["active"] or lasting:
        yield passed("日志保存在磁盘上", "logs are kept on disk")
    else:
        yield failed("没有 rsyslog,journald 也不保存到磁盘", "there is no rsyslog, and journald keeps nothing on disk")


CONTROL = HostControl(
    id="H-LOG-01a",
    **OF_LOGS,
    title=Text(zh="日志在重启后仍保留", en="Logs outlast a restart"),
    severity="medium",
    judge=judge,
    remedy=Text(zh="安装 rsyslog,或 journald.conf:Storage=persistent", en="install rsyslog, or journald.conf: Storage=persistent"),
    clause="1.4.3 a",
    rule="journald_storage", cis="6.1.2.4",
)
