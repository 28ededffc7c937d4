"""Which changes put right what an inspection found: one corrective maintenance for what checks say how to mend, one software upgrade for updates, a
capacity expansion for each thing that becomes full; and what a security check found: one security hardening."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import BaseModel

from reports.records import CheckRow
from tasks.checks.kinds import CORRECTIONS, TUNING, mender_of, operation_of
from tasks.controls.kinds import HARDENING
from tasks.findings import customer_of, findings_of, known_checks, require_read
from tasks.planning.corrections import chosen
from tasks.procedures import capacity_expansion, corrective_maintenance, security_hardening, software_upgrade

UPGRADE, EXPANSION = (module.__name__.rpartition(".")[2].replace("_", "-") for module in (software_upgrade, capacity_expansion))


@dataclass(frozen=True)
class Opening:
    """A change that could be opened, and the findings that it puts right."""

    procedure: str
    request: BaseModel
    findings: tuple[CheckRow, ...]


def openings(number: str, wishes: Sequence[str], targets: Sequence[str], reason: str = "", **people: object) -> tuple[list[Opening], list[CheckRow]]:
    """The changes for these findings (all, if none is wished for), and the findings that are left to people.

    wishes: as in the form of corrective maintenance: a check's id, with a host, with an object. reason: empty: the inspection's number.
    people: requester, operator and what else the forms of both procedures have.

    Raises:
        BlockersFound: no such inspection or finding, or nothing that a procedure puts right.
    """
    checks = {check.id: check for check in known_checks()}
    people = {"customer": customer_of(number), "reason": reason or number, **people}  # the number is the same in both languages
    require_read(number, targets)
    rows = [row for row in findings_of(number) if not targets or row.target in targets]
    if number.startswith("SEC-"):
        form = security_hardening.Request(inspection=number, findings=list(wishes), targets=list(targets), **people)
        hardening = Opening(HARDENING, security_hardening.complete(form), tuple(chosen(rows, wishes, targets, checks)))
        return [hardening], [row for row in rows if row.check not in checks or not mender_of(checks[row.check])] if not wishes else []
    # A tuning needs a load to be judged by, which only a person can name: so these are left to people here.
    by = {row: operation if row.check in checks and (operation := operation_of(checks[row.check])) != TUNING else "" for row in rows}
    updates = [wish for wish in wishes if (check := checks.get(wish.split(" ")[0])) and operation_of(check) == UPGRADE]
    grown = [wish for wish in wishes if (check := checks.get(wish.split(" ")[0])) and operation_of(check) == EXPANSION]
    others = [wish for wish in wishes if wish not in (*updates, *grown)]
    found: list[Opening] = []
    if others or not wishes and (CORRECTIONS in by.values() or not {UPGRADE, EXPANSION} & set(by.values())):
        request = corrective_maintenance.complete(corrective_maintenance.Request(inspection=number, findings=others, targets=list(targets), **people))
        found.append(Opening(CORRECTIONS, request, tuple(chosen(rows, others, targets, checks))))
    waiting = [row for row in rows if by[row] == UPGRADE and (not wishes or any(_meant(wish, row) for wish in updates))]
    if waiting:
        hosts = list(dict.fromkeys(row.target for row in waiting))
        found.append(Opening(UPGRADE, software_upgrade.Request(hosts=hosts, kind="packages", scope="security", **people), tuple(waiting)))
    elif updates:
        chosen(rows, updates[:1], targets, {})  # says that there is no such finding
    for wish in grown:
        if not any(_meant(wish, row) for row in rows):
            chosen(rows, [wish], targets, {})
    full = [row for row in rows if by[row] == EXPANSION and (not wishes or any(_meant(wish, row) for wish in grown))]
    found += [Opening(EXPANSION, _expansion(number, row, people), (row,)) for row in full]
    return found, [row for row in rows if not by[row]] if not wishes else []


def _expansion(number: str, row: CheckRow, people: dict) -> BaseModel:
    finding = f"{row.check} {row.target} {row.object}".strip()
    return capacity_expansion.complete(capacity_expansion.Request(inspection=number, finding=finding, **people))


def _meant(wish: str, row: CheckRow) -> bool:
    check, target, name = (*wish.split(" ", 2), "", "")[:3]
    return check == row.check and target in ("", row.target) and name in ("", row.object)
