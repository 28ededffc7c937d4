"""An emergency restore as a plan: what is damaged, what brings it back, what is lost by it. Pure.

Order (R158): the backup is checked and everything is built beside the system first; then watched configuration, packages, configuration once more
(packages' scripts write there, and start services on what they find), data, services. Each step saves what it replaces.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo

from reports.records import (
    Acceptance,
    BackedUpServer,
    Backup,
    BackupProof,
    Medium,
    Plan,
    Risk,
    Step,
    Survey,
    Text,
    VersionChange,
)
from tasks.operations import bring_up, package_versions, put_back
from tasks.operations.data_folder import Until, called
from tasks.planning.restore import data_steps, held_until, local, logs_after, unpack_steps
from tasks.planning.roll_out import held_up
from tasks.requests import RestoreRequest

ROWS_SHOWN = 12


@dataclass(frozen=True)
class LogOnHost:
    """What log a PostgreSQL server still has itself. segments: their names in order; commits: after the backup's end; lost: of these after the moment
    asked for; last_at: of the newest commit; -1 and None where the log cannot be read."""

    segments: tuple[str, ...] = ()
    commits: int = -1
    lost: int = -1
    last_at: datetime | None = None


@dataclass(frozen=True)
class Known:
    """What the planning knows beside the survey. chain: the backup and the later ones, oldest first; logs: by server's name."""

    backup: Backup
    proof: BackupProof
    facts: Survey
    chain: tuple[Backup, ...]
    media: Mapping[tuple[str, str], Medium]  # by backup's number and file's name
    logs: Mapping[str, LogOnHost] = field(default_factory=dict)
    watched: tuple[str, ...] = ()
    releases: tuple[str, ...] = ()
    acceptance: tuple[Acceptance, ...] = ()
    zone: tzinfo = UTC  # the customer's, for what people read

    def at(self, moment: datetime, *, seconds: bool = False) -> str:
        """2026-11-23 13:15 (UTC+8), in the customer's zone."""
        return local(moment, self.zone, seconds=seconds)


@dataclass(frozen=True)
class Damage:
    """What is not as it was. versions: packages by name, (as it was, as it is or "")."""

    configuration: tuple[str, ...] = ()
    releases: tuple[str, ...] = ()
    versions: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    faulty: bool = False  # dpkg is in a half state
    servers: tuple[str, ...] = ()


def damage(survey: Survey, known: Known) -> Damage:
    """What differs from the backup so that it counts as damage. Rows that have come since are none; rows that have gone are."""
    was = known.facts
    files = [path for path in sorted(was.configuration.keys() | survey.configuration.keys()) if was.configuration.get(path) != survey.configuration.get(path)]
    trees = tuple(tree for tree in known.watched if any(path == tree or path.startswith(tree.rstrip("/") + "/") for path in files))
    current = {release.root.rstrip("/"): release.current for release in survey.releases}
    roots = tuple(release.root for release in was.releases if release.current and current.get(release.root.rstrip("/")) != release.current)
    there = {package.name: package for package in survey.packages}
    versions = {package.name: (package.version, there[package.name].version if package.name in there else "") for package in was.packages
                if package.state.endswith("i") and package.state[:1] in "ih"
                and (package.name not in there or (there[package.name].version, there[package.name].state[1:2]) != (package.version, "i"))}
    return Damage(configuration=trees, releases=roots, versions=versions, faulty=bool(survey.package_faults), servers=_damaged_servers(survey, known))


def _damaged_servers(survey: Survey, known: Known) -> tuple[str, ...]:
    found = []
    here = {cluster.name: cluster for cluster in survey.clusters}
    was = {cluster.name: cluster for cluster in known.facts.clusters}
    for server in known.backup.servers:
        now, then = here.get(server.name), was.get(server.name)
        if server.engine != "postgresql":
            unit = {service.name: service.active for service in survey.services}
            if unit.get("mariadb.service", unit.get("mysql.service", "inactive")) != "active":
                found.append(server.name)
        elif now is None or not now.running or then is not None and _rows_gone(now, then):
            found.append(server.name)
    return tuple(found)


