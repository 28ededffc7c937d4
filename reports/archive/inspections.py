"""The rows of all inspections, so that the next one can say what is new, worse, better, fixed, and when something will be full.

An inspection is registered, journalled and sealed like a change; here are only its targets and rows, which only grow.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, insert, select

from reports.archive.archive import Archive
from reports.archive.tables import ChangeTable, CheckRowTable, InspectionTable, TargetReadTable, whole
from reports.records import CheckRow, Outcome, TargetRead, Text

AT_ONCE = 2000  # rows of one INSERT, names of one question
EARLIER = 40    # inspections looked back
# What one is compared with: an inspection with its own kind only, so that what was read in between for a reason does not disturb the quarters.
COMPARED_WITH = {"remote-diagnosis": ("system-inspection", "database-inspection", "remote-diagnosis")}


@dataclass(frozen=True)
class Inspection:
    """One inspection of a customer. id: its place among all."""

    id: int
    number: str
    customer: str
    procedure: str
    started_at: datetime


@dataclass(frozen=True)
class Point:
    """One figure of one object at one time."""

    target: str
    check: str
    object: str
    at: datetime
    value: float
    capacity: float | None
    unit: str


def begin(archive: Archive, number: str, customer: str, procedure: str, started_at: datetime) -> Inspection:
    """Registers the inspection's rows; the one that is there already, if this was done before."""
    with archive.writing("inspections") as session:
        row = session.scalar(select(InspectionTable).where(InspectionTable.number == number))
        if row is None:
            row = InspectionTable(number=number, customer=customer, procedure=procedure, started_at=started_at)
            session.add(row)
            session.flush()
        return _inspection(row)


def file_targets(archive: Archive, inspection: Inspection, reads: Sequence[TargetRead]) -> None:
    """Keeps what became of these targets, all or none; a target that is kept already stays as it is."""
    with archive.writing(inspection.number) as session:
        known = set(session.scalars(select(TargetReadTable.target).where(TargetReadTable.inspection == inspection.id)))
        last = session.scalar(select(func.max(CheckRowTable.position)).where(CheckRowTable.inspection == inspection.id)) or 0
        targets, rows = [], []
        for read in reads:
            if read.target in known:
                continue
            known.add(read.target)
            targets.append({"inspection": inspection.id, "target": read.target, "kind": read.kind, "read_at": read.read_at, "seconds": read.seconds,
                            "problem_zh": read.problem.zh if read.problem else "", "problem_en": read.problem.en if read.problem else "",
                            "about": json.dumps(read.about, ensure_ascii=False, sort_keys=True)})
            for row in read.rows:
                last += 1
                rows.append({"inspection": inspection.id, "position": last, "target": row.target, "check": row.check, "object": whole(row.object),
                             "outcome": row.outcome.value, "value": row.value, "unit": row.unit, "capacity": row.capacity,
                             "says_zh": row.says.zh, "says_en": row.says.en, "evidence": row.evidence})
        if targets:
            session.execute(insert(TargetReadTable.__table__), targets)
        for start in range(0, len(rows), AT_ONCE):
            # into the table, not the class: keeping account of each object would take most of the time
            session.execute(insert(CheckRowTable.__table__), rows[start:start + AT_ONCE])


def targets_filed(archive: Archive, inspection: Inspection) -> set[str]:
    with archive.reading() as session:
        return set(session.scalars(select(TargetReadTable.target).where(TargetReadTable.inspection == inspection.id)))


def reads_of(archive: Archive, inspection: Inspection) -> tuple[TargetRead, ...]:
    """All targets with their rows, in the order of their names."""
    rows: dict[str, list[CheckRow]] = {}
    for row in rows_of(archive, inspection):
        rows.setdefault(row.target, []).append(row)
    with archive.reading() as session:
        found = session.scalars(select(TargetReadTable).where(TargetReadTable.inspection == inspection.id).order_by(TargetReadTable.target)).all()
    return tuple(TargetRead(target=t.target, kind=t.kind, read_at=t.read_at, seconds=t.seconds, about=json.loads(t.about),
                            problem=Text(zh=t.problem_zh, en=t.problem_en) if t.problem_en else None, rows=tuple(rows.get(t.target, ())))
                 for t in found)


def rows_of(archive: Archive, inspection: Inspection, targets: Iterable[str] | None = None) -> Iterator[CheckRow]:
    """The rows in the order in which they were filed; of some targets only, if they are named."""
    columns = (CheckRowTable.target, CheckRowTable.check, CheckRowTable.object, CheckRowTable.outcome, CheckRowTable.value, CheckRowTable.unit,
               CheckRowTable.capacity, CheckRowTable.says_zh, CheckRowTable.says_en, CheckRowTable.evidence)
    query = select(*columns).where(CheckRowTable.inspection == inspection.id).order_by(CheckRowTable.position)
    if targets is not None:
        query = query.where(CheckRowTable.target.in_(list(targets)))
    with archive.reading() as session:
        for target, check, name, outcome, value, unit, capacity, zh, en, evidence in session.execute(query):
            # Filed by us and valid then; validating millions of rows again would be most of the work.
            yield CheckRow.model_construct(target=target, check=check, object=name, outcome=Outcome(outcome), value=value, unit=unit,
                                           capacity=capacity, says=Text.model_construct(zh=zh, en=en), evidence=evidence)


