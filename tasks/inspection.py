"""An inspection (R006, R007, R123-R142) or a security check (R008, R058): every target read in one round trip, every row kept, compared with last time,
forecast, reported.

Nothing on a target is changed. What is kept is not read again: killed at any point and started again, only the missing targets are read.
"""

from __future__ import annotations

import gzip
import io
import tarfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from reports.archive import ChangeRow, inspections
from reports.archive.inspections import Inspection
from reports.records import CheckRow, Closure, InspectionRecord, Outcome, SecurityRecord, TargetRead, Text
from tasks import desk, security, trend
from tasks.backup_store import newest_proven
from tasks.checks.catalogue import all_checks, limits_for
from tasks.checks.kinds import Check, Known, Limits, OwnBackup
from tasks.checks.reading import remembered
from tasks.errors import BlockersFound, NoLeave, ProcedureError
from tasks.redaction import redact
from tasks.requests import InspectionRequest
from tasks.targets import DATABASE as DATABASE
from tasks.targets import DIAGNOSIS, SECURITY, Target, targets_named, targets_of
from tasks.targets import HOST_LIMIT_S as HOST_LIMIT_S
from tasks.targets import SYSTEM as SYSTEM
from tasks.trend import Forecast
from tasks.working_days import due, quarter_begins

Say = Callable[[str], None]
AT_ONCE = 100          # targets read at the same time by one process, in however many handfuls
HANDFUL = 25           # targets of one task run
KEEP_EVERY = 10        # targets read are kept in such portions, so that a crash costs few


# --- open, and where it stands --------------------------------------------------------------------------------------------

def open_inspection(procedure: str, request: InspectionRequest, *, run_id: str = "") -> str:
    """A new number, INS-YYYYMMDD-NNN (SEC- of a security check), or the one that this run already has.

    Raises:
        BlockersFound: no such customer or inspection, a host of another customer, nothing to inspect, or limits or a profile that contradict themselves.
    """
    archive = desk.archive()
    if request.number:
        if inspection(request.number).procedure != procedure:
            raise BlockersFound(f"{request.number} is no {procedure}; start the other inspection instead",
                                f"{request.number} 不属于流程 {procedure};请启动相应的巡检")
        if run_id:
            archive.attach_run(request.number, run_id)
        return request.number
    people = desk.customer(request.customer)
    profile = {"profile": security.profile_now(people.name).model_dump(mode="json")} if procedure == SECURITY else {}
    targets = chosen(procedure, request)
    for target in targets.values():
        check_limits(target)
    names = list(targets)
    now = desk.now()
    number = archive.new_change(procedure=procedure, customer=people.name, requester=request.requester, operator=request.operator,
                                reason=request.reason, request={**request.model_dump(mode="json"), "targets": names, "hosts": names, **profile},
                                opened_at=now, run_id=run_id, prefix="SEC" if procedure == SECURITY else "INS")
    inspections.begin(archive, number, people.name, procedure, now)
    if not archive.journal(number, event="opened"):
        archive.note(number, "opened", procedure=procedure, requester=request.requester, targets=len(names), run=run_id)
    return number


def chosen(procedure: str, request: InspectionRequest) -> dict[str, Target]:
    """The targets by name: those asked for, or all of the customer's, with any of the labels if some are given."""
    there = targets_of(procedure, request.customer)
    if request.targets:
        if strange := [name for name in request.targets if name not in there]:
            raise BlockersFound(f"{strange[0]} is no target of customer {request.customer}; there are: {', '.join(sorted(there)[:20]) or 'none'}",
                                f"{strange[0]} 不是客户 {request.customer} 的巡检对象;现有:{'、'.join(sorted(there)[:20]) or '无'}")
        return {name: there[name] for name in request.targets}
    found = {name: there[name] for name in sorted(there) if not request.labels or set(request.labels) & set(there[name].block.labels)}
    if not found:
        raise BlockersFound(f"customer {request.customer} has nothing to inspect with these labels; add targets to the inventory or leave the labels out",
                            f"客户 {request.customer} 没有符合标签的巡检对象;请在清单中添加巡检对象,或不填标签")
    return found


