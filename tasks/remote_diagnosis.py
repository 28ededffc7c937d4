"""A remote diagnosis (R103-R114): with the customer's leave, every target is checked and its logs around the time of the problem are read;
what was seen is put in order, what it may mean is said, the report is handed over.

Nothing on a target is changed. What is kept is not read again: killed at any point and started again, only what is missing is read, by a
leave that still holds.
"""

from __future__ import annotations

import secrets
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from blocks import lookup
from blocks.database_access import DatabaseAccess
from blocks.host_access import HostAccess
from reports.archive import ChangeRow, UnknownChange, inspections
from reports.documents.phrases import Phrases
from reports.records import (
    NOTHING,
    AccessScope,
    ApprovalRequest,
    Closure,
    DiagnosisRecord,
    LogFile,
    LogsRead,
    Outcome,
    Precedent,
    RecentChange,
    Solution,
    Text,
    same,
)
from tasks import desk, inspection, leave, lifecycle
from tasks.diagnosis.bundle import Bundle, pack, take_apart, unpack
from tasks.diagnosis.causes import causes
from tasks.diagnosis.script import HOST_LIMIT_S, log_script, sections
from tasks.diagnosis.timeline import Span, not_reached, rank, recent_changes, sightings
from tasks.errors import BlockersFound, ProcedureError
from tasks.inspection import Say
from tasks.inspection_papers import record_of as readings_of
from tasks.remote import Bounded, Remote
from tasks.requests import DiagnosisRequest
from tasks.targets import DATABASE, DIAGNOSIS, SYSTEM, targets_named

AT_ONCE = 10                      # hosts whose logs are read at the same time: each may give 20 MB
OLDEST = timedelta(days=366)      # nobody keeps logs for longer
OURS = timedelta(days=30)         # our own changes that are named
SIGHTINGS = 200                   # kept of all targets
PRECEDENTS = 5
GRADES = (Outcome.CRITICAL, Outcome.WARNING, Outcome.UNKNOWN)


# --- open -----------------------------------------------------------------------------------------------------------------

def open_diagnosis(request: DiagnosisRequest, *, run_id: str = "") -> str:
    """A new number, DIA-YYYYMMDD-NNN, or the one that this run already has. What is asked for is filed, with the leave if it was given already.

    Raises:
        BlockersFound: no such diagnosis or target, a leave that does not count, or a time that makes no sense.
    """
    archive = desk.archive()
    if number := request.number:
        return _taken_up(number, run_id)
    people, now = desk.customer(request.customer), desk.now()
    happened_at = request.happened_at or now
    if not now - OLDEST <= happened_at <= now + timedelta(minutes=5):
        raise BlockersFound(f"{happened_at:%Y-%m-%d %H:%M %Z} is not in the past year; say when the problem happened, with the time zone",
                            f"{happened_at:%Y-%m-%d %H:%M %Z} 不在过去一年之内；请填写问题发生的时间（含时区）")
    passed = _check_targets(request)
    leave.check_given(people, request, now)
    hosts, databases = list(dict.fromkeys(request.hosts)), list(dict.fromkeys(request.databases))
    asked = request.model_copy(update={"hosts": hosts, "databases": databases, "happened_at": happened_at})
    number = archive.new_change(procedure=DIAGNOSIS, customer=people.name, requester=request.requester, operator=request.operator,
                                reason=request.problem, request=asked.model_dump(mode="json"), opened_at=now, run_id=run_id, prefix="DIA")
    return _filed(number, passed)


def _taken_up(number: str, run_id: str) -> str:
    archive = desk.archive()
    try:
        row = archive.change(number)
    except UnknownChange as problem:
        raise BlockersFound(f"there is no diagnosis {number}", f"没有编号为 {number} 的远程诊断") from problem
    if row.procedure != DIAGNOSIS:
        raise BlockersFound(f"{number} is a {row.procedure}, not a {DIAGNOSIS}; start that procedure instead",
                            f"{number} 属于流程 {row.procedure}，不属于远程诊断；请启动相应的流程")
    if run_id:
        archive.attach_run(number, run_id)
    return _filed(number, None)


