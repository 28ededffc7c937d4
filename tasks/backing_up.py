"""A backup (X17, R133): of each host its files, its package list, its databases, and the facts; each proved by a restore in the sandbox.

Everything is read over SSH as streams; on the host nothing is written but the slot that keeps PostgreSQL's log, where the inventory gives leave.
Killed at any point and started again, it goes on with the first host that is not filed.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from blocks import lookup
from blocks.host_access import HostAccess
from reports.records import BackedUpServer, Backup, BackupFile, Closure, Survey, Text
from tasks import backup_store, desk, lifecycle
from tasks.backup_store import Keeper
from tasks.errors import BlockersFound, CommandFailed, ProcedureError, UnreadableOutput
from tasks.mariadb_dump import sections
from tasks.operations import backup as read
from tasks.planning.restore import FILES, SUMS, local
from tasks.remote import Remote
from tasks.requests import BackupRequest

Say = Callable[[str], None]
PROCEDURE = "backup"
STREAM_LIMIT_S = 12 * 3600
ALWAYS = ("/etc/passwd", "/etc/group", "/etc/fstab", "/etc/hosts", "/etc/apt")  # without these nothing else can be put back on a new host


# --- open, and where it stands --------------------------------------------------------------------------------------------

def open_backup(request: BackupRequest, *, run_id: str = "") -> str:
    """A new number, BAK-YYYYMMDD-NNN, or the one that this run already has.

    Raises:
        BlockersFound: no such customer, host or backup, or nothing to back up.
    """
    archive = desk.archive()
    if request.number:
        if desk.change(request.number).procedure != PROCEDURE:
            raise BlockersFound(f"{request.number} is no backup; start the other procedure instead", f"{request.number} 不是备份；请启动相应的流程")
        if run_id:
            archive.attach_run(request.number, run_id)
        return request.number
    people = desk.customer(request.customer)
    there = {host.name: host for host in lookup.hosts_of(people.name)}
    if strange := [name for name in request.hosts if name not in there]:
        raise BlockersFound(f"{strange[0]} is no host of customer {people.name}; there are: {', '.join(sorted(there)[:20]) or 'none'}",
                            f"{strange[0]} 不是客户 {people.name} 的主机；现有：{'、'.join(sorted(there)[:20]) or '无'}")
    names = list(dict.fromkeys(request.hosts)) or sorted(name for name, host in there.items() if not request.labels or set(request.labels) & set(host.labels))
    if not names:
        raise BlockersFound(f"customer {people.name} has no host to back up; add hosts to the inventory, or leave the labels out",
                            f"客户 {people.name} 没有可备份的主机；请在清单中添加主机，或不填标签")
    number = archive.new_change(procedure=PROCEDURE, customer=people.name, requester=request.requester, operator=request.operator, reason=request.reason,
                                request={**request.model_dump(mode="json"), "hosts": names}, opened_at=desk.now(), run_id=run_id, prefix="BAK")
    if not archive.journal(number, event="opened"):
        archive.note(number, "opened", procedure=PROCEDURE, requester=request.requester, targets=len(names), run=run_id)
    return number


def hosts_left(number: str) -> list[str]:
    """The hosts of which nothing came yet: neither a proof nor a problem."""
    done = {entry.target for entry in desk.archive().journal(number, event="host done")}
    return [name for name in desk.change(number).request["hosts"] if name not in done]


# --- one host -------------------------------------------------------------------------------------------------------------

def back_up(number: str, name: str, say: Say) -> str:
    """Take the backup of one host and prove it; what is filed is not done again. Returns what is wrong, empty if all is well."""
    from tasks.backup_proof import prove

    archive, problem = desk.archive(), Text(zh="", en="")
    if name not in hosts_left(number):
        return ""
    try:
        backup = backup_store.backup_of(number, name) or take(number, name, say)
        proof = backup_store.proof_of(number, name) or prove(number, backup, say)
        problem = proof.problem
    except ProcedureError as raised:
        problem = raised.text
    if not problem:
        for old in backup_store.forget_old(name, lookup.find_archive("default").backups_kept):
            archive.note(number, "old backup removed", target=name, backup=old)
    archive.note(number, "host done", target=name, **problem.fields("problem"))
    return problem.en


def take(number: str, name: str, say: Say) -> Backup:
    """Everything of the host, read and kept; the record is filed last.

    Raises:
        BlockersFound: a change is at work there. NoRoom: the place is full. CommandFailed, HostUnreachable and the others of `tasks.remote`.
    """
    host, archive = desk.host(name), desk.archive()
    host = host.model_copy(update={"databases": []})  # all of them are compared
    before = lifecycle.read_survey(host, "backup")
    if before.lock:
        raise BlockersFound(f"{name} is being changed ({before.lock.splitlines()[0]}); what is half done is not backed up, start again when it has ended",
                            f"{name} 正在变更中（{before.lock.splitlines()[0]}）；不备份变更中途的状态，请在变更结束后重新启动")
    taken_at, files, servers, remarks = desk.now(), [], [], []
    paths = tuple(dict.fromkeys([*ALWAYS, *host.watched, *host.releases, *host.backed_up]))
    with Remote(host) as remote:
        files.append(_stream(remote, number, name, read.files(paths), FILES, "files", FILES))
        sums, kib, _ = backup_store.digests_of(backup_store.folder(name, number) / FILES)
        files[-1] = files[-1].model_copy(update={"unpacked_kib": kib})
        files.append(backup_store.keep_text(name, number, SUMS, sums, "digests", FILES))
        files.append(backup_store.keep_text(name, number, "packages.txt", _asked(remote, read.PACKAGES, "listing packages", "读取软件包清单"), "packages"))
        say(f"{name}: {sums.count(chr(10))} files of configuration and applications")
        found, problems = _servers(remote, name)
        remarks += [Text(zh=f"PostgreSQL {one} 无法连接，未备份", en=f"PostgreSQL {one} does not let us in; it is not backed up") for one in problems]
        for server in found:
            if not server.version:
                remarks.append(Text(zh=f"{server.name} 未运行，其数据未备份", en=f"{server.name} does not run; its data are not backed up"))
            elif server.spaces:
                remarks.append(Text(zh=f"PostgreSQL {server.name} 使用自定义表空间，其数据未备份",
                                    en=f"PostgreSQL {server.name} has table spaces of its own; its data are not backed up"))
            else:
                taken = (_postgresql if server.engine == "postgresql" else _mariadb)(remote, number, host, server, remarks, say)
                servers.append(taken[0])
                files += taken[1]
    after = lifecycle.read_survey(host, "backup after")
    for survey in (before, after):
        archive.save(number, "survey", f"{name} {survey.when}", survey)
    backup = Backup(number=number, target=name, taken_at=taken_at, finished_at=desk.now(), facts=before.fingerprint(), paths=paths, files=tuple(files),
                    servers=tuple(servers), remarks=tuple(remarks))
    archive.save(number, "backup", name, backup)
    archive.note(number, "backup taken", target=name, files=len(files), bytes=sum(file.size for file in files))
    return backup


def _asked(remote: Remote, script: str, what: str, zh: str) -> str:
    return remote.run(f"set -eu\n{script}", timeout_s=300).need(what, remote.host.name, zh)


def _stream(remote: Remote, number: str, target: str, script: str, file: str, kind: str, what: str, of: str = "") -> BackupFile:
    with Keeper(target, number, file) as keeper:
        answer = remote.stream(f"set -eu\n{script}", keeper, timeout_s=STREAM_LIMIT_S)  # type: ignore[arg-type]
        answer.need(f"reading {what}", target, f"读取 {what}")
        return keeper.keep(kind, of)


def _servers(remote: Remote, name: str) -> tuple[list[read.Server], list[str]]:
    try:
        return read.parse_servers(_asked(remote, read.SERVERS, "looking for database servers", "查找数据库服务器"))
    except ValueError as problem:
        raise UnreadableOutput(f"{name}: the database servers cannot be read ({problem}); look at pg_lsclusters there",
                               f"{name}：无法读取数据库服务器的情况；请查看 pg_lsclusters 的输出") from problem


def _postgresql(remote: Remote, number: str, host: HostAccess, server: read.Server, remarks: list, say: Say) -> tuple[BackedUpServer, list[BackupFile]]:
    """Base backup; where the log may be kept, also the log since the last backup, up to a named restore point.

    Raises:
        CommandFailed: also where more log was written meanwhile than may be kept: neither base backup nor log is whole then.
    """
    name, slug, log = host.name, server.name.replace("/", "-"), {}
    keeps = host.wal_kept_mib > 0 and not server.standby
    first = _asked(remote, read.hold_log(server, host.wal_kept_mib), f"keeping the log of {server.name}", "保留数据库日志").split()[-1] if keeps else ""
    problem = None
    try:
        files = [_stream(remote, number, name, read.base(server), f"{slug}-base.tar.gz", "base", f"PostgreSQL {server.name}", server.name)]
        if keeps:
            last, place, at = _asked(remote, read.end_log(server, number), f"setting the restore point in {server.name}", "设置还原点").split()
            files.append(_stream(remote, number, name, read.log_files(server, first, last), f"{slug}-log-{number}.tar.gz", "log",
                                 f"the log of {server.name}", server.name))
            log = {"point": number, "point_at": datetime.fromisoformat(at.replace("Z", "+00:00")), "first_log": first, "last_log": last}
    except CommandFailed as raised:
        problem = raised
    # asked when all was read: a segment that is not held may have been written over meanwhile
    if keeps and _asked(remote, read.still_held(server, first), f"asking for the log of {server.name}", "查询数据库日志").strip() != "yes":
        raise CommandFailed(f"{name}: while it was backed up, PostgreSQL {server.name} wrote more log than wal_kept_mib ({host.wal_kept_mib} MiB) lets it "
                            "keep; make it larger, or choose a quieter hour",
                            f"{name}：备份期间 PostgreSQL {server.name} 产生的日志超过保留上限 wal_kept_mib（{host.wal_kept_mib} MiB）；"
                            "请调大，或选择较空闲的时段") from problem
    if problem:
        raise problem
    files[0] = files[0].model_copy(update={"unpacked_kib": backup_store.unpacked_kib(backup_store.folder(name, number) / files[0].name)})
    say(f"{name}: base backup of PostgreSQL {server.name}, {files[0].size >> 20} MiB packed")
    if keeps:
        remarks += _gap(host, server, first, log["point_at"])
        _asked(remote, read.give_log_back(server, place), f"giving the log of {server.name} back", "释放数据库日志")
    else:
        remarks.append(Text(zh=f"PostgreSQL {server.name} 未保留日志（wal_kept_mib）：只能恢复到备份时刻",
                            en=f"PostgreSQL {server.name} keeps no log for us (wal_kept_mib): only the moment of a backup can be restored"))
    return BackedUpServer(engine="postgresql", name=server.name, version=server.version, data=server.data, owner=server.owner, port=server.port, **log), files


def _gap(host: HostAccess, server: read.Server, first: str, now: datetime) -> list[Text]:
    """What is said where the log does not go on from the last backup's: no moment between that and this one can be restored."""
    before = next(((one, backup) for backup, _ in backup_store.kept(host.name) for one in backup.servers if one.name == server.name), None)
    if before is None or before[0].last_log and first <= before[0].last_log:
        return []
    zone = desk.customer(host.customer).time_zone()
    since, until = (local(moment, zone, seconds=True) for moment in (before[0].point_at or before[1].finished_at, now))
    return [Text(zh=f"PostgreSQL {server.name} 的日志自上次备份后有缺口：{since} 至 {until} 之间的时刻无法恢复；"
                    f"日志保留上限 wal_kept_mib 为 {host.wal_kept_mib} MiB，如已达到请调大",
                 en=f"the log of PostgreSQL {server.name} since the last backup has a gap: no moment between {since} and {until} can be restored; "
                    f"wal_kept_mib is {host.wal_kept_mib} MiB, make it larger if that was reached")]


