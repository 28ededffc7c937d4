"""What an inspection found, put in order: grouped over targets, worst first, by chapter. Linear in the rows; pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from reports.records import CheckAbout, CheckRow, Development, FullForecast, InspectionRecord, Outcome, TargetRead, Text

SYSTEM = ("hardware", "log", "cluster", "storage", "configuration", "backup", "resources", "network", "middleware")
DATABASE = ("running", "db log", "db backup", "space", "db resources", "growth", "objects", "tuning")
ORDER = (*SYSTEM, *DATABASE)
GRADES = (Outcome.OK, Outcome.WARNING, Outcome.CRITICAL, Outcome.UNKNOWN, Outcome.NOT_APPLICABLE)
BAD = (Outcome.CRITICAL, Outcome.WARNING)
CHANGES = ("new", "worse", "better", "fixed", "gone", "same")
BYTES = {"bytes": 1, "B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40}


def share(row: CheckRow | FullForecast) -> float | None:
    """How full, in per cent; None: no such thing."""
    return 100 * row.value / row.capacity if row.value is not None and row.capacity and row.capacity > 0 else None


@dataclass(frozen=True)
class Group:
    """All rows of one check with one outcome, the fullest first."""

    check: CheckAbout
    outcome: Outcome
    rows: tuple[CheckRow, ...]

    @property
    def targets(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(row.target for row in self.rows))


class Findings:
    def __init__(self, record: InspectionRecord) -> None:
        self.record = record
        self.reached = [read for read in record.reads if read.problem is None]
        self.unreached = [read for read in record.reads if read.problem is not None]
        self.checks = {check.id: check for check in record.checks}
        self.rows: list[CheckRow] = [row for read in record.reads for row in read.rows]
        self.outcomes = Counter(row.outcome for row in self.rows)
        self.changes = {(d.target, d.check, d.object): d.change for d in record.developments}
        sorted_rows: dict[tuple[str, Outcome], list[CheckRow]] = {}
        for row in self.rows:
            sorted_rows.setdefault((row.check, row.outcome), []).append(row)
        self._groups = [
            Group(self.about(check), outcome, tuple(sorted(rows, key=lambda row: -(share(row) or 0))))
            for (check, outcome), rows in sorted_rows.items()
        ]

    def about(self, check: str) -> CheckAbout:
        """A check that the record does not describe is shown by its id."""
        nothing = Text(zh="", en="")
        return self.checks.get(check) or CheckAbout(id=check, title=Text(zh=check, en=check), chapter="", remedy=nothing, source=nothing)

    def groups(self, *outcomes: Outcome) -> list[Group]:
        """Worst first, then those on most targets, then in the order of the contract."""
        place = {name: index for index, name in enumerate(ORDER)}
        return sorted(
            (group for group in self._groups if group.outcome in outcomes),
            key=lambda g: (-g.outcome.weight, -len(g.targets), place.get(g.check.chapter, 99), g.check.id),
        )

    @cached_property
    def by_chapter(self) -> dict[str, list[Group]]:
        found: dict[str, list[Group]] = {}
        for group in self.groups(*Outcome):
            found.setdefault(group.check.chapter, []).append(group)
        return found

    def counts(self, read: TargetRead) -> Counter[Outcome]:
        return Counter(row.outcome for row in read.rows)

    def grade(self, read: TargetRead) -> Outcome:
        """The worst of a target; one that was not reached is not known."""
        if read.problem is not None:
            return Outcome.UNKNOWN
        return max((row.outcome for row in read.rows), key=lambda outcome: outcome.weight, default=Outcome.NOT_APPLICABLE)

    @cached_property
    def targets_worst_first(self) -> list[TargetRead]:
        def rank(read: TargetRead) -> tuple:
            counts = self.counts(read)
            return (read.problem is None, -counts[Outcome.CRITICAL], -counts[Outcome.WARNING], -counts[Outcome.UNKNOWN], read.target)

        return sorted(self.record.reads, key=rank)

    @cached_property
    def forecasts(self) -> list[FullForecast]:
        """What becomes full, the soonest first."""
        return sorted((f for f in self.record.forecasts if f.days is not None), key=lambda f: (f.days, f.target, f.object))

    def fullest(self, limit: int) -> list[tuple[CheckRow, float]]:
        """The fullest file systems and tablespaces."""
        found = [(row, full) for row in self.rows if row.object and row.unit in BYTES and (full := share(row)) is not None]
        return sorted(found, key=lambda pair: (-pair[1], pair[0].target, pair[0].object))[:limit]

    def developments(self) -> list[tuple[str, CheckAbout, Sequence[Development]]]:
        """By change and check, in the order in which one wants to know."""
        found: dict[tuple[str, str], list[Development]] = {}
        for development in self.record.developments:
            found.setdefault((development.change, development.check), []).append(development)
        order = {change: place for place, change in enumerate(CHANGES)}
        return [
            (change, self.about(check), rows)
            for (change, check), rows in sorted(found.items(), key=lambda item: (order[item[0][0]], -len(item[1]), item[0][1]))
        ]


def by_reason(reads: Iterable[TargetRead], language: str) -> list[tuple[str, list[TargetRead]]]:
    """Targets that could not be read, those with the same reason together, the commonest first."""
    found: dict[str, list[TargetRead]] = {}
    for read in reads:
        found.setdefault(read.problem.say(language) if read.problem else "", []).append(read)
    return sorted(found.items(), key=lambda item: -len(item[1]))