def _filed(number: str, passed: list[str] | None) -> str:
    """What belongs to an opened diagnosis; what is filed already stays. passed: hosts on the way to databases."""
    archive, row = desk.archive(), desk.change(number)
    request = DiagnosisRequest.model_validate(row.request)
    at = request.happened_at or row.opened_at
    if archive.load(number, "scope", "1", AccessScope) is None:
        archive.save(number, "scope", "1", AccessScope(
            change=number, customer=row.customer, hosts=tuple(request.hosts), databases=tuple(request.databases),
            passed=tuple(_check_targets(request) if passed is None else passed), problem=request.problem, happened_at=at,
            span_from=at - timedelta(minutes=request.minutes_before), span_until=at + timedelta(minutes=request.minutes_after),
            leave_hours=request.leave_hours))
    inspections.begin(archive, number, row.customer, DIAGNOSIS, row.opened_at)
    if not archive.journal(number, event="opened"):
        archive.note(number, "opened", procedure=DIAGNOSIS, requester=row.requester, problem=row.reason, run=row.run_id)
    leave.record_given(number, request)
    return number


def _check_targets(request: DiagnosisRequest) -> list[str]:
    """Whether all targets are the customer's. Returns the hosts that are only passed through on the way to a database."""
    if both := sorted(set(request.hosts) & set(request.databases)):
        raise BlockersFound(f"{both[0]} is the name of a host and of a database; give one of the two another name in the inventory",
                            f"{both[0]} 既是主机名又是数据库名；请在清单中更改其中之一")
    there = targets_named(request.hosts, request.databases)
    passed = []
    for name in (*request.hosts, *request.databases):
        if (target := there.get(name)) is None or target.block.customer != request.customer:
            known = sorted(sum(_targets_of(request.customer), []))
            raise BlockersFound(f"{name} is no {'host' if name in request.hosts else 'database'} of customer {request.customer}; "
                                f"there are: {', '.join(known[:20]) or 'none'}",
                                f"{name} 不是客户 {request.customer} 的{'主机' if name in request.hosts else '数据库'}；现有：{'、'.join(known[:20]) or '无'}")
        inspection.check_limits(target)
        if name in request.databases and target.block.through and target.block.through not in request.hosts:
            passed.append(target.block.through)
    return list(dict.fromkeys(passed))


def _targets_of(customer: str) -> tuple[list[str], list[str]]:
    return [one.name for one in lookup.all_of(HostAccess, customer)], [one.name for one in lookup.all_of(DatabaseAccess, customer)]


def sorted_targets(customer: str, names: list[str]) -> tuple[list[str], list[str]]:
    """Which of these are hosts, and which databases.

    Raises:
        BlockersFound: one is neither, or both.
    """
    desk.customer(customer)
    hosts, databases = _targets_of(customer)
    if strange := [name for name in names if name not in hosts + databases]:
        there = sorted(hosts + databases)
        raise BlockersFound(f"{strange[0]} is no host or database of customer {customer}; there are: {', '.join(there[:20]) or 'none'}",
                            f"{strange[0]} 不是客户 {customer} 的主机或数据库；现有：{'、'.join(there[:20]) or '无'}")
    return [name for name in names if name in hosts], [name for name in names if name in databases]


# --- read -----------------------------------------------------------------------------------------------------------------

def unread(number: str) -> list[str]:
    """The targets whose checks or logs are missing."""
    scope, filed = leave.scope_of(number), logs_read(number)
    missing = set(inspection.missing(number)) | {name for name in scope.hosts if name not in filed}
    return [name for name in (*scope.hosts, *scope.databases) if name in missing]


def logs_read(number: str) -> dict[str, LogsRead]:
    return {name: read for name, read in desk.archive().load_all(number, "logs read", LogsRead)}