def is_due(customer: str, procedure: str) -> bool:
    """Whether the quarter's inspection is still to be begun, by the customer's calendar (R058)."""
    people, begun = desk.customer(customer), _of_this_quarter(customer, procedure)
    zone = ZoneInfo(people.zone)
    return due(desk.now().astimezone(zone), begun.opened_at.astimezone(zone) if begun else None, people.holidays, people.made_up_days)[0]


def left_open(customer: str, procedure: str) -> str:
    """The quarter's inspection if its run died and nobody retried it; the next scheduled run takes it up. Empty if there is none."""
    begun = _of_this_quarter(customer, procedure)
    return begun.number if begun and not begun.closure else ""


def _of_this_quarter(customer: str, procedure: str) -> ChangeRow | None:
    """One that somebody asked for in between, of one host perhaps, is not the quarter's."""
    zone = ZoneInfo(desk.customer(customer).zone)
    since = datetime.combine(quarter_begins(desk.now().astimezone(zone).date()), datetime.min.time(), zone)
    rows = (desk.change(one.number) for one in inspections.begun_since(desk.archive(), customer, procedure, since))
    return next((row for row in rows if row.request.get("when") == "quarterly"), None)


def days_late(number: str) -> int:
    """By how many days a quarterly inspection began later than planned; the same whenever it is asked."""
    row = desk.change(number)
    if row.request.get("when") != "quarterly":
        return 0
    people = desk.customer(row.customer)
    return due(row.opened_at.astimezone(ZoneInfo(people.zone)), None, people.holidays, people.made_up_days)[1]


def inspection(number: str) -> Inspection:
    found = inspections.inspection_of(desk.archive(), number)
    if found is None:
        raise BlockersFound(f"there is no inspection {number}", f"没有编号为 {number} 的巡检")
    return found


def missing(number: str) -> list[str]:
    """The targets that are not read yet."""
    filed = inspections.targets_filed(desk.archive(), inspection(number))
    return [name for name in _names(number) if name not in filed]


def _names(number: str) -> list[str]:
    request = desk.change(number).request
    return request.get("targets") or [*request["hosts"], *request.get("databases", [])]


def handfuls(names: list[str], size: int = HANDFUL) -> list[list[str]]:
    return [names[start:start + size] for start in range(0, len(names), size)]


# --- read -----------------------------------------------------------------------------------------------------------------

def read_targets(number: str, names: list[str], say: Say, log_in: Callable[[str], None] | None = None) -> dict[str, int]:
    """Read these targets side by side and keep what they said; a target that cannot be read is kept with the reason.

    log_in: called right before a target is connected to; what it raises leaves the target unread, and is raised once the others are kept.
    Returns how many rows ended in which way.

    Raises:
        NoLeave: of a diagnosis, by whatever way it came here without a log_in that looks for the customer's leave.
    """
    this = inspection(number)
    if this.procedure == DIAGNOSIS and log_in is None:
        raise NoLeave(f"{number} is a diagnosis, which reads by the customer's leave only; take it up with: standfast resume {number}",
                      f"{number} 是远程诊断，仅凭客户的登录许可读取；请执行：standfast resume {number}")
    last = inspections.last_readings(desk.archive(), this, names)
    memory = _memory(last)
    there = _there(this)
    counted: dict[str, int] = {}
    waiting: list[tuple[TargetRead, str]] = []
    filed = inspections.targets_filed(desk.archive(), this)
    refused: ProcedureError | None = None
    with ThreadPoolExecutor(len(names)) as pool:
        running = [pool.submit(read_one, name, there.get(name), memory.get(name, {}), last[name].started_at if name in last else None, log_in)
                   for name in names if name not in filed]
        for future in as_completed(running):
            try:
                read, raw = future.result()
            except ProcedureError as problem:
                refused = problem
                continue
            waiting.append((read, raw))
            for row in read.rows:
                counted[row.outcome.value] = counted.get(row.outcome.value, 0) + 1
            if read.problem:
                say(f"{read.target}: {read.problem.en}")
            if len(waiting) >= KEEP_EVERY:
                _keep(this, waiting)
                waiting = []
    if waiting:
        _keep(this, waiting)
    if refused is not None:
        raise refused
    return counted