def _rows_gone(now, then) -> bool:
    rows = {(table.database, table.table): table.rows for table in now.tables}
    return any(rows.get((table.database, table.table), -1) < table.rows for table in then.tables if table.rows >= 0)


def chosen(request: RestoreRequest, found: Damage, known: Known) -> Damage:
    """What is restored: what was found damaged, or what was asked for, whether it shows or not."""
    everything = request.damage == "everything"
    if request.damage == "find out":
        return found
    return Damage(
        configuration=known.watched if everything or request.damage == "configuration" else (),
        releases=known.releases if everything or request.damage == "release" else (),
        versions=found.versions if everything or request.damage == "packages" else {},
        faulty=found.faulty and (everything or request.damage == "packages"),
        servers=tuple(server.name for server in known.backup.servers) if everything or request.damage == "data" else ())


# --- how far the log is followed, and what is lost ------------------------------------------------------------------------

def until_of(request: RestoreRequest, server: BackedUpServer, known: Known, running: bool) -> Until:
    """How far: just before the moment asked for; else, of a server that does not run, all there is; of one that runs and has lost rows, the backup."""
    log = known.logs.get(server.name, LogOnHost())
    if not server.point:
        return Until("backup")
    if request.to is not None:
        newest = log.last_at or (held_until(server, known.chain) if log.commits == 0 else None)
        if newest is not None and request.to > newest:
            return Until("end")  # PostgreSQL would say that it never came to that moment
        return Until("time", f"{request.to.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}+00", known.at(request.to, seconds=True))
    if running:
        return Until("point", server.point)
    return Until("end")


def unbroken(server: BackedUpServer, known: Known) -> bool:
    """Whether the host's own log goes on where the backups' ends, without a gap."""
    held = logs_after(server, known.chain)
    last = max((one.last_log for backup, _ in held for one in backup.servers if one.name == server.name), default=server.last_log)
    here = [name for name in known.logs.get(server.name, LogOnHost()).segments if name >= last]
    return bool(here) and all(_next(one) == other for one, other in zip(here, here[1:], strict=False)) and here[0] in (last, _next(last))


def _next(segment: str) -> str:
    """The name of the segment after this one, at 16 MiB each."""
    log, part = int(segment[8:16], 16), int(segment[16:24], 16) + 1
    return f"{segment[:8]}{log + part // 256:08X}{part % 256:08X}"


@dataclass(frozen=True)
class Loss:
    """What a server loses. minutes: between the recovery point and the failure, as far as is known; transactions: -1 if they cannot be counted."""

    said: Text
    minutes: float
    transactions: int = -1


def loss_of(request: RestoreRequest, server: BackedUpServer, until: Until, known: Known, failed_at: datetime) -> Loss:
    log = known.logs.get(server.name, LogOnHost())
    name = called(server)
    if until.kind == "end" and unbroken(server, known):
        return Loss(Text(zh=f"{name}：日志完整，不丢失已提交的数据", en=f"{name}: the log is whole; nothing that was committed is lost"), 0, 0)
    if until.kind == "time":
        to = min(request.to or failed_at, failed_at)
        count = Text(zh=f"其后提交的 {log.lost} 个事务将丢失", en=f"{log.lost} transactions committed after it are lost") if log.lost >= 0 else Text(
            zh="其后提交的事务将丢失，数量无法统计", en="what was committed after it is lost; how much cannot be counted")
        return Loss(Text(zh=f"{name}：恢复到 {known.at(to, seconds=True)} 之前一刻，{count.zh}",
                         en=f"{name}: brought back to just before {known.at(to, seconds=True)}; {count.en}"),
                    max(0.0, (failed_at - to).total_seconds() / 60), log.lost)
    at = server.point_at or known.backup.finished_at
    if until.kind == "end":
        at = max(at, held_until(server, known.chain) or at)
    lost = log.commits
    count = Text(zh=f"其后提交的 {lost} 个事务将丢失", en=f"{lost} transactions committed since are lost") if lost >= 0 else Text(
        zh="其后写入的数据将丢失", en="what was written since is lost")
    minutes = max(0.0, (failed_at - at).total_seconds() / 60)
    return Loss(Text(zh=f"{name}：恢复到 {known.at(at, seconds=True)}（故障前 {minutes:.0f} 分钟），{count.zh}",
                     en=f"{name}: brought back to {known.at(at, seconds=True)} ({minutes:.0f} minutes before the failure); {count.en}"), minutes, lost)


