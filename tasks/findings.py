"""Findings of an inspection on their hosts: read anew by the inspection's own checks, so that nobody mends what is well, or calls well what is not."""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from blocks import lookup
from blocks.host_access import HostAccess
from reports.archive import UnknownChange, inspections
from reports.records import Acceptance, CheckRow, Health, Outcome, Text, same
from tasks import desk
from tasks.checks.catalogue import all_checks, limits_for
from tasks.checks.kinds import Check, DatabaseCheck, HostCheck, Known, Limits
from tasks.checks.reading import Reading, host_script, object_of, readings
from tasks.controls.catalogue import all_controls
from tasks.controls.kinds import Control
from tasks.controls.profile import bounds_of, excepted_by
from tasks.databases import readings_of
from tasks.errors import BlockersFound, HostUnreachable, OutOfTime
from tasks.redaction import redact
from tasks.remote import connected

HOST_LIMIT_S = 300  # for a host's whole answer
PAUSE_S = 2.0
BAD = (Outcome.CRITICAL, Outcome.WARNING)


def findings_of(number: str, customer: str = "") -> list[CheckRow]:
    """What the inspection, or the diagnosis, found fault with, in the order in which it was filed.

    Raises:
        BlockersFound: there is no such inspection, or it is another customer's.
    """
    return _rows(number, customer, BAD)


def unread_of(number: str, customer: str = "") -> list[CheckRow]:
    """What it could not read; raises as `findings_of`."""
    return _rows(number, customer, (Outcome.UNKNOWN,))


def _rows(number: str, customer: str, outcomes: Sequence[Outcome]) -> list[CheckRow]:
    this = inspections.inspection_of(desk.archive(), number)
    if this is None:
        raise _none_of(number)
    if customer and this.customer != customer:
        raise BlockersFound(f"{number} is of customer {this.customer}, not of {customer}",
                            f"{number} 属于客户 {this.customer}，不属于 {customer}")
    today = desk.now().astimezone(desk.customer(this.customer).time_zone()).date()
    profile = desk.customer(this.customer).baseline.record()
    # What the customer has excepted since a security check is left alone, too.
    return [row for row in inspections.rows_of(desk.archive(), this) if row.outcome in outcomes
            and not ((exception := excepted_by(row, profile)) and today <= exception.expires)]


def _none_of(number: str) -> BlockersFound:
    """What is said of a number that belongs to nothing that finds faults."""
    try:
        procedure = desk.change(number).procedure
    except UnknownChange:
        what, zh = ("security check", "安全检查") if number.startswith("SEC-") else ("inspection", "巡检或诊断")
        example = "SEC-20261123-001" if number.startswith("SEC-") else "INS-20261123-001"
        return BlockersFound(f"there is no {what} {number}; its number stands in the report, for example {example}",
                             f"没有编号为 {number} 的{zh}；编号见其报告，形如 {example}")
    return BlockersFound(f"{number} is a {procedure}, which finds no faults; name an inspection (INS-), a diagnosis (DIA-) or a security check (SEC-)",
                         f"{number} 属于流程 {procedure}，不产生问题清单；请填写巡检（INS-）、诊断（DIA-）或安全检查（SEC-）的编号")


def require_read(number: str, targets: Sequence[str]) -> None:
    """Raises BlockersFound: one of these is no target that the inspection looked at."""
    read = [one.target for one in inspections.reads_of(desk.archive(), inspections.inspection_of(desk.archive(), number))] if targets else []
    if strange := [name for name in targets if name not in read]:
        some = sorted(read)[:20]
        raise BlockersFound(f"{strange[0]} is none of the targets that {number} looked at; those are: {', '.join(some) or 'none'}",
                            f"{strange[0]} 不在 {number} 的检查对象之内；其对象为：{'、'.join(some) or '无'}")


def customer_of(number: str) -> str:
    """Whose inspection it is; raises as `findings_of`."""
    findings_of(number)
    return inspections.inspection_of(desk.archive(), number).customer


def read_again(host: HostAccess, checks: Sequence[HostCheck], judged_as: HostAccess | None = None) -> dict[str, Reading]:
    """These checks as an inspection asks and judges them, in one round trip, by id; nothing is changed. What was so last time plays no part.

    judged_as: the host whose expectations and limits count, where `host` only stands in for it.
    """
    block, nonce = judged_as or host, secrets.token_hex(12)
    with connected(host) as remote:
        answer = remote.run(host_script(checks, nonce, block.expected), timeout_s=HOST_LIMIT_S)
    limits = {check.id: _limits(check, block.customer, block.limits) for check in checks}
    baseline = desk.customer(block.customer).baseline
    return readings(answer.out, nonce, checks, limits,
                    {check.id: Known(now=desk.now(), expected=block.expected, limits=limits[check.id], account=block.user, banner=tuple(baseline.banner),
                                     log_host=baseline.log_host) for check in checks})


