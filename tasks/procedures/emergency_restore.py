"""Emergency restore: its form, and what its planning reads beside the survey. The planning itself is pure, in tasks/planning/emergency.py."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from blocks.host_access import HostAccess
from reports.records import Backup, Closure, Plan, Survey
from tasks import backing_up, backup_store, desk, emergency, lifecycle
from tasks.errors import BlockersFound
from tasks.planning.emergency import Known, most_minutes_lost, plan_restore
from tasks.requests import RestoreRequest as Request


def complete(request: Request) -> Request:
    """The backup that it is restored from: the one asked for, or the newest proven one before the moment asked for.

    Raises:
        BlockersFound: there is no proven backup of this host.
    """
    if request.number:
        return request
    name, = request.hosts
    for backup in _proven(name):
        if (not request.backup or backup.number == request.backup) and (request.to is None or backup.finished_at <= request.to or request.backup):
            return request.model_copy(update={"backup": backup.number})
    before = f" from before {request.to:%Y-%m-%d %H:%M %Z}" if request.to else ""
    which = f"backup {request.backup} of {name}" if request.backup else f"backup of {name}{before}"
    raise BlockersFound(f"there is no proven {which} whose files are all there; see the backups with: standfast backups {name}",
                        f"{name} 没有文件齐全且经恢复验证的{'备份 ' + request.backup if request.backup else '备份'}；可用 standfast backups {name} 查看")


def _proven(name: str) -> Iterator[Backup]:
    return (backup for backup, proof in backup_store.kept(name) if proof is not None and proof.passed)


def looked_at(host: HostAccess) -> HostAccess:
    """Every database is looked at: one that is named and has been dropped would keep the survey from being read."""
    return host.model_copy(update={"databases": []})


def was_before(number: str) -> dict[str, Survey]:
    """The state before the failure, by host: what the backup's survey says."""
    request = Request.model_validate(desk.change(number).request)
    facts = backing_up.facts_of(request.backup, request.hosts[0])
    return {facts.target: facts} if facts else {}


def ends(number: str, closure: Closure) -> None:
    """Whether the promised times were kept is on record; and whatever touched the host is reviewed afterwards, whether anybody thinks of it or not."""
    if lifecycle.begun(number) or closure is Closure.FAILED:
        if not desk.archive().journal(number, event="promises kept"):
            said = emergency.kept_promises(number, desk.now())
            desk.archive().note(number, "promises kept", **said.fields("said"))
        emergency.open_review(number)


def plan(number: str, request: Request, surveys: dict[str, Survey], say: Callable[[str], None]) -> Plan:
    """The plan of the restore (R158). Reads how much log the host still has; nothing is changed there."""
    emergency.note_promises(number)
    name, = request.hosts
    known = _known(request, say)
    desk.archive().note(number, "loss foreseen", minutes=most_minutes_lost(request, surveys[name], known, desk.now()))
    return plan_restore(number, request, surveys[name], known, desk.now())


def _known(request: Request, say: Callable[[str], None]) -> Known:
    name, = request.hosts
    host = desk.host(name)
    there = list(backup_store.kept(name))
    backup, proof = next((one for one in there if one[0].number == request.backup), (None, None))
    if backup is None or proof is None or not proof.passed:
        raise BlockersFound(f"backup {request.backup} of {name} is not there any more, or was never proved; choose another",
                            f"{name} 的备份 {request.backup} 已不存在或未经验证；请另选备份")
    chain = [one for one, _ in reversed(there) if one.taken_at >= backup.taken_at]
    logs = {}
    for server in backup.servers:
        if server.point:
            logs[server.name] = emergency.log_on_host(host, server, request.to)
            say(f"{name}: {len(logs[server.name].segments)} segments of the log of {server.name} are still there")
    return Known(backup=backup, proof=proof, facts=backing_up.facts_of(backup.number, name), chain=tuple(chain), logs=logs,
                 media={(one.number, file.name): backup_store.medium_of(one, file) for one in chain for file in one.files},
                 watched=tuple(host.watched), releases=tuple(host.releases), acceptance=host.acceptances(), zone=desk.customer(host.customer).time_zone())


def minutes_lost(number: str, round_: int) -> float:
    """What the newest plan foresaw."""
    noted = desk.archive().journal(number, event="loss foreseen")
    return float(noted[-1].detail["minutes"]) if noted else 0.0


__all__ = ["Request", "complete", "ends", "looked_at", "minutes_lost", "plan", "was_before"]
