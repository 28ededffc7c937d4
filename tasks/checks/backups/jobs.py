"""BAK-04 The jobs that make backups ended well (R133 系统备份检查). Inventory: `backups`: unit; without it units whose name speaks of backups."""

from __future__ import annotations

import re
from collections.abc import Iterator

from reports.records import Text
from tasks.checks.configuration import UNITS, units
from tasks.checks.kinds import HostCheck, Known, Limits, Row, critical, not_applicable, ok, warning

NAME = re.compile(r"backup|pgbackrest|barman|restic|borg|bacula|xtrabackup|mysqldump|pg_dump|rsnapshot", re.I)


def judge(found: dict[str, dict[str, str]], limits: Limits, known: Known) -> Iterator[Row]:
    said = [backup["unit"] if "." in backup["unit"] else backup["unit"] + ".service" for backup in known.expected.get("backups") or [] if backup.get("unit")]
    names = said or [name for name in found if NAME.search(name) and name.endswith((".service", ".timer")) and name != "dpkg-db-backup.service"]
    for name in names:
        told = found.get(name)
        if told is None:
            yield critical(f"{name} 不存在或没有加载", f"{name} does not exist, or is not loaded", object=name)
        elif told.get("ActiveState") == "failed" or told.get("Result", "success") != "success":
            yield critical(f"{name} 失败({told.get('Result')})", f"{name} failed: {told.get('Result')}", object=name)
        elif name.endswith(".timer") and told.get("ActiveState") != "active":
            yield warning(f"{name} 没有启动", f"{name} is not started", object=name)
        else:
            yield ok(f"{name} 正常", f"{name} is well", object=name)
    if not names:
        yield not_applicable("没有由 systemd 管理的备份任务", "systemd runs no backup job here")


CHECK = HostCheck(
    id="BAK-04",
    title=Text(zh="备份任务结果", en="Result of backup jobs"),
    chapter="backup",
    command=UNITS,
    parse=units,
    judge=judge,
    remedy=Text(zh="journalctl -u <单元>", en="journalctl -u <unit>"),
    source="org.freedesktop.systemd1(5), Result",
)
