"""H-LOG-01a Logs outlast a restart (R008 安全加固)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import Known, Row
from tasks.controls.kinds import Bounds, HostControl, failed, passed
from tasks.controls.logging import OF_LOGS, journald
from tasks.operations.file_lines import FileLines, setting
from tasks.operations.mend import Mend

# Room: journald's own limits hold, a tenth of the file system and no more than 4 GiB.
RESTART = """systemctl restart systemd-journald
journalctl --flush"""
# The folder alone would keep the journal on disk; what was written into it stays with the change.
BACK = """systemctl restart systemd-journald
if [ "$(cat "$SAVED/folder")" = none ] && [ -d /var/log/journal ]; then
  journalctl --relinquish-var 2>/dev/null || :
  rm -rf "$SAVED/journal"
  mv /var/log/journal "$SAVED/journal"
  systemctl restart systemd-journald
fi"""


def judge(found: dict[str, list[str]], bounds: Bounds, known: Known) -> Iterator[Row]:
    storage = journald(found, "Storage").lower()
    lasting = storage == "persistent" or storage in ("", "auto") and found["journal"] == ["persistent"]
    if found["rsyslog"] == ["active"] or lasting:
        yield passed("日志保存在磁盘上", "logs are kept on disk")
    else:
        yield failed("没有 rsyslog,journald 也不保存到磁盘", "there is no rsyslog, and journald keeps nothing on disk")


def mend(row: Row, found: dict[str, list[str]], known: Known) -> Mend | Text:
    storage = journald(found, "Storage")
    if storage.lower() not in ("", "auto"):
        return Text(zh=f"已有配置写明 Storage={storage}，须先查明原因", en=f"a file says Storage={storage}; find out why first")
    return FileLines(
        "/etc/systemd/journald.conf.d/zz-standfast.conf", (setting("Storage", "Storage=persistent"),), head=("# by Standfast", "[Journal]"),
        save="if [ -d /var/log/journal ]; then echo there; else echo none; fi >\"$SAVED/folder\"", put_in_force=RESTART, put_back=BACK,
        in_force='[ -d /var/log/journal ] || { echo "the journal is not on disk" >&2; exit 1; }\n',
        is_back='if [ "$(cat "$SAVED/folder")" = none ] && [ -d /var/log/journal ]; then echo "/var/log/journal is still there" >&2; exit 1; fi\n',
        touches=("/var/log/journal", "systemd-journald.service")).mend()


CONTROL = HostControl(
    id="H-LOG-01a",
    **OF_LOGS,
    title=Text(zh="日志在重启后仍保留", en="Logs outlast a restart"),
    severity="medium",
    judge=judge,
    mend=mend,
    remedy=Text(zh="安装 rsyslog,或 journald.conf:Storage=persistent", en="install rsyslog, or journald.conf: Storage=persistent"),
    clause="1.4.3 a",
    rule="journald_storage", cis="6.1.2.4",
)