def _rows(survey: Survey, known: Known) -> list[Text]:
    """Tables whose rows differ between backup and now, for people to see what is at stake."""
    now = {(c.name, t.database, t.table): t.rows for c in survey.clusters for t in c.tables}
    lines = []
    for cluster in known.facts.clusters:
        for table in cluster.tables:
            have = now.get((cluster.name, table.database, table.table))
            if have != table.rows:
                lines.append(Text(zh=f"表 {table.database}.{table.table}：备份时 {table.rows} 行，{'现已不存在' if have is None else f'现有 {have} 行'}",
                                  en=f"table {table.database}.{table.table}: {table.rows} rows in the backup, "
                                     f"{'and it is gone now' if have is None else f'{have} now'}"))
    return lines[:ROWS_SHOWN]


# --- the plan -------------------------------------------------------------------------------------------------------------

def plan_restore(number: str, request: RestoreRequest, survey: Survey, known: Known, now: datetime) -> Plan:
    """The plan for one host. What is not damaged is not touched.

    now: when it is planned; the failure is taken to be when it was reported, if that was said.
    """
    name, backup = survey.target, known.backup
    todo = chosen(request, damage(survey, known), known)
    failed_at = _failed_at(request, known, now)
    running = {cluster.name: cluster.running for cluster in survey.clusters}
    servers = [server for server in backup.servers if server.name in todo.servers]
    untils = {server.name: until_of(request, server, known, running.get(server.name, False)) for server in servers}
    losses = [loss_of(request, server, untils[server.name], known, failed_at) for server in servers]
    steps, media = _steps(number, survey, known, todo, servers, untils)
    trees = (*todo.configuration, *todo.releases)
    what = _what(todo, servers, backup)
    loss = [one.said for one in losses] or [Text(zh="不涉及数据，没有数据丢失", en="no data are touched, none are lost")]
    rows = _rows(survey, known) if servers else []
    made = Plan(
        change=number, procedure="emergency-restore", kind="emergency-restore", customer=request.customer, requester=request.requester, reason=request.reason,
        title=Text(zh=f"{name} 应急恢复：{'、'.join(one.zh for one in what) or '无需恢复'}",
                   en=f"Emergency restore of {name}: {', '.join(one.en for one in what) or 'nothing to restore'}"),
        targets=(name,), batches=((name,),), facts={name: survey.facts_digest()},
        versions=tuple(VersionChange(target=name, name=package, before=now_, after=was) for package, (was, now_) in sorted(todo.versions.items()) if was),
        improvements=(), media=tuple(media), steps=tuple(steps),
        acceptance=tuple(check for check in known.acceptance if any(h.ok and h.title == check.title for h in known.facts.health)),
        impact=Text(
            zh=f"由备份 {backup.number}（{known.at(backup.taken_at)}）恢复：{'；'.join(one.zh for one in what)}。"
               f"数据损失：{'；'.join(one.zh for one in loss)}。"
               + ("重建期间原数据库不受影响，切换时数据库中断数秒至数十秒。" if servers else ""),
            en=f"Restored from backup {backup.number} ({known.at(backup.taken_at)}): {'; '.join(one.en for one in what)}. "
               f"Loss: {'; '.join(one.en for one in loss)}."
               + (" The present database goes on while the new one is built; the switch interrupts it for seconds." if servers else "")),
        risk=Risk(level="high" if servers else "medium", reasons=(*loss, *rows, *_left(survey, known, todo, trees))),
        back_out=Text(zh="每一步都保存了被替换的内容，原数据目录改名保留、不删除；任一步失败即全部回退到恢复前的状态。结束之后也可申请回退。",
                      en="Each step keeps what it replaces; the data folder that was in use is renamed and never deleted. If a step fails, all is taken back "
                         "to the state before the restore; also later, on request."),
        no_rehearsal=Text(
            zh=f"应急情况下不再演练；备份 {backup.number} 已于 {known.at(known.proof.proved_at)} 在模拟环境中用同样的步骤恢复并比对一致，"
               f"用时 {known.proof.seconds:.0f} 秒",
            en=f"in an emergency there is no rehearsal; backup {backup.number} was restored by these steps on a simulated copy and found equal on "
               f"{known.at(known.proof.proved_at)}, in {known.proof.seconds:.0f} s"),
        blockers=tuple(_blockers(survey, known, todo, servers) + _not_reached(request, known, servers, untils)))
    return held_up(made)


