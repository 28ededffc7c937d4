"""PG-18 Whether the server can be brought back to a point in time (R137 备份状况)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reports.records import Text
from tasks.checks.kinds import DatabaseCheck, Known, Limits, Row, critical, ok, warning
from tasks.checks.tables import pg_settings, settings


def parse(rows: list[dict[str, Any]]) -> dict[str, str]:
    return settings(rows, "wal_level", "archive_mode", "archive_command", "standby")


def judge(values: dict[str, str], limits: Limits, known: Known) -> Iterator[Row]:
    if values["wal_level"] == "minimal":
        yield critical("wal_level = minimal,无法在线备份;执行并重启:ALTER SYSTEM SET wal_level = replica;",
                       "wal_level is minimal, so no online backup is possible; run and restart: ALTER SYSTEM SET wal_level = replica;", object="wal_level")
    else:
        yield ok(f"wal_level = {values['wal_level']}", f"wal_level is {values['wal_level']}", object="wal_level")
    command = values["archive_command"] or values.get("archive_library", "")
    receives = int(values.get("receivers", "0") or 0)
    if values["archive_mode"] == "off" and receives:
        yield ok("未启用归档,WAL 由接收进程取走", "archiving is off; a receiver takes the WAL", object="archive_mode")
    elif values["archive_mode"] == "off":
        yield (warning if known.expected.get("archiving") != "none" else ok)(
            "未启用归档,只能恢复到最近一次备份;执行并重启:ALTER SYSTEM SET archive_mode = on; ALTER SYSTEM SET archive_command = '<备份工具的命令>';",
            "archiving is off, so only the last backup can be restored; run and restart: ALTER SYSTEM SET archive_mode = on; "
            "ALTER SYSTEM SET archive_command = '<your backup tool>';", object="archive_mode")
    elif command in ("", "(disabled)") or command.strip().strip("'") in ("true", "/bin/true", ":", "exit 0", "cd ."):
        yield critical(f"archive_mode 已启用,但 archive_command 什么也不保存:{command!r}",
                       f"archive_mode is on, but archive_command keeps nothing: {command!r}", object="archive_mode")
    else:
        yield ok("已启用归档", "archiving is on", object="archive_mode")


CHECK = DatabaseCheck(
    id="PG-18",
    title=Text(zh="备份的前提", en="What backups need"),
    chapter="db backup",
    kinds=("postgresql",),
    queries={(12, 0): pg_settings("wal_level", "archive_mode", "archive_command", "archive_library").replace(" ORDER BY name", "") + """
        UNION ALL SELECT 'standby', pg_is_in_recovery()::text
        UNION ALL SELECT 'receivers', count(*)::text FROM pg_stat_replication WHERE application_name IN ('pg_receivewal', 'barman_receive_wal', 'receivewal')
    """},
    parse=parse,
    judge=judge,
    remedy=Text(zh="启用归档并用 pgbackrest 或 barman 定期备份;备份的年龄由主机检查 BAK-* 检查",
                en="Archive, and back up by pgbackrest or barman; the host's checks BAK-* look at the age of backups"),
    source="PostgreSQL manual, continuous archiving",
    needs="pg_monitor",
    clause="GB/T 22239-2019 8.1.4.9 a",
)
