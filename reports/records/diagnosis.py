"""A remote diagnosis: what the customer gave leave to look at, what was seen around the time of the problem, what it may mean (R103-R114)."""

from __future__ import annotations

from typing import Literal

from reports.records.base import NOTHING, Moment, Record, Said, Text
from reports.records.change import Approval, ApprovalRequest
from reports.records.inspection import InspectionRecord, Outcome


class AccessScope(Record):
    """What the customer gives leave to look at. Its fingerprint is what the leave is for: exactly this and nothing else (R104).

    passed: hosts whose SSH only carries the connection to a database. leave_hours: for how long the leave lasts from when it is given.
    """

    change: str
    customer: str
    hosts: tuple[str, ...]
    databases: tuple[str, ...]
    passed: tuple[str, ...] = ()
    problem: str
    happened_at: Moment
    span_from: Moment
    span_until: Moment
    leave_hours: float


class Leave(Record):
    """The customer's leave to log in: who gave it, how, when, who took it down, until when it holds. digest: of the scope."""

    change: str
    digest: str
    given_by: str
    post: str = ""
    how: Literal["phone", "mail", "paper", "form", "link"]
    given_at: Moment
    taken_by: str = ""
    valid_until: Moment


class LogFile(Record):
    """One log that was read around the time. lines: kept; cut: left out because there were too many; timed: whether its lines say when they were written."""

    path: str
    lines: int
    cut: int = 0
    timed: bool = True


class LogsRead(Record):
    """What became of the logs of one host. problem: why they could not be read. evidence: the name under which they are filed.

    missing: parts that the host could not give, with the reason. offset_s: its time zone, seconds east of UTC.
    """

    target: str
    read_at: Moment
    seconds: float
    problem: Text | None = None
    evidence: str = ""
    offset_s: int = 0
    zone: str = ""
    files: tuple[LogFile, ...] = ()
    missing: dict[str, Text] = {}


class Sighting(Record):
    """Lines of one kind in one log: how many, when, and one of them. minutes: count by minute, oldest first.

    began: against the time of the problem: "before" shortly before or with it, "after", "already" at the beginning of the span,
        "unknown" where the lines do not say when.
    """

    target: str
    sign: str
    title: Text
    severity: Literal["critical", "warning", "info"]
    source: str
    count: int
    first_at: Moment | None = None
    last_at: Moment | None = None
    began: Literal["before", "after", "already", "unknown"] = "unknown"
    example: Said
    minutes: tuple[tuple[Moment, int], ...] = ()


class RecentChange(Record):
    """What was changed on a target before the problem: by Standfast, by a package, a file in /etc, somebody who logged in."""

    target: str
    at: Moment
    kind: Literal["standfast", "package", "file", "restart"]
    what: Text
    number: str = ""  # of our own change


class Proposal(Record):
    """Advice. way: what comes next: a change through the one lifecycle, a setting, more looking, or a visit (R113). procedure: of the catalogue."""

    text: Text
    way: Literal["change", "setting", "restart", "observe", "on site"]
    procedure: str = ""


class Cause(Record):
    """What is suspected, never more. grounds: how much speaks for it: 3 much, 2 some, 1 little. evidence: lines, each with its target."""

    id: str
    title: Text
    means: Text
    targets: tuple[str, ...]
    grounds: int
    severity: Literal["critical", "warning"]
    proposals: tuple[Proposal, ...]
    evidence: tuple[Said, ...] = ()
    because: tuple[Text, ...] = ()
    source: str = ""


class Solution(Record):
    """What became of the problem (R112). agreed_by: who agreed for the customer before it was carried out (R111). changes: numbers by which it was."""

    change: str
    text: str
    outcome: Literal["solved", "not solved", "on site"]
    by: str
    at: Moment
    agreed_by: str = ""
    changes: tuple[str, ...] = ()


class Precedent(Record):
    """An earlier diagnosis that suspected the same, and how that ended: the problem base answers."""

    number: str
    at: Moment
    causes: tuple[str, ...]
    solution: Solution


class DiagnosisRecord(Record):
    """All that the diagnosis report says. readings: the checks, as an inspection has them. refusal: the answer that was no leave."""

    number: str
    customer: str
    language: Literal["zh", "en"]
    customer_name: Text
    provider_name: Text
    contract: str = ""
    requester: str
    operator: str = ""
    engineer: str = ""
    reference: str = ""
    opened_at: Moment
    finished_at: Moment
    scope: AccessScope
    leaves: tuple[Leave, ...] = ()
    asked: tuple[ApprovalRequest, ...] = ()
    refusal: Approval | None = None
    stopped: Text = NOTHING  # why the diagnosis ended before its end
    in_warranty: bool | None = None
    readings: InspectionRecord
    logs: tuple[LogsRead, ...] = ()
    sightings: tuple[Sighting, ...] = ()
    recent: tuple[RecentChange, ...] = ()
    causes: tuple[Cause, ...] = ()
    precedents: tuple[Precedent, ...] = ()
    solutions: tuple[Solution, ...] = ()
    grade: Outcome
