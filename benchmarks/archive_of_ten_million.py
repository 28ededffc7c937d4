"""The archive with ten million check rows: what comparing, forecasting and reporting one customer's inspection cost (R125).

    python -m benchmarks.archive_of_ten_million [--millions 10] [--database URL] [--hosts 300]

Ten customers of 300 hosts, 80 rows a host, inspected every quarter until the rows are there. Reported are the seconds that the queries took and their plans,
on SQLite in a temporary folder or on the PostgreSQL that --database names (an empty database of its own).
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from reports.archive import Archive, inspections
from reports.archive.tables import CheckRowTable, InspectionTable
from reports.records import CheckRow, Closure, Outcome, TargetRead, Text
from tasks import trend

CUSTOMERS, ROWS = 10, 80
BEGUN = datetime(2016, 1, 4, 9, tzinfo=UTC)
COPY = """
    INSERT INTO check_rows (inspection, position, target, "check", object, outcome, value, unit, capacity, says_zh, says_en, evidence)
    SELECT :new, position, target, "check", object, outcome, value + :grown * capacity, unit, capacity, says_zh, says_en, evidence
    FROM check_rows WHERE inspection = :model
"""
READS = """
    INSERT INTO targets_read (inspection, target, kind, read_at, seconds, problem_zh, problem_en, about)
    SELECT :new, target, kind, read_at, seconds, problem_zh, problem_en, about FROM targets_read WHERE inspection = :model
"""


def target(number: int) -> TargetRead:
    """A host with 80 rows: four file systems that grow, two findings, the rest well."""
    name = f"host-{number:03d}"
    rows = []
    for n in range(ROWS):
        outcome = Outcome.WARNING if n in (5, 6) else Outcome.OK
        size = {"value": 40e9, "unit": "B", "capacity": 100e9} if n < 4 else {"value": float(n), "unit": ""}
        rows.append(CheckRow(target=name, check=f"RES-{n:02d}", object=f"/srv/data{n}" if n < 4 else "", outcome=outcome,
                             says=Text(zh=f"第 {n} 项正常,无需处理", en=f"item {n} is well, nothing to do"), evidence=f"the answer of item {n}, " * 4, **size))
    return TargetRead(target=name, kind="host", read_at=BEGUN, seconds=1.5, rows=tuple(rows))


def fill(archive: Archive, hosts: int, millions: float) -> int:
    """Returns how many rows there are."""
    each = hosts * ROWS
    count = round(millions * 1e6 / each)
    model = 0
    for n in range(count):
        at = BEGUN + timedelta(days=91 * (n // CUSTOMERS), minutes=n % CUSTOMERS)
        customer = f"customer-{n % CUSTOMERS}"
        number = archive.new_change(procedure="system-inspection", customer=customer, requester="benchmark", operator="benchmark", reason="benchmark",
                                    request={"targets": []}, opened_at=at, prefix="INS")
        this = inspections.begin(archive, number, customer, "system-inspection", at)
        if not model:
            model = this.id
            inspections.file_targets(archive, this, [target(h) for h in range(hosts)])
        else:
            with archive.writing("benchmark") as session:
                session.execute(sa.text(COPY), {"new": this.id, "model": model, "grown": 0.01 * (n // CUSTOMERS)})
                session.execute(sa.text(READS), {"new": this.id, "model": model})
        archive.close(number, Closure.SUCCESSFUL, Text(zh="完成", en="done"), at)
        if n % 40 == 0:
            print(f"  {n * each / 1e6:5.1f} million rows", flush=True)
    with archive.reading() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(CheckRowTable)) or 0


def timed(name: str, work: Callable[[], Any]) -> Any:
    """The middle of three runs is printed."""
    seconds, found = [], None
    for _ in range(3):
        began = time.perf_counter()
        found = work()
        seconds.append(time.perf_counter() - began)
    print(f"| {name} | {sorted(seconds)[1]:.3f} | {len(found)} |")
    return found


def plans(archive: Archive, statements: list[tuple[str, Any]]) -> None:
    """The database's own plan of every statement that was seen, each kind once, and what it takes without making objects of its rows."""
    seen: set[str] = set()
    whole = 0.0
    with archive.reading() as session:
        word = "EXPLAIN QUERY PLAN" if session.get_bind().dialect.name == "sqlite" else "EXPLAIN"
        for statement, parameters in statements:
            kind = statement.split("IN (")[0] + str("target IN" in statement)
            if kind in seen or not statement.lstrip().upper().startswith("SELECT"):
                continue
            seen.add(kind)
            began = time.perf_counter()
            count = len(session.connection().exec_driver_sql(statement, parameters).fetchall())
            whole += time.perf_counter() - began
            print(f"\n{time.perf_counter() - began:.3f} s, {count} rows: {' '.join(statement.split())[:230]}")
            for row in session.connection().exec_driver_sql(f"{word} {statement}", parameters):
                print("   ", row[-1])
    print(f"\nall queries: {whole:.3f} s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--millions", type=float, default=10)
    parser.add_argument("--hosts", type=int, default=300)
    parser.add_argument("--database", default="")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="standfast-benchmark-") as home:
        archive = Archive.open(given.database or f"sqlite:///{home}/archive.db", Path(home) / "store")
        began = time.monotonic()
        count = fill(archive, given.hosts, given.millions)
        print(f"{count:,} rows in {time.monotonic() - began:.0f} s\n\n| Of the last inspection of one customer | s | found |\n|---|--:|--:|")
        with archive.reading() as session:
            last = session.scalar(sa.select(InspectionTable).order_by(InspectionTable.id.desc()).limit(1))
            this = inspections.Inspection(last.id, last.number, last.customer, last.procedure, last.started_at)
            engine = session.get_bind().engine
        names = [f"host-{h:03d}" for h in range(given.hosts)]
        seen: list[tuple[str, Any]] = []
        sa.event.listen(engine, "before_cursor_execute", lambda _c, _cu, statement, parameters, _x, many: seen.append((statement, parameters)))
        earlier = timed("which reading was each target's last", lambda: inspections.last_readings(archive, this, names))
        model = next(iter(earlier.values()))
        before = timed("the rows of last time", lambda: list(inspections.rows_of(archive, model)))
        one = timed("the rows of last time of 25 targets", lambda: list(inspections.rows_of(archive, model, names[:25])))
        points = timed("the figures of ten years that can be forecast", lambda: inspections.points(archive, this))
        statements = list(seen)
        now = list(inspections.rows_of(archive, this))
        timed("compared (no query)", lambda: trend.compared(before, now, set(names)))
        timed("forecast (no query)", lambda: trend.forecasts(points))
        assert len(one) == 25 * ROWS and len(now) == given.hosts * ROWS
        plans(archive, statements)


if __name__ == "__main__":
    main()