def _limits(check: Check, customer: str, own: dict[str, Any]) -> Limits:
    """What a check is judged by: the customer's and the host's limits, or a control's bounds by the customer's profile as it is today."""
    if isinstance(check, Control):
        return bounds_of(check, desk.customer(customer).baseline.record())  # type: ignore[arg-type,return-value]
    return limits_for(check, desk.customer(customer).limits, own)


def known_checks() -> tuple[Check, ...]:
    """The checks of inspections, and the controls of the security baseline."""
    return (*all_checks(), *all_controls())


@dataclass(frozen=True)
class Place:
    """Where a database server is mended: on this host, at this port."""

    host: str
    port: int


LOOPBACK = ("127.0.0.1", "::1", "localhost")


def place_of(database: str) -> Place | None:
    """The host that a database server runs on, if the inventory says so: it is reached through that host, at the host's own loopback."""
    try:
        access = lookup.find_database(database)
    except lookup.UnknownName:
        return None
    return Place(access.through, access.port) if access.through and access.address in LOOPBACK else None


def read_database_again(name: str, checks: Sequence[DatabaseCheck]) -> dict[str, Reading]:
    """These checks of a database server as an inspection asks and judges them, by id. Raises HostUnreachable."""
    access = lookup.find_database(name)
    limits = {check.id: _limits(check, access.customer, access.limits) for check in checks}
    return readings_of(access, checks, limits, Known(now=desk.now(), expected=access.expected))


def _same_machine(host: HostAccess, target: HostAccess) -> bool:
    return (host.address, host.port, host.host_key) == (target.address, target.port, target.host_key)


def _read_promised(host: HostAccess, target: HostAccess, promised: Sequence[Acceptance]) -> dict[tuple[str, str], Reading]:
    """What the checks say now, by database ("" for the host) and check."""
    found: dict[tuple[str, str], Reading] = {}
    for database in sorted({one.database for one in promised}):
        asked = {one.check for one in promised if one.database == database}
        checks = [check for check in known_checks() if check.id in asked]
        read = read_database_again(database, checks) if database else read_again(host, checks, judged_as=target)  # type: ignore[arg-type]
        found |= {(database, check): reading for check, reading in read.items()}
    return found


def gone(host: HostAccess, promised: Sequence[Acceptance]) -> tuple[Health, ...]:
    """Whether the findings are gone, by their own checks: until they were for long enough, at most as long as they may take to settle.

    On a stand-in no database is asked: the account of inspections is the live server's.
    """
    target = desk.host(promised[0].target)
    promised = [one for one in promised if not one.database or _same_machine(host, target)]
    if not promised:
        return ()
    steady_s, end = max(one.steady_s for one in promised), time.monotonic() + max(one.within_s for one in promised)
    good_since = float("inf")
    while True:
        try:
            found = _read_promised(host, target, promised)
            answers = tuple(_health(acceptance, found.get((acceptance.database, acceptance.check))) for acceptance in promised)
        except (HostUnreachable, OutOfTime) as problem:  # a connection that broke is opened anew
            answers = tuple(Health(title=acceptance.title, ok=False, detail=problem.text) for acceptance in promised)
        now = time.monotonic()
        good_since = min(good_since, now) if all(answer.ok for answer in answers) else float("inf")
        if now - good_since >= steady_s or now >= end and good_since > now:
            return answers
        time.sleep(PAUSE_S)


def _health(promised: Acceptance, reading: Reading | None) -> Health:
    if reading is None:
        return Health(title=promised.title, ok=False, detail=Text(zh=f"没有检查项 {promised.check}", en=f"there is no check {promised.check}"))
    here = [row for row in reading.rows if object_of(row) in promised.objects]
    # A check that could not be read proves nothing, whichever object it was to speak of.
    bad = [row for row in here if row.outcome in BAD] + [row for row in reading.rows if row.outcome is Outcome.UNKNOWN]
    said = (bad or here or list(reading.rows))[:3]
    detail = Text(zh="；".join(redact(row.zh) for row in said)[:500], en="; ".join(redact(row.en) for row in said)[:500])
    return Health(title=promised.title, ok=not bad, detail=detail if said else same("-"))