def _mariadb(remote: Remote, number: str, host: HostAccess, server: read.Server, remarks: list, say: Say) -> tuple[BackedUpServer, list[BackupFile]]:
    """Databases and accounts as SQL; the digest of each part is kept, so that a restored server can be held against it."""
    name = host.name
    if other := _asked(remote, read.NOT_TRANSACTIONAL, "listing tables", "读取表清单").split():
        remarks.append(Text(zh=f"{len(other)} 张表不是 InnoDB（如 {other[0]}），其内容可能与其他表不属同一时刻",
                            en=f"{len(other)} tables are not InnoDB (the first: {other[0]}); their rows may be of another moment than the others'"))
    dump = _stream(remote, number, name, read.dump(), "mariadb-dump.sql.gz", "dump", "MariaDB", server.name)
    tables, size, whole = sections(backup_store.folder(name, number) / dump.name)
    if not whole:
        raise CommandFailed(f"{name}: the dump of MariaDB has no end; see what the server's log says", f"{name}：MariaDB 的备份不完整；请查看其日志")
    accounts = _stream(remote, number, name, read.ACCOUNTS, "mariadb-accounts.sql.gz", "accounts", "the accounts of MariaDB", server.name)
    say(f"{name}: dump of MariaDB, {len(tables)} parts, {dump.size >> 20} MiB packed")
    return BackedUpServer(engine="mariadb", name=server.name, version=server.version, data=server.data, owner=server.owner, tables=tables), [
        dump.model_copy(update={"unpacked_kib": size >> 10}), accounts]