def _failed_at(request: RestoreRequest, known: Known, now: datetime) -> datetime:
    """When it was reported; but what the log says was committed after that is lost, too."""
    commits = [log.last_at for log in known.logs.values() if log.last_at is not None]
    return min(now, max([request.reported_at or now, *commits]))


def most_minutes_lost(request: RestoreRequest, survey: Survey, known: Known, now: datetime) -> float:
    """The longest time of which data are lost by this plan."""
    todo = chosen(request, damage(survey, known), known)
    running, failed_at = {cluster.name: cluster.running for cluster in survey.clusters}, _failed_at(request, known, now)
    return max((loss_of(request, server, until_of(request, server, known, running.get(server.name, False)), known, failed_at).minutes
                for server in known.backup.servers if server.name in todo.servers), default=0.0)


def _steps(number: str, survey: Survey, known: Known, todo: Damage, servers: Sequence[BackedUpServer],
           untils: Mapping[str, Until]) -> tuple[list[Step], list[Medium]]:
    name, backup = survey.target, known.backup
    trees = (*todo.configuration, *todo.releases)
    media: list[Medium] = []
    logs: dict[str, list[str]] = {}
    if trees:
        media += [known.media[backup.number, file.name] for file in (*backup.of_kind("files"), *backup.of_kind("digests"))]
    for server in servers:
        media += [known.media[backup.number, file.name] for file in backup.files if file.of == server.name and file.kind in ("base", "dump", "accounts")]
        held = logs_after(server, known.chain)
        held = held[:1] if untils[server.name].kind == "point" else [] if untils[server.name].kind == "backup" else held
        media += [known.media[one.number, file] for one, file in held]
        logs[server.name] = [file for _, file in held]
    steps: list[Step] = []

    def at() -> int:
        return len(steps) + 1

    if not (trees or servers or todo.versions or todo.faulty):
        return [], []
    if media:
        steps.append(put_back.check_media_step(at(), name, {medium.name: medium.sha256 for medium in media}))
    if trees:
        steps += unpack_steps(at(), name, backup)
    switches = []
    for server in servers:
        build, switch = data_steps(at(), name, number, backup, server, untils[server.name], logs[server.name], from_host=untils[server.name].kind != "backup")
        steps.append(build)
        switches.append(switch)
    if trees:
        steps.append(put_back.save_step(at(), name, trees))
        steps.append(put_back.put_back_step(at(), name, trees))
    if todo.versions or todo.faulty:
        wanted = {package: was for package, (was, _) in todo.versions.items()}
        steps.append(package_versions.step(at(), name, wanted, {package: now for package, (_, now) in todo.versions.items() if now}))
        if trees:
            steps.append(put_back.put_back_step(at(), name, trees, again=True))
    for switch in switches:
        steps.append(switch.model_copy(update={"number": at()}))
    units = [service.name for service in known.facts.services if service.active == "active" and service.name.endswith(".service")]
    steps.append(bring_up.step(at(), name, units, trees))
    return steps, list({medium.name: medium for medium in media}.values())


