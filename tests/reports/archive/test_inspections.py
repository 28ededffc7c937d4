"""The rows of inspections: kept once, only growing, found again, compared with the last finished one."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from reports.archive import Archive, inspections
from reports.archive.database import connect
from reports.records import CheckRow, Closure, Outcome, TargetRead, Text
from tests.reports.archive.conftest import NOW


def opened(archive: Archive, days_ago: int = 0, customer: str = "bureau") -> inspections.Inspection:
    at = NOW - timedelta(days=days_ago)
    number = archive.new_change(procedure="system-inspection", customer=customer, requester="a", operator="b", reason="c", request={},
                                opened_at=at, prefix="INS")
    return inspections.begin(archive, number, customer, "system-inspection", at)


def read(target: str = "web1", outcome: Outcome = Outcome.OK, value: float | None = None, capacity: float | None = None, says: str = "fine") -> TargetRead:
    row = CheckRow(target=target, check="RES-01", object="/", outcome=outcome, value=value, capacity=capacity, unit="bytes", says=Text(zh="好", en=says))
    return TargetRead(target=target, kind="host", read_at=NOW, seconds=0.5, about={"system": "Debian 12"}, rows=(row,))


def test_what_was_kept_is_found_again_and_kept_once(archive: Archive) -> None:
    one = opened(archive)
    assert one.number.startswith("INS-") and inspections.begin(archive, one.number, "bureau", "system-inspection", NOW) == one
    unreached = TargetRead(target="web2", kind="host", read_at=NOW, seconds=10.0, problem=Text(zh="连不上", en="cannot be reached"))
    inspections.file_targets(archive, one, [read(), unreached])
    inspections.file_targets(archive, one, [read(says="something else"), read("web3")])
    assert inspections.targets_filed(archive, one) == {"web1", "web2", "web3"}
    assert inspections.reads_of(archive, one) == (read(), unreached, read("web3"))
    assert [row.target for row in inspections.rows_of(archive, one, ["web3"])] == ["web3"]


def test_the_last_finished_one_is_compared_with(archive: Archive) -> None:
    finished, open_one, other, now = opened(archive, 90), opened(archive, 1), opened(archive, 1, "another"), opened(archive)
    archive.close(finished.number, Closure.SUCCESSFUL, "done", NOW)
    archive.close(other.number, Closure.SUCCESSFUL, "done", NOW)
    assert inspections.before(archive, now) == finished and inspections.before(archive, finished) is None
    assert inspections.newest(archive, "bureau", "system-inspection") == now
    assert inspections.newest(archive, "bureau", "database-inspection") is None
    assert open_one.id < now.id


def test_figures_over_time(archive: Archive) -> None:
    for days_ago, value in ((180, 10.0), (90, 20.0), (0, 30.0)):
        last = opened(archive, days_ago)
        inspections.file_targets(archive, last, [read(value=value, capacity=100.0), read("web2", value=1.0)])
    assert [(p.target, p.value, p.capacity) for p in inspections.points(archive, last)] == [("web1", v, 100.0) for v in (10.0, 20.0, 30.0)]


@pytest.mark.parametrize("act", ["UPDATE check_rows SET outcome = 'ok'", "DELETE FROM check_rows", "DELETE FROM targets_read",
                                 "UPDATE inspections SET customer = 'x'"])
def test_rows_only_grow(archive: Archive, database: str, act: str) -> None:
    inspections.file_targets(archive, opened(archive), [read(outcome=Outcome.CRITICAL)])
    with pytest.raises(DatabaseError, match="only grows"), connect(database).begin() as connection:
        connection.execute(text(act))


def test_the_last_reading_of_each_target_counts(archive: Archive) -> None:
    """An inspection of a few targets, or one that did not reach a target, does not make the others new."""
    whole, partial, now = opened(archive, 90), opened(archive, 10), opened(archive)
    inspections.file_targets(archive, whole, [read("web1"), read("web2")])
    unreached = TargetRead(target="web2", kind="host", read_at=NOW, seconds=1.0, problem=Text(zh="连不上", en="cannot be reached"))
    inspections.file_targets(archive, partial, [read("web1"), unreached])
    for one in (whole, partial):
        archive.close(one.number, Closure.SUCCESSFUL, "done", NOW)
    assert inspections.last_readings(archive, now, ["web1", "web2", "web3"]) == {"web1": partial, "web2": whole}