# --- what came of it ------------------------------------------------------------------------------------------------------

def problems_of(number: str) -> dict[str, Text]:
    """What is wrong, by host; only hosts with a problem."""
    found = {entry.target: Text.of_fields(entry.detail, "problem") for entry in desk.archive().journal(number, event="host done")}
    return {name: problem for name, problem in found.items() if problem}


def sentence(number: str) -> Text:
    names, wrong = desk.change(number).request["hosts"], problems_of(number)
    if not wrong:
        whose = f"backup of {names[0]} is" if len(names) == 1 else f"backups of {len(names)} hosts are"
        return Text(zh=f"{len(names)} 台主机的备份{'' if len(names) == 1 else '均'}已完成并经恢复验证", en=f"the {whose} taken and proved by a restore")
    first = next(iter(wrong))
    return Text(zh=f"{len(names)} 台主机中 {len(wrong)} 台没有可用的新备份，第一台 {first}：{wrong[first].zh}",
                en=f"{len(wrong)} of {len(names)} hosts have no proven new backup, the first, {first}: {wrong[first].en}")


def finish(number: str) -> dict:
    """Close, seal, and tell the operator's people where something is wrong. What is done already is not done again."""
    archive, says, wrong = desk.archive(), sentence(number), problems_of(number)
    if not archive.change(number).closure:
        archive.close(number, Closure.SUCCESSFUL_WITH_ISSUES if wrong else Closure.SUCCESSFUL, says, desk.now())
        archive.note(number, "closed", closure="backup", **says.fields("reason"))
    if wrong and not archive.journal(number, event="problem told"):
        _tell(number, says)
    archive.seal(number, desk.now())
    return {"passed": not wrong, "says": says.en, "table": table(number)}