def _there(this: Inspection) -> dict[str, Target]:
    """What can be read, by name: all that the customer has, or what a diagnosis names."""
    if this.procedure == SECURITY:
        return security.targets(this.customer, security.profile_of(this.number))
    if this.procedure != DIAGNOSIS:
        return targets_of(this.procedure, this.customer)
    request = desk.change(this.number).request
    return targets_named(request["hosts"], request["databases"])


def last_rows(last: dict[str, Inspection]) -> Iterator[CheckRow]:
    """The rows of each target's last reading."""
    of: dict[int, tuple[Inspection, list[str]]] = {}
    for target, one in last.items():
        of.setdefault(one.id, (one, []))[1].append(target)
    for one, targets in of.values():
        yield from inspections.rows_of(desk.archive(), one, targets)


def _memory(last: dict[str, Inspection]) -> dict[str, dict[str, dict]]:
    """Last time's rows by target, check and object."""
    memory: dict[str, dict[str, dict]] = {}
    for row in last_rows(last):
        memory.setdefault(row.target, {}).setdefault(row.check, {})[row.object] = remembered(row)
    return memory


def check_limits(target: Target) -> None:
    """Find out before anything is read that customer's and target's limits fit.

    Raises:
        BlockersFound: a limit that no check has, or one that contradicts itself.
    """
    block, of_customer = target.block, desk.customer(target.block.customer).limits
    try:
        _merged(target.checks, of_customer, block.limits)
    except ValueError as problem:
        raise BlockersFound(f"{block.name}: {problem}", f"{block.name}:限值设置有矛盾({problem})") from problem
    known = {f"{check.id}.{limit}" for check in all_checks() for limit in check.limits}
    if strange := sorted((set(block.limits) | set(of_customer)) - known):
        raise BlockersFound(f"{block.name}: no check has the limit {strange[0]}; see the list with: standfast checks",
                            f"{block.name}:没有限值 {strange[0]};可用 standfast checks 查看全部")


def _merged(checks: Sequence[Check], of_customer: dict, of_target: dict) -> dict[str, Limits]:
    """The limits of every check: the check's own, the customer's, the target's; the last that says something wins."""
    if not of_customer and not of_target:
        return {check.id: check.limits for check in checks}
    return {check.id: limits_for(check, of_customer, of_target) for check in checks}


_places = threading.BoundedSemaphore(AT_ONCE)


def read_one(name: str, target: Target | None, memory: dict[str, dict], before_at: datetime | None,
             log_in: Callable[[str], None] | None) -> tuple[TargetRead, str]:
    """One target, by whatever way its kind is read."""
    if target is None:
        gone = Text(zh=f"清单中已没有 {name};请恢复该条目", en=f"{name} is no longer in the inventory; put its entry back")
        return TargetRead(target=name, kind="host", read_at=desk.now(), seconds=0, problem=gone), ""
    block, checks = target.block, target.checks
    limits = _merged(checks, desk.customer(block.customer).limits, block.limits)
    with _places:
        if log_in:
            log_in(name)
        began = time.monotonic()
        try:
            kept = _own_backup(name) if any(check.chapter == "backup" for check in checks) else {}
            return target.kind.read(block, checks, limits, lambda check: Known(
                now=desk.now(), before=memory.get(check, {}), before_at=before_at, expected=getattr(block, "expected", {}), **kept))
        except Exception as problem:  # what one target answers must never take the others' results with it
            what = redact(f"{type(problem).__name__}: {problem}".partition("\n")[0])[:200]
            return TargetRead(target=name, kind=target.read_as, read_at=desk.now(), seconds=time.monotonic() - began,
                              problem=Text(zh=f"对其应答的处理失败（{what}）；请将此情况告知开发者", en=f"reading it failed ({what}); tell the developers")), ""


def _own_backup(name: str) -> dict[str, Any]:
    """What checks may know of the backups that our own procedure keeps of this host."""
    backup, proof, not_proved = newest_proven(name)
    if backup is None or proof is None:
        return {"own_unproved": not_proved}
    return {"own_backup": OwnBackup(backup.number, backup.taken_at, proof.proved_at, not_proved)}