def read_checks(number: str, names: list[str], say: Say) -> None:
    """The inspection's checks of these targets. Raises NoLeave."""
    if missing := [name for name in inspection.missing(number) if name in names]:
        inspection.read_targets(number, missing, say, lambda name: leave.log_in(number, name, "checks"))


def read_logs(number: str, names: list[str], say: Say) -> None:
    """The logs of these hosts, one more round trip each; filed as evidence without secrets. Raises NoLeave."""
    filed = logs_read(number)
    hosts = [name for name in leave.scope_of(number).hosts if name in names and name not in filed]
    with ThreadPoolExecutor(min(AT_ONCE, len(hosts) or 1)) as pool:
        for read in pool.map(lambda name: _read_logs(number, name), hosts):
            say(f"{read.target}: {read.problem.en if read.problem else f'{len(read.files)} logs'}")


def _read_logs(number: str, name: str) -> LogsRead:
    leave.log_in(number, name, "logs")
    archive, span = desk.archive(), span_of(number)
    began, read_at, nonce = time.monotonic(), desk.now(), secrets.token_hex(12)
    wanted, answer, problem = sections(span.since, span.at, span.until), Bounded(name), None
    try:
        with Remote(desk.host(name)) as remote:
            remote.stream(log_script(wanted, nonce), answer, timeout_s=HOST_LIMIT_S)
    except ProcedureError as broken:
        problem = broken.text
    bundle = take_apart(name, answer.getvalue().decode(errors="backslashreplace"), nonce, wanted)
    if problem and not bundle.parts:
        read = LogsRead(target=name, read_at=read_at, seconds=round(time.monotonic() - began, 1), problem=problem)
    else:  # what came before the connection broke is worth something
        evidence = archive.file_evidence(number, f"logs-{name}.tar.gz", pack(bundle), "application/gzip")
        read = LogsRead(target=name, read_at=read_at, seconds=round(time.monotonic() - began, 1), evidence=evidence.name, zone=bundle.zone,
                        offset_s=bundle.offset_s, missing={part: Text(zh=zh, en=en) for part, (zh, en) in bundle.missing.items()},
                        files=tuple(LogFile(path=log.path, lines=len(log.lines), cut=log.cut, timed=log.timed) for log in bundle.logs))
    archive.save(number, "logs read", name, read)
    archive.note(number, "logs read", target=name, files=len(read.files), **(read.problem or NOTHING).fields("problem"))
    return read


def span_of(number: str) -> Span:
    scope = leave.scope_of(number)
    ours = desk.archive().journal(number, event="logging in")
    return Span(scope.span_from, scope.happened_at, scope.span_until, ours[0].at.replace(microsecond=0) if ours else None)


def bundle_of(number: str, read: LogsRead) -> Bundle:
    """What was read of a host, from the archive. Of two with the same name, after a crash between filing and noting, the last counts."""
    archive = desk.archive()
    filed = [one for one in archive.evidence(number) if one.name == read.evidence]
    return unpack(archive.read_evidence(filed[-1])) if filed else Bundle(read.target)


# --- what it means --------------------------------------------------------------------------------------------------------

def record_of(number: str) -> DiagnosisRecord:
    """All that the report says. Once it is filed it stays as it is; only what became of the problem is added."""
    archive = desk.archive()
    record = archive.load(number, "diagnosis", "1", DiagnosisRecord)
    if record is None:
        record = _analysed(number)
        archive.save(number, "diagnosis", "1", record)
    return record.model_copy(update={"solutions": solutions_of(number)})


