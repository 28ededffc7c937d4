"""What became of a finding since last time, and when something will be full. Pure.

The forecast is a straight line through the figures of all inspections, by Theil and Sen: the middle of the slopes between every two of
them. One odd quarter, a clear-up or a big import, does not turn it, as it would with least squares. The uncertainty is the range in which
the middle half of these slopes lies. Source: P. K. Sen, Estimates of the regression coefficient based on Kendall's tau, 1968.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy
import pandas

from reports.records import CheckRow, Outcome

Change = Literal["new", "worse", "better", "fixed", "same", "gone"]
POINTS, SPAN_DAYS = 3, 14  # fewer points, or a shorter time, say nothing of growth
FOREVER_DAYS = 3650        # later than this is "not in sight"

Key = tuple[str, str, str]


def key(row: CheckRow) -> Key:
    return row.target, row.check, row.object


def compared(before: Iterable[CheckRow], now: Iterable[CheckRow], reached: frozenset[str] | set[str]) -> dict[Key, Change]:
    """What became of every object that is not well now or was not well before.

    reached: the targets that could be read now; what cannot be read is not called gone.
    """
    bad = {Outcome.CRITICAL, Outcome.WARNING}
    old, new = {key(row): row for row in before}, {key(row): row for row in now}
    changes: dict[Key, Change] = {}
    for one, row in new.items():
        last = old.get(one)
        if row.outcome in bad:
            if last is None or last.outcome not in bad:
                changes[one] = "new"
            elif row.outcome is last.outcome:
                changes[one] = "same"
            else:
                changes[one] = "worse" if row.outcome is Outcome.CRITICAL else "better"
        elif last is not None and last.outcome in bad and row.outcome not in (Outcome.UNKNOWN, Outcome.EXCEPTED):
            changes[one] = "fixed"
    for one, row in old.items():
        if one not in new and row.outcome in bad and one[0] in reached:
            changes[one] = "gone"
    return changes


@dataclass(frozen=True)
class Forecast:
    """When an object will be full. days: from the last reading; earliest, latest: by the steep and the flat slope.

    None: not in sight at this growth (of latest: perhaps never). per_day: growth in the figure's own unit.
    """

    key: Key
    value: float
    capacity: float
    unit: str
    per_day: float
    days: float | None
    earliest: float | None
    latest: float | None
    points: int
    over_days: float


def forecasts(points: Iterable) -> dict[Key, Forecast]:
    """By object, from its figures over time; only what has grown, with enough figures to say so.

    points: objects with target, check, object, at (datetime), value, capacity, unit. A capacity that changed counts as it is now.
    """
    table = pandas.DataFrame([(p.target, p.check, p.object, p.at, p.value, p.capacity, p.unit) for p in points],
                             columns=["target", "check", "object", "at", "value", "capacity", "unit"])
    if table.empty:
        return {}
    found = {}
    for one, group in table.sort_values("at").groupby(["target", "check", "object"], sort=False):
        forecast = _forecast(one, group)  # type: ignore[arg-type]
        if forecast is not None:
            found[one] = forecast
    return found  # type: ignore[return-value]


def _forecast(one: Key, group: pandas.DataFrame) -> Forecast | None:
    days = (group["at"] - group["at"].iloc[-1]).dt.total_seconds().to_numpy() / 86400
    values = group["value"].to_numpy(dtype=float)
    capacity = float(group["capacity"].iloc[-1])
    if len(values) < POINTS or days[-1] - days[0] < SPAN_DAYS or not numpy.isfinite(values).all() or capacity <= 0:
        return None
    first, second = numpy.triu_indices(len(values), 1)
    apart = days[second] - days[first]
    usable = apart > 0.5
    if not usable.any():
        return None
    slopes = (values[second] - values[first])[usable] / apart[usable]
    flat, middle, steep = numpy.percentile(slopes, [25, 50, 75])
    room = capacity - values[-1]
    return Forecast(one, float(values[-1]), capacity, str(group["unit"].iloc[-1]), float(middle), _days(room, middle), _days(room, steep),
                    _days(room, flat), len(values), float(days[-1] - days[0]))


def _days(room: float, slope: float) -> float | None:
    if room <= 0:
        return 0.0
    if slope <= 0:
        return None
    days = float(room / slope)
    return days if days <= FOREVER_DAYS else None


def grade(forecast: Forecast, warning_days: float = 30, critical_days: float = 7) -> Outcome:
    """Whether it will be full too soon (RES-03)."""
    if forecast.days is None:
        return Outcome.OK
    return Outcome.CRITICAL if forecast.days < critical_days else Outcome.WARNING if forecast.days < warning_days else Outcome.OK


def counts(rows: Iterable[CheckRow]) -> Mapping[Outcome, int]:
    """How many rows ended in each way; every way is there."""
    found = dict.fromkeys(Outcome, 0)
    for row in rows:
        found[row.outcome] += 1
    return found
