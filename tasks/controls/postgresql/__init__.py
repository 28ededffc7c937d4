"""PostgreSQL, over the read-only role of inspections; its files through its host."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from reports.records import Text
from tasks.checks.kinds import Known, Mender, Row, number
from tasks.checks.tables import findings, or_nothing, pg_settings, settings, word
from tasks.controls.kinds import Bounds, failed, passed, so
from tasks.operations.mend import Mend
from tasks.operations.postgresql_setting import set_server

SOURCE = "PostgreSQL manual; dev-sec postgres-baseline"


def setting(name: str, *allowed: str) -> dict[str, Any]:
    """A control of one setting that has one of these values."""
    def judge(values: dict[str, str], bounds: Bounds, known: Known) -> Iterator[Row]:
        yield so(values[name] in allowed, name, values[name] or "''", " | ".join(allowed))
    return _of(name, judge)


def figure(name: str, bound: str) -> dict[str, Any]:
    """A control of one setting whose figure, in its base unit, is within the bound."""
    def judge(values: dict[str, str], bounds: Bounds, known: Known) -> Iterator[Row]:
        value = number(values[name], name)
        yield so(bounds[bound].fits(value), name, values[name], bounds[bound].wanted, value=value, unit=bounds[bound].unit)
    return _of(name, judge)


def _of(name: str, judge: Callable[[dict[str, str], Bounds, Known], Iterator[Row]]) -> dict[str, Any]:
    return {**OF_POSTGRESQL, "queries": {(12, 0): pg_settings(name)}, "parse": lambda rows: settings(rows, name), "judge": judge}


def sets(name: str, value: str) -> Mender:
    """Sets it for the whole server. Only what a reload brings in force, and what cuts no client off."""
    def mend(row: Row, values: dict[str, str], known: Known) -> Mend | Text:
        return set_server(name, value, values[name])
    return mend


def nothing(query: str, key: str, zh: str, en: str, well: Text, *, allowed: str = "", name: Callable[[dict[str, Any]], str] | None = None) -> dict[str, Any]:
    """A control that looks for what should not be there: each row is a fault. zh, en: with {} for what was found, by the column `key`.

    allowed: as in `or_nothing`. name: how a row is called, where that is not the key alone.
    """
    def judge(answer: tuple[list[str], list[dict[str, Any]]], bounds: Bounds, known: Known) -> Iterator[Row]:
        clean, told = answer
        for row in told:
            what = name(row) if name else word(row, key)
            yield failed(zh.format(what), en.format(what), object=what)
        for database in clean:
            yield passed(well.zh, well.en, object=database)
    return {**OF_POSTGRESQL, "queries": {(12, 0): or_nothing(query, allowed)}, "parse": lambda rows: findings(rows, key), "judge": judge}


OF_POSTGRESQL: dict[str, Any] = {"family": "postgresql", "kinds": ("postgresql",), "source": SOURCE}
