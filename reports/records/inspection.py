"""What an inspection finds: one row for every object of every check, and what became of every target."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from reports.records.base import NOTHING, Moment, Record, Said, Text


class Outcome(StrEnum):
    """How a check ended for one object. There is no other way, and none is silently missing."""

    OK = "ok"
    WARNING = "warning"
    CRITICAL = "critical"
    UNKNOWN = "unknown"              # could not be read or understood; the row says why
    NOT_APPLICABLE = "not applicable"  # there is nothing of the kind; the row says what is not there
    EXCEPTED = "excepted"            # a control fails, and the customer accepted that for a time; the row says who, why and until when

    @property
    def weight(self) -> int:
        """For "the worst of": critical, warning, unknown, excepted, ok, not applicable. What is not known may be bad, and is no alarm."""
        return {"critical": 5, "warning": 4, "unknown": 3, "excepted": 2, "ok": 1, "not applicable": 0}[self.value]


class CheckRow(Record):
    """What one check says of one object of one target.

    object: what of the target is meant (a mount point, a unit, schema.table), the same in every inspection; empty: the target as a whole.
    value, unit, capacity: the figure judged, and for things that can become full the figure at which they are; None where there is none.
    says: the finding in one sentence. evidence: the lines it rests on, at most a few, secrets removed.
    """

    target: str
    check: str
    object: str = ""
    outcome: Outcome
    value: float | None = None
    unit: str = ""
    capacity: float | None = None
    says: Text
    evidence: str = ""


class TargetRead(Record):
    """What became of one target of an inspection. problem: why it could not be read; empty if it was."""

    target: str
    kind: Literal["host", "postgresql", "mysql", "network", "web"]
    read_at: Moment
    seconds: float
    problem: Text | None = None
    about: dict[str, str] = {}  # what it is, for its page in the report: system, version, cores, memory
    rows: tuple[CheckRow, ...] = ()


class LimitAbout(Record):
    """Where a figure becomes a warning and where critical; None: never. over: by being more; False: by being less."""

    warning: float | None = None
    critical: float | None = None
    unit: str = ""
    source: Said = NOTHING
    over: bool = True


class CheckAbout(Record):
    """What the report says of a check. limits: by name; chapter, objects: as in tasks/checks/kinds.py."""

    id: str
    title: Text
    chapter: str
    remedy: Text
    source: Said
    clause: str = ""
    limits: dict[str, LimitAbout] = {}
    operation: str = ""  # the procedure whose plan mends this; empty: work by hand
    objects: dict[str, str] = {}


class Development(Record):
    """What became of a finding since the last inspection. gone: its object is no longer there."""

    target: str
    check: str
    object: str
    change: Literal["new", "worse", "better", "fixed", "same", "gone"]


class FullForecast(Record):
    """When an object will be full. days from the reading; earliest and latest by the steep and the flat slope; None: not in sight.

    history: points in time with their figure, oldest first, for the chart.
    """

    target: str
    check: str
    object: str
    unit: str
    value: float
    capacity: float
    per_day: float
    days: float | None
    earliest: float | None
    latest: float | None
    history: tuple[tuple[Moment, float], ...] = ()


class InspectionRecord(Record):
    """All that the inspection report says.

    reads: every target that was asked for, reached or not. last_number, last_at: the inspection it is compared with; None: the first.
    late_days: by how many days it began later than planned.
    """

    number: str
    procedure: Literal["system-inspection", "database-inspection", "remote-diagnosis", "security-check"]
    customer: str
    customer_name: Text
    provider_name: Text
    language: Literal["zh", "en"]
    contract: str = ""
    requester: str
    operator: str = ""
    reason: str
    opened_at: Moment
    finished_at: Moment
    late_days: int = 0
    grade: Outcome
    reads: tuple[TargetRead, ...]
    checks: tuple[CheckAbout, ...]
    last_number: str = ""
    last_at: Moment | None = None
    developments: tuple[Development, ...] = ()
    forecasts: tuple[FullForecast, ...] = ()