def _tell(number: str, says: Text) -> None:
    row = desk.change(number)
    people = desk.customer(row.customer)
    subject = {"zh": f"备份 {number} 有问题", "en": f"Backup {number}: something is wrong"}[people.language]
    for contact in people.contact_records():
        if contact.email:
            try:
                lookup.find_notices("default").send(contact.email, subject, says.say(people.language) + "\n")
            except Exception as problem:
                desk.archive().note(number, "outcome not sent", to=contact.email, problem=str(problem))
    desk.archive().note(number, "problem told")


def table(number: str) -> list[dict[str, object]]:
    """One row a host, for the run's page."""
    rows, wrong = [], problems_of(number)
    for name in desk.change(number).request["hosts"]:
        backup, proof = backup_store.backup_of(number, name), backup_store.proof_of(number, name)
        rows.append({"host": name, "proved": "no" if name in wrong or proof is None else "yes",
                     "MiB": sum(file.size for file in backup.files) >> 20 if backup else 0, "files": proof.files if proof else 0,
                     "tables": proof.tables if proof else 0, "rows": proof.rows if proof else 0, "restored in s": round(proof.seconds) if proof else "",
                     "problem": wrong[name].en if name in wrong else "", "remarks": "; ".join(one.en for one in backup.remarks) if backup else ""})
    return rows


def facts_of(number: str, name: str) -> Survey | None:
    """The host as it was when the backup was taken."""
    return desk.archive().load(number, "survey", f"{name} backup", Survey)
