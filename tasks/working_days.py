"""Which days the customer works, and when a quarter's inspection is due. Pure.

Weekends are free unless the calendar makes one a working day (调休); holidays are free. Source: the customer's block; in China the State
Council's yearly notice on holidays names both.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, timedelta

SEARCH_DAYS = 40  # no calendar is free for longer


def is_working_day(day: date, holidays: Collection[date] = (), made_up: Collection[date] = ()) -> bool:
    """Whether the customer works on that day. made_up: weekends that are worked."""
    return day in made_up or (day.weekday() < 5 and day not in holidays)


def next_working_day(day: date, holidays: Collection[date] = (), made_up: Collection[date] = ()) -> date:
    """That day, or the first working day after it.

    Raises:
        ValueError: there is none within 40 days; the calendar is wrong.
    """
    for count in range(SEARCH_DAYS):
        if is_working_day(one := day + timedelta(days=count), holidays, made_up):
            return one
    raise ValueError(f"no working day within {SEARCH_DAYS} days after {day}; correct the customer's calendar")


def quarter_begins(day: date) -> date:
    """The first day of the day's quarter."""
    return date(day.year, 3 * ((day.month - 1) // 3) + 1, 1)


def due(now: datetime, last_begun: datetime | None, holidays: Collection[date] = (), made_up: Collection[date] = ()) -> tuple[bool, int]:
    """Whether the quarter's inspection is due now, and how many days late it is (R058).

    now, last_begun: in the customer's time zone; last_begun: when the newest one began, None if there was none.
    """
    today = now.date()
    planned = next_working_day(quarter_begins(today), holidays, made_up)
    if today < planned or (last_begun is not None and last_begun.date() >= quarter_begins(today)):
        return False, 0
    return True, (today - planned).days