def _analysed(number: str) -> DiagnosisRecord:
    archive, row, scope = desk.archive(), desk.change(number), leave.scope_of(number)
    people, span, readings = desk.customer(row.customer), span_of(number), readings_of(number)
    logs = tuple(sorted(logs_read(number).values(), key=lambda read: read.target))
    bundles = [bundle_of(number, read) for read in logs]
    silent = [not_reached(read.target, read.problem) for read in readings.reads if read.problem]
    seen = sorted([one for bundle in bundles for one in sightings(bundle, span)] + silent, key=lambda one: rank(one, span))[:SIGHTINGS]
    recent = sorted([change for bundle in bundles for change in recent_changes(bundle, span)] + our_changes(number), key=lambda one: one.at, reverse=True)
    suspected = causes(seen, [r for read in readings.reads for r in read.rows], recent, span)
    asked = tuple(request for _, request in archive.load_all(number, "request for approval", ApprovalRequest))
    day = scope.happened_at.astimezone(people.time_zone()).date()
    warranty = None if not people.warranty_from or not people.warranty_until else people.warranty_from <= day <= people.warranty_until
    return DiagnosisRecord(
        number=number, customer=row.customer, language=people.language, customer_name=Text(zh=people.full_name.zh, en=people.full_name.en),
        provider_name=Text(zh=people.provider_name.zh, en=people.provider_name.en), contract=people.contract, requester=row.requester,
        operator=row.operator, engineer=row.request.get("engineer", ""), reference=row.request.get("reference", ""), opened_at=row.opened_at,
        finished_at=desk.now(), scope=scope, leaves=leave.leaves_of(number), asked=asked, refusal=leave.refusal(number), in_warranty=warranty,
        readings=readings, logs=logs, sightings=tuple(seen), recent=tuple(recent), causes=tuple(suspected),
        precedents=precedents(number, row.customer, tuple(cause.id for cause in suspected)), grade=grade(readings, logs, suspected))


def grade(readings, logs, suspected) -> Outcome:
    """The worst of what was found and what is suspected; a host whose logs could not be read is not known."""
    found = {readings.grade if readings.reads else Outcome.UNKNOWN, *(Outcome(cause.severity) for cause in suspected)}
    if any(read.problem for read in logs):
        found.add(Outcome.UNKNOWN)
    return next((outcome for outcome in GRADES if outcome in found), Outcome.OK)


def _closed(row: ChangeRow, language: str) -> str:
    return Phrases(language, "UTC")(f"closure.{row.closure.value if row.closure else 'none'}")


def our_changes(number: str) -> list[RecentChange]:
    """What Standfast itself changed on these hosts in the 30 days before the problem."""
    scope, found = leave.scope_of(number), []
    hosts = {*scope.hosts, *scope.passed}
    for row in desk.archive().changes(customer=scope.customer, since=scope.happened_at - OURS - timedelta(days=30), limit=1000):
        touched = hosts & set(row.request.get("hosts", []))
        if row.procedure in (SYSTEM, DATABASE, DIAGNOSIS) or not touched or row.opened_at > scope.span_until or not lifecycle.begun(row.number):
            continue
        at = desk.archive().journal(row.number, event="step begun")[0].at
        if scope.happened_at - OURS <= at <= scope.span_until:
            plan = lifecycle.plan_of(row.number)
            of = plan.title if plan else same(row.reason)
            what = Text(zh=f"{of.zh}（{_closed(row, 'zh')}）", en=f"{of.en} ({_closed(row, 'en')})")
            found += [RecentChange(target=name, at=at, kind="standfast", what=what, number=row.number) for name in sorted(touched)]
    return found


# --- the problem base -----------------------------------------------------------------------------------------------------

def solutions_of(number: str) -> tuple[Solution, ...]:
    return tuple(solution for _, solution in desk.archive().load_all(number, "solution", Solution))


def precedents(number: str, customer: str, suspected: tuple[str, ...]) -> tuple[Precedent, ...]:
    """Earlier diagnoses of this customer that suspected the same and were solved, the newest first."""
    found = []
    for row in desk.archive().changes(customer=customer, procedure=DIAGNOSIS, limit=500):
        solved = [one for one in solutions_of(row.number) if one.outcome == "solved"] if row.number != number else []
        if solved and (earlier := desk.archive().load(row.number, "diagnosis", "1", DiagnosisRecord)):
            if same := tuple(cause.id for cause in earlier.causes if cause.id in suspected):
                found.append(Precedent(number=row.number, at=row.opened_at, causes=same, solution=solved[-1]))
    return tuple(found[:PRECEDENTS])


