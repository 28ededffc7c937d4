"""What a hardening comes to: the whole baseline read before and after it, what was planned, what remains and why."""

from __future__ import annotations

from typing import Literal

from reports.records.base import NOTHING, Record, Said
from reports.records.inspection import CheckRow, Outcome, TargetRead
from reports.records.security import BaselineProfile, SecurityRecord


class BaselineReading(Record):
    """The whole baseline of one target at one moment of a change. profile: by which it was judged."""

    profile: BaselineProfile
    read: TargetRead


class HardenedControl(Record):
    """A control of the plan on one target. host: where it is mended, which is another name where the target is a database.

    objects: those that are mended. steps: numbers of the steps that mend it. before, after: the worst of these objects; None: not read.
    """

    control: str
    target: str
    host: str
    objects: tuple[str, ...]
    steps: tuple[int, ...] = ()
    before: Outcome | None = None
    after: Outcome | None = None


class RemainingControl(Record):
    """A control that fails after the change, wherever it does for the same reason. rows: what was found there.

    reason: "taken back" with the change; "held up" when the plan was made, for `why`; "people" have to mend it; "not asked" for in this change;
        "still" fails although it was mended; "new": it is none of the security check's findings.
    """

    control: str
    rows: tuple[CheckRow, ...]
    reason: Literal["taken back", "held up", "people", "not asked", "still", "new"]
    why: Said = NOTHING


class Hardening(Record):
    """check: the security check whose findings were to be mended. takes_back: the hardening that this change takes back; empty: it is one itself.

    now: the baseline after the change, with the one before it as its last; where nothing was carried out, the one before.
    done: it was carried out and stands. Scores are of the targets that were read both times.
    """

    check: str
    takes_back: str = ""
    done: bool
    now: SecurityRecord
    controls: tuple[HardenedControl, ...]
    remaining: tuple[RemainingControl, ...]