def _keep(this: Inspection, reads: list[tuple[TargetRead, str]]) -> None:
    """First the raw answers as evidence, then the rows: a target whose rows are there has its evidence, too."""
    archive = desk.archive()
    if any(raw for _, raw in reads):
        names = sorted(read.target for read, _ in reads)
        archive.file_evidence(this.number, f"answers-{names[0]}-{len(names)}.tar.gz", packed(reads), "application/gzip")
    inspections.file_targets(archive, this, [read for read, _ in reads])


def packed(reads: Iterable[tuple[TargetRead, str]]) -> bytes:
    """The raw answers, secrets removed, one file a target."""
    out = io.BytesIO()
    with gzip.GzipFile(fileobj=out, mode="wb", mtime=0, compresslevel=3) as zipped, tarfile.open(fileobj=zipped, mode="w") as tar:
        for read, raw in sorted(reads, key=lambda pair: pair[0].target):
            content = redact(raw).encode(errors="replace")
            member = tarfile.TarInfo(f"{read.target}.txt")
            member.size, member.mtime = len(content), int(read.read_at.timestamp())
            tar.addfile(member, io.BytesIO(content))
    return out.getvalue()


# --- what came of it ------------------------------------------------------------------------------------------------------

def share_read(number: str) -> float:
    """How much of the targets is read, 0 to 1."""
    return 1 - len(missing(number)) / max(1, len(_names(number)))


def grade(reads: Iterable[TargetRead], forecasts: Iterable[Forecast] = ()) -> Outcome:
    """The worst of all. A target that cannot be reached is critical; what could not be checked is no better than a warning."""
    found = {Outcome.CRITICAL if read.problem else row.outcome for read in reads for row in (read.rows or _NOTHING)}
    found |= {trend.grade(forecast) for forecast in forecasts}
    for outcome in (Outcome.CRITICAL, Outcome.WARNING, Outcome.UNKNOWN):
        if outcome in found:
            return outcome
    return Outcome.OK


_NOTHING = (CheckRow(target="", check="", outcome=Outcome.UNKNOWN, says=Text(zh="没有结果", en="nothing came of it")),)


def finish(number: str) -> dict:
    """Compare with last time, forecast, write the report, close, seal (R125, R179). What is done already is not done again.

    Returns {"grade", "says": one sentence, "table": one row a target, "page": what the run's page shows}.
    """
    from tasks.inspection_papers import record_of, send_report, summary_page, write_report

    archive = desk.archive()
    record = record_of(number)
    says = sentence(record)
    if not archive.change(number).closure:
        write_report(record)
        archive.close(number, Closure.SUCCESSFUL, says, record.finished_at)
        archive.note(number, "closed", closure="successful", reason=says.en)
    send_report(number)
    archive.seal(number, desk.now())
    return {"grade": record.grade.value, "says": says.en, "table": target_table(record), "page": summary_page(record)}


def sentence(record: InspectionRecord) -> Text:
    if isinstance(record, SecurityRecord):
        return security.sentence(record)
    counted = trend.counts(row for read in record.reads for row in read.rows)
    silent = sum(read.problem is not None for read in record.reads)
    critical, warning, unknown = (counted[one] for one in (Outcome.CRITICAL, Outcome.WARNING, Outcome.UNKNOWN))
    return Text(
        zh=f"共 {len(record.reads)} 个对象,{silent} 个无法连接;严重 {critical} 项,警告 {warning} 项,未能检查 {unknown} 项",
        en=f"{len(record.reads)} targets, {silent} not reached; {critical} critical, {warning} warnings, {unknown} not checked")


def target_table(record: InspectionRecord) -> list[dict[str, object]]:
    """One row a target, the worst first, for the run's page."""
    if isinstance(record, SecurityRecord):
        return security.target_table(record)
    rows = []
    for read in record.reads:
        counted = trend.counts(read.rows)
        rows.append({"target": read.target, "reached": "no" if read.problem else "yes", **{outcome.value: n for outcome, n in counted.items()},
                     "seconds": round(read.seconds, 1)})
    return sorted(rows, key=lambda row: (row["reached"], -row["critical"], -row["warning"], row["target"]))