def inspection_of(archive: Archive, number: str) -> Inspection | None:
    with archive.reading() as session:
        row = session.scalar(select(InspectionTable).where(InspectionTable.number == number))
        return _inspection(row) if row else None


def before(archive: Archive, inspection: Inspection) -> Inspection | None:
    """The customer's last finished inspection of the same kind before this one."""
    query = (select(InspectionTable).join(ChangeTable, ChangeTable.number == InspectionTable.number)
             .where(InspectionTable.customer == inspection.customer, InspectionTable.procedure == inspection.procedure,
                    InspectionTable.id < inspection.id, ChangeTable.closure.is_not(None))
             .order_by(InspectionTable.id.desc()).limit(1))
    with archive.reading() as session:
        row = session.scalar(query)
        return _inspection(row) if row else None


def last_readings(archive: Archive, inspection: Inspection, targets: Iterable[str]) -> dict[str, Inspection]:
    """For each of these targets the customer's last finished inspection of the same kind in which it was reached; for a diagnosis, of any kind.

    Not simply the last inspection: that may have been of a few targets only, or have missed this one.
    """
    found: dict[str, int] = {}
    with archive.reading() as session:
        earlier = {row.id: row for row in session.scalars(
            select(InspectionTable).join(ChangeTable, ChangeTable.number == InspectionTable.number)
            .where(InspectionTable.customer == inspection.customer,
                   InspectionTable.procedure.in_(COMPARED_WITH.get(inspection.procedure, (inspection.procedure,))),
                   InspectionTable.id < inspection.id, ChangeTable.closure.is_not(None)).order_by(InspectionTable.id.desc()).limit(EARLIER))}
        wanted = list(targets)
        for start in range(0, len(wanted), AT_ONCE):
            query = (select(TargetReadTable.target, func.max(TargetReadTable.inspection))
                     .where(TargetReadTable.inspection.in_(earlier), TargetReadTable.target.in_(wanted[start:start + AT_ONCE]),
                            TargetReadTable.problem_en == "")
                     .group_by(TargetReadTable.target))
            found |= {target: one for target, one in session.execute(query)}
        return {target: _inspection(earlier[one]) for target, one in found.items()}


def newest(archive: Archive, customer: str, procedure: str) -> Inspection | None:
    """The customer's newest inspection of this kind, finished or not."""
    query = (select(InspectionTable).where(InspectionTable.customer == customer, InspectionTable.procedure == procedure)
             .order_by(InspectionTable.id.desc()).limit(1))
    with archive.reading() as session:
        row = session.scalar(query)
        return _inspection(row) if row else None


def begun_since(archive: Archive, customer: str, procedure: str, since: datetime) -> list[Inspection]:
    """The customer's inspections of this kind since then, finished or not, the newest first."""
    query = (select(InspectionTable).where(InspectionTable.customer == customer, InspectionTable.procedure == procedure,
                                           InspectionTable.started_at >= since).order_by(InspectionTable.id.desc()))
    with archive.reading() as session:
        return [_inspection(row) for row in session.scalars(query)]


def points(archive: Archive, inspection: Inspection, last: int = EARLIER) -> list[Point]:
    """The figures with a capacity of this inspection and of the customer's `last` ones before it, oldest first."""
    with archive.reading() as session:
        ids = {row.id: row.started_at for row in session.scalars(
            select(InspectionTable).where(InspectionTable.customer == inspection.customer, InspectionTable.procedure == inspection.procedure,
                                          InspectionTable.id <= inspection.id).order_by(InspectionTable.id.desc()).limit(last))}
        query = (select(CheckRowTable.inspection, CheckRowTable.target, CheckRowTable.check, CheckRowTable.object, CheckRowTable.value,
                        CheckRowTable.capacity, CheckRowTable.unit)
                 .where(CheckRowTable.inspection.in_(ids), CheckRowTable.capacity.is_not(None), CheckRowTable.value.is_not(None)))
        found = [Point(target, check, name, ids[one], value, capacity, unit) for one, target, check, name, value, capacity, unit in session.execute(query)]
    return sorted(found, key=lambda point: point.at)


def _inspection(row: InspectionTable) -> Inspection:
    return Inspection(row.id, row.number, row.customer, row.procedure, row.started_at)