def file_solution(number: str, solution: Solution) -> str:
    """What became of the problem goes into the archive and with it into the problem base (R112); the bundle is sealed anew as its next edition.

    Returns the name of the report that tells it.

    Raises:
        BlockersFound: the diagnosis has not come to its end.
    """
    from tasks.diagnosis_papers import write_report

    archive, row = desk.archive(), desk.change(_taken_up(number, ""))
    if row.closure is None:
        raise BlockersFound(f"{number} has not come to its end; finish it before its solution is filed: standfast resume {number}",
                            f"{number} 尚未结束；请先完成诊断再归档解决情况：standfast resume {number}")
    for change in solution.changes:
        try:
            archive.change(change)
        except UnknownChange as problem:
            raise BlockersFound(str(problem), f"档案中没有变更 {change}") from problem
    known = solutions_of(number)
    if not known or known[-1].model_copy(update={"at": solution.at}) != solution:
        archive.save(number, "solution", str(len(known) + 1), solution)
        archive.note(number, "solution filed", outcome=solution.outcome, text=solution.text, by=solution.by, agreed_by=solution.agreed_by,
                     changes=list(solution.changes))
    name = write_report(record_of(number))
    archive.seal(number, desk.now())
    return name


# --- finish ---------------------------------------------------------------------------------------------------------------

def finish(number: str, closure: Closure = Closure.SUCCESSFUL, reason: Text = NOTHING) -> dict:
    """Put together what was seen and what it may mean, write the report, close, seal, send (R108). What is done already is not done again.

    Returns {"grade", "says": one sentence, "table": one row a suspected cause}.
    """
    from tasks.diagnosis_papers import send_report, write_report

    archive = desk.archive()
    record = record_of(number)
    says = reason or sentence(record)
    if not archive.change(number).closure:
        write_report(record)
        archive.close(number, closure, says, desk.now())
        archive.note(number, "closed", closure=closure.value, **says.fields("reason"))
    send_report(number)
    archive.seal(number, desk.now())
    return {"grade": record.grade.value, "says": says.en, "table": cause_table(record)}


def sentence(record: DiagnosisRecord) -> Text:
    silent = sum(read.problem is not None for read in record.readings.reads)
    not_reached = Text(zh=f",{silent} 个无法连接", en=f", {silent} not reached") if silent else NOTHING
    targets = len(record.readings.reads)
    looked = "1 target" if targets == 1 else f"{targets} targets"
    causes = "1 suspected cause" if len(record.causes) == 1 else f"{len(record.causes)} suspected causes"
    if not record.causes:
        return Text(zh=f"共 {targets} 个对象{not_reached.zh}；未发现可疑原因", en=f"{looked}{not_reached.en}; nothing points to a cause")
    first = record.causes[0]
    return Text(zh=f"共 {targets} 个对象{not_reached.zh}；可疑原因 {len(record.causes)} 项，首要为：{first.title.zh}（{'、'.join(first.targets[:3])}）",
                en=f"{looked}{not_reached.en}; {causes}, the first: {first.title.en} ({', '.join(first.targets[:3])})")


def cause_table(record: DiagnosisRecord) -> list[dict[str, object]]:
    """One row a suspected cause, the likeliest first, for the run's page."""
    return [{"suspected": cause.title.say(record.language), "targets": ", ".join(cause.targets), "grounds": cause.grounds,
             "proposal": cause.proposals[0].text.say(record.language) if cause.proposals else ""} for cause in record.causes] or [
        {"suspected": "-", "targets": "", "grounds": 0, "proposal": ""}]
