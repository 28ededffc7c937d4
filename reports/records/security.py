"""What a security check finds beside its rows: by which profile it judged, how each control is asked for, and the score."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Literal

from pydantic import Field

from reports.records.base import NOTHING, Record, Said, Text
from reports.records.inspection import CheckAbout, CheckRow, InspectionRecord, Outcome


class ControlException(Record):
    """What the customer accepts for a time although a control fails. targets: empty for all; object: as in its row, empty for all of the control's.

    expires: the last day on which it counts, by the customer's calendar.
    """

    control: str
    targets: tuple[str, ...] = ()
    object: str = ""
    reason: str
    approver: str
    expires: date


class BaselineProfile(Record):
    """What the customer is measured by. limits: own figures by "<control>.<bound>". banner: own lines of the warning before a log-in.

    log_host: address and port to which logs are copied; empty: none is known.
    """

    level: Literal[2, 3] = 2
    exceptions: tuple[ControlException, ...] = ()
    limits: dict[str, float] = {}
    banner: tuple[str, ...] = Field(default=(), exclude_if=lambda value: not value)
    log_host: str = Field(default="", exclude_if=lambda value: not value)


class BoundAbout(Record):
    """A figure of a control. own: set by the customer; usual: what it would be otherwise."""

    figure: float
    unit: str = ""
    most: bool = True
    source: Said = NOTHING
    own: bool = False
    usual: float | None = None


class ControlAbout(CheckAbout):
    """What the report says of a control. chapter holds its family; clauses, rule, cis: as in tasks/controls/kinds.py."""

    severity: Literal["low", "medium", "high"]
    level: Literal[2, 3] = 2
    clauses: tuple[str, ...] = ()
    rule: str = ""
    cis: str = ""
    bounds: dict[str, BoundAbout] = {}
    risk: Literal["low", "medium", "high"] = "low"
    breaks: Text = NOTHING
    cuts_off: bool = False


class LeftOff(Record):
    """A rule that references ask for and that is left off on purpose."""

    rule: str
    title: Text
    why: Text


class Score(Record):
    """How many controls ended in which way on a target (empty: on all together), and what that comes to.

    points, of: the weight of the controls that passed, and of all that passed, failed or are not known.
    strict_of: the same with those that are excepted, which did not pass either.
    """

    target: str = ""
    passed: int = 0
    failed: int = 0
    unknown: int = 0
    excepted: int = 0
    not_applicable: int = 0
    points: int = 0
    of: int = 0
    strict_of: int = 0

    @property
    def score(self) -> float | None:
        """0 to 100; None where nothing could be judged."""
        return 100 * self.points / self.of if self.of else None

    @property
    def strict(self) -> float | None:
        """As if there were no exceptions."""
        return 100 * self.points / self.strict_of if self.strict_of else None


def results(rows: Iterable[CheckRow]) -> dict[tuple[str, str], Outcome]:
    """How each control ended on each target: the worst of its rows."""
    worst: dict[tuple[str, str], Outcome] = {}
    for row in rows:
        key = row.target, row.check
        if key not in worst or worst[key].weight < row.outcome.weight:
            worst[key] = row.outcome
    return worst


class SecurityRecord(InspectionRecord):
    """All that the report of a security check says. checks: controls. checked_on: the day by the customer's calendar.

    scores: of each target that was read. last_scores: of the same targets by their last check, weighed as today; last_level: its level, 0: none.
    """

    checks: tuple[ControlAbout, ...]
    profile: BaselineProfile
    checked_on: date
    left_off: tuple[LeftOff, ...] = ()
    score: Score
    scores: tuple[Score, ...]
    last_score: Score | None = None
    last_scores: tuple[Score, ...] = ()
    last_level: int = 0