def _what(todo: Damage, servers: Sequence[BackedUpServer], backup: Backup) -> list[Text]:
    found = []
    if todo.configuration:
        found.append(Text(zh=f"配置（{'、'.join(todo.configuration)}）", en=f"configuration ({', '.join(todo.configuration)})"))
    if todo.releases:
        found.append(Text(zh=f"应用版本（{'、'.join(todo.releases)}）", en=f"application release ({', '.join(todo.releases)})"))
    if todo.versions or todo.faulty:
        found.append(Text(zh=f"{len(todo.versions)} 个软件包", en=f"{len(todo.versions)} packages"))
    found += [Text(zh=f"{called(server)} 的数据", en=f"the data of {called(server)}") for server in servers]
    return found


def _left(survey: Survey, known: Known, todo: Damage, trees: Sequence[str]) -> list[Text]:
    """What stays as it is although it differs, so that nobody is surprised."""
    new = [package.name for package in survey.packages if package.name not in {one.name for one in known.facts.packages}]
    found = []
    if survey.identity != known.facts.identity:
        found.append(Text(zh="主机密钥与备份时不同：主机已重装，或并非同一台主机，请核实", en="the host has another key than when the backup was taken: it was "
                                                                                     "made anew, or is another one; make sure"))
    if new:
        found.append(Text(zh=f"备份之后新装的 {len(new)} 个软件包保留（如 {new[0]}）",
                          en=f"{len(new)} packages installed since the backup stay (the first: {new[0]})"))
    if trees:
        found.append(Text(zh="备份之后对上述配置的改动将一并撤销，改动前的内容另行保存",
                          en="what was changed there since the backup is undone with the damage; it is kept beside"))
    if any(server.engine == "postgresql" for server in known.backup.servers if server.name in todo.servers):
        found.append(Text(zh="恢复后 PostgreSQL 进入新的时间线，须立即重新备份", en="PostgreSQL is on a new timeline afterwards: take a backup at once"))
    return found


def _blockers(survey: Survey, known: Known, todo: Damage, servers: Sequence[BackedUpServer]) -> list[Text]:
    found = []
    if survey.package_manager != "apt" and (todo.versions or todo.faulty):
        found.append(Text(zh=f"{survey.target} 不使用 apt，其软件包须人工恢复。", en=f"{survey.target} has no apt; bring its packages back by hand."))
    majors = {cluster.name for cluster in survey.clusters}
    for server in servers:
        if server.engine == "postgresql" and server.name not in majors:
            found.append(Text(zh=f"{survey.target} 上没有 PostgreSQL {server.name} 的配置（pg_lsclusters 未列出）；请先恢复配置和软件包。",
                              en=f"{survey.target} has no configuration of PostgreSQL {server.name} any more (pg_lsclusters does not list it); "
                                 "restore configuration and packages first."))
    return found


def _not_reached(request: RestoreRequest, known: Known, servers: Sequence[BackedUpServer], untils: Mapping[str, Until]) -> list[Text]:
    """The moment asked for lies where the log has a gap: PostgreSQL would never come to it. Said now, with the moments next to it."""
    found = []
    for server in servers:
        until = held_until(server, known.chain)
        if untils[server.name].kind != "time" or until is None or request.to is None or request.to <= until or unbroken(server, known):
            continue
        later = next((backup for backup in known.chain if backup.finished_at >= request.to), None)
        or_then = Text(zh=f"或 {known.at(later.finished_at, seconds=True)} 之后的时刻（备份 {later.number}）",
                       en=f", or one after {known.at(later.finished_at, seconds=True)} (backup {later.number})") if later else Text(zh="", en="")
        found.append(Text(
            zh=f"{called(server)} 的日志在 {known.at(until, seconds=True)} 之后中断，无法恢复到 {known.at(request.to, seconds=True)}；"
               f"请改为不晚于前者的时刻{or_then.zh}。",
            en=f"The log of {called(server)} has a gap after {known.at(until, seconds=True)}, so {known.at(request.to, seconds=True)} cannot be reached; "
               f"ask for a moment up to the former{or_then.en}."))
    return found
