"""Which steps bring back what a backup holds: the same on the sandbox, where every backup is proved, and on the host, in an emergency. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, tzinfo

from reports.records import BackedUpServer, Backup, Medium, Plan, Risk, Step, Text
from tasks.operations import data_folder, put_back
from tasks.operations.data_folder import Until

SUMS = "files.sums"
FILES = "files.tar.gz"


def local(moment: datetime, zone: tzinfo, *, seconds: bool = False) -> str:
    """2026-11-23 13:15 (UTC+8), in this zone."""
    there = moment.astimezone(zone)
    hours = (there.utcoffset() or timedelta()).total_seconds() / 3600
    return f"{there:{'%Y-%m-%d %H:%M:%S' if seconds else '%Y-%m-%d %H:%M'}} (UTC{hours:+g})"


def logs_after(server: BackedUpServer, chain: Sequence[Backup]) -> list[tuple[Backup, str]]:
    """The files with the server's log that the backups hold, from its own backup on, oldest first; ends where the log has a gap.

    chain: the server's own backup first, then the later ones in their order.
    """
    found: list[tuple[Backup, str]] = []
    last = ""
    for backup in chain:
        of = next((one for one in backup.servers if (one.engine, one.name) == (server.engine, server.name)), None)
        file = next((file for file in backup.files if file.kind == "log" and file.of == server.name), None)
        if of is None or file is None or found and of.first_log > last:
            break
        found.append((backup, file.name))
        last = max(last, of.last_log)
    return found


def held_until(server: BackedUpServer, chain: Sequence[Backup]) -> datetime | None:
    """The last moment to which the backups' own log leads from this one on without a gap; None where it brought no log."""
    held = [backup for backup, _ in logs_after(server, chain)]
    return max((one.point_at for backup in held for one in backup.servers if one.name == server.name and one.point_at), default=server.point_at)


def unpack_steps(number: int, target: str, backup: Backup) -> list[Step]:
    if not backup.of_kind("files"):
        return []
    return [put_back.unpack_step(number, target, FILES, SUMS)]


def data_steps(number: int, target: str, change: str, backup: Backup, server: BackedUpServer, until: Until, logs: Sequence[str], *,
               from_host: bool) -> tuple[Step, Step]:
    """Build beside, and switch; numbered from `number` on."""
    if server.engine == "postgresql":
        base = backup.of_kind("base", server.name)[0]
        build = data_folder.build_step(number, target, change, server, base=base.name, logs=logs, until=until, from_host=from_host,
                                       kib=round(base.unpacked_kib * 1.1) + (512 << 10))
    else:
        dump = backup.of_kind("dump", server.name)[0]
        build = data_folder.build_step(number, target, change, server, base=dump.name, accounts=backup.of_kind("accounts", server.name)[0].name,
                                       kib=dump.unpacked_kib * 2 + (256 << 10))
    return build, data_folder.switch_step(number + 1, target, change, server)


def plan_proof(backup: Backup, media: Mapping[str, Medium]) -> Plan:
    """Everything of the backup restored, to be carried out on a copy of its host that holds none of it."""
    target = backup.target
    steps = [put_back.check_media_step(1, target, {name: medium.sha256 for name, medium in media.items()}), *unpack_steps(2, target, backup)]
    for server in backup.servers:
        if not backup.of_kind("base", server.name) and not backup.of_kind("dump", server.name):
            continue
        logs = [file.name for file in backup.of_kind("log", server.name)]
        until = Until("point", server.point) if server.point else Until("backup")
        steps += data_steps(len(steps) + 1, target, backup.number, backup, server, until, logs, from_host=False)
    nothing = Text(zh="无", en="none")
    return Plan(change=backup.number, procedure="backup", kind="proof", title=Text(zh="验证备份可恢复", en="Prove that the backup can be restored"),
                customer="", requester="backup", reason="proof", targets=(target,), batches=((target,),), facts={}, versions=(), improvements=(),
                media=tuple(media.values()), steps=tuple(steps), impact=nothing, risk=Risk(level="low", reasons=()), back_out=nothing)
