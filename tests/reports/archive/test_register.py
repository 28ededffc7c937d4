"""The register, the journal, records, evidence and codes, in both databases."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from reports.archive import (
    AlreadyClosed,
    AlreadyFiled,
    Archive,
    ArchiveDamaged,
    ArchiveUnavailable,
    Unfit,
    UnknownChange,
)
from reports.archive.database import connect
from reports.records import Closure, Copy, Record, Rehearsal, Text
from tests.reports.archive.conftest import NOW, new_change

BEIJING = timezone(timedelta(hours=8))


def test_numbers_count_per_day_of_the_opening_in_its_own_zone(archive: Archive) -> None:
    late = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)
    assert new_change(archive, opened_at=late) == "CHG-20261122-001"
    assert new_change(archive, opened_at=late) == "CHG-20261122-002"
    assert new_change(archive, opened_at=late.astimezone(BEIJING)) == "CHG-20261123-001"


def test_numbers_go_on_after_999(archive: Archive) -> None:
    new_change(archive)
    with archive._engine.begin() as connection:
        connection.execute(text("UPDATE changes SET number = 'CHG-20261122-999'"))
    assert [new_change(archive), new_change(archive)] == ["CHG-20261122-1000", "CHG-20261122-1001"]


def test_the_same_run_gets_the_same_change(archive: Archive) -> None:
    number = new_change(archive, run_id="run-1")
    archive.attach_run(number, "run-2")
    assert new_change(archive, run_id="run-1") == number
    assert new_change(archive, run_id="run-2") == number
    assert new_change(archive, run_id="run-3") != number
    assert archive.change(number).run_id == "run-2"
    assert archive.change_of_run("run-1") == archive.change_of_run("run-2") == number
    assert archive.change_of_run("run-9") == archive.change_of_run("") == ""


def test_what_was_registered_comes_back(archive: Archive) -> None:
    opened = datetime(2026, 11, 23, 4, 0, 0, 123456, tzinfo=BEIJING)
    request = {"hosts": ["web-1"], "at": opened, "path": Path("/srv"), "closure": Closure.FAILED}
    row = archive.change(new_change(archive, opened_at=opened, request=request))
    assert row.opened_at == opened and row.opened_at.utcoffset() == timedelta(0)
    assert row.request == {"hosts": ["web-1"], "at": "2026-11-22T20:00:00.123456+00:00", "path": "/srv", "closure": "failed"}
    assert (row.reason, row.phase, row.closure, row.closed_at) == ("安全更新", "opened", None, None)


def test_lists_newest_first_and_open_ones_only(archive: Archive) -> None:
    numbers = [new_change(archive, opened_at=NOW + timedelta(minutes=n)) for n in range(4)]
    archive.close(numbers[3], Closure.REJECTED, "not now", NOW)
    assert [row.number for row in archive.changes()] == numbers[::-1]
    assert [row.number for row in archive.changes(open_only=True, limit=2)] == [numbers[2], numbers[1]]


def test_changes_of_one_customer_or_procedure_or_since(archive: Archive) -> None:
    def opened(customer: str, procedure: str, days: int) -> str:
        return archive.new_change(procedure=procedure, customer=customer, requester="a", operator="", reason="", request={}, prefix="DIA",
                                  opened_at=datetime(2026, 11, days, tzinfo=UTC))

    one, two, three = opened("bureau", "remote-diagnosis", 1), opened("bureau", "software-upgrade", 2), opened("other", "remote-diagnosis", 3)
    assert [row.number for row in archive.changes(customer="bureau")] == [two, one]
    assert [row.number for row in archive.changes(procedure="remote-diagnosis")] == [three, one]
    assert [row.number for row in archive.changes(since=datetime(2026, 11, 2, tzinfo=UTC))] == [three, two]
    assert [row.number for row in archive.changes(customer="bureau", procedure="remote-diagnosis", since=datetime(2026, 11, 2, tzinfo=UTC))] == []


def test_unknown_changes_are_named(archive: Archive) -> None:
    acts = [
        lambda: archive.change("CHG-1"), lambda: archive.note("CHG-1", "x"), lambda: archive.journal("CHG-1"),
        lambda: archive.save("CHG-1", "plan", "", Text(zh="", en="")), lambda: archive.load("CHG-1", "plan", "", Text),
        lambda: archive.load_all("CHG-1", "plan", Text), lambda: archive.file_evidence("CHG-1", "x", b""),
        lambda: archive.evidence("CHG-1"), lambda: archive.close("CHG-1", Closure.FAILED, "", NOW),
        lambda: archive.seal("CHG-1", NOW),
        lambda: archive.attach_run("CHG-1", "r"), lambda: archive.show("CHG-1"),
        lambda: archive.store_code("CHG-1", "g", "d", "c", NOW, "x"),
    ]
    for act in acts:
        with pytest.raises(UnknownChange, match=r"There is no change 'CHG-1'.*look like CHG-"):
            act()


def test_a_change_closes_once(archive: Archive) -> None:
    number = new_change(archive)
    archive.close(number, Closure.BACKED_OUT, Text(zh="验收检查未通过", en="health check failed"), NOW)
    archive.close(number, Closure.BACKED_OUT, "again", NOW + timedelta(hours=1))
    with pytest.raises(AlreadyClosed, match="'backed out' already and cannot be closed as successful"):
        archive.close(number, Closure.SUCCESSFUL, "", NOW)
    row = archive.change(number)
    assert (row.closure, row.closure_reason, row.closed_at) == (Closure.BACKED_OUT, "health check failed", NOW)
    assert row.closure_reason_zh == "验收检查未通过"


def test_the_journal_counts_and_keeps(archive: Archive) -> None:
    number, other = new_change(archive), new_change(archive)
    first = archive.note(number, "step begun", target="web-1", step=1, attempt=1, at=NOW.astimezone(BEIJING),
                         command="apt-get\0 升级")
    archive.note(other, "opened")
    second = archive.note(number, "step ended", target="web-2", seconds=float("nan"), half="\udce4", raw=b"\xff", when=NOW,
                          some={2, 1})
    assert (first.sequence, second.sequence, first.at) == (1, 2, NOW)
    assert archive.journal(number) == (first, second)
    assert archive.journal(number, event="step ended") == (second,) == archive.journal(number, target="web-2")
    assert archive.journal(number, event="step begun", target="web-2") == ()
    assert second.detail == {"seconds": "nan", "half": "\ufffd", "raw": "\ufffd", "when": NOW.isoformat(), "some": [1, 2]}


@pytest.mark.parametrize("statement", [
    "UPDATE journal SET event = 'never was'", "DELETE FROM journal", "UPDATE papers SET json = '{}'", "DELETE FROM papers",
    "UPDATE evidence SET name = 'x'", "DELETE FROM evidence", "DELETE FROM changes",
    "INSERT INTO journal SELECT number, 5, at, event, target, step, attempt, detail FROM journal",
    "UPDATE bundles SET manifest = 'x'", "DELETE FROM bundles",
])
def test_what_was_filed_cannot_be_altered_in_the_database(archive: Archive, statement: str) -> None:
    number = new_change(archive)
    archive.note(number, "opened")
    archive.save(number, "plan", "", Text(zh="a", en="b"))
    archive.file_evidence(number, "x", b"x")
    archive.close(number, Closure.FAILED, "", NOW)
    archive.seal(number, NOW)
    before = archive.show(number)
    with pytest.raises(DBAPIError, match="the archive only grows"), archive._engine.begin() as connection:
        connection.execute(text(statement))
    assert archive.show(number) == before


def test_replacing_a_line_is_altering_it(archive: Archive, database: str) -> None:
    archive.note(new_change(archive), "opened")
    row = "SELECT number, sequence, at, 'never was', target, step, attempt, detail FROM journal"
    replace = {"sqlite": f"INSERT OR REPLACE INTO journal {row}",
               "postgresql": f"INSERT INTO journal {row} ON CONFLICT (number, sequence) DO UPDATE SET event = EXCLUDED.event"}
    with pytest.raises(DBAPIError, match="the archive only grows"), archive._engine.begin() as connection:
        connection.execute(text(replace[connection.dialect.name]))


def test_records_come_back_equal_and_are_never_replaced(archive: Archive) -> None:
    number = new_change(archive)
    copy = Copy(target="web-1", place="container", bytes_read=2**40, bytes_in_use=1, seconds=0.1)
    rehearsal = Rehearsal(change=number, plan="0" * 64, place="simulated copy", started_at=NOW.astimezone(BEIJING),
                          finished_at=NOW, copies=(copy,), deviations=(Text(zh="没有网络", en="no network\0"),), passed=True)
    fingerprint = archive.save(number, "rehearsal", "web-1", rehearsal)
    assert fingerprint == rehearsal.fingerprint() == archive.save(number, "rehearsal", "web-1", rehearsal)
    loaded = archive.load(number, "rehearsal", "web-1", Rehearsal)
    assert loaded == rehearsal and loaded.fingerprint() == fingerprint
    with pytest.raises(AlreadyFiled, match="Another rehearsal is filed"):
        archive.save(number, "rehearsal", "web-1", rehearsal.model_copy(update={"passed": False}))
    assert archive.load(number, "rehearsal", "web-2", Rehearsal) is None
    assert archive.load(new_change(archive), "rehearsal", "web-1", Rehearsal) is None


def test_records_of_a_kind_come_in_the_order_of_filing(archive: Archive) -> None:
    number = new_change(archive)
    for key in ("z", "a", "m"):
        archive.save(number, "outcome", key, Text(zh=key, en=key))
        archive.save(number, "survey", key, Text(zh=key, en=key))
    assert archive.load_all(number, "outcome", Text) == [(key, Text(zh=key, en=key)) for key in ("z", "a", "m")]


def test_a_record_that_gained_a_field_since_is_still_the_same(archive: Archive) -> None:
    class Once(Record):
        name: str

    class Now(Record):
        name: str
        size: int = 0

    number = new_change(archive)
    fingerprint = archive.save(number, "plan", "", Once(name="a"))
    assert archive.save(number, "plan", "", Now(name="a")) == fingerprint
    with pytest.raises(AlreadyFiled):
        archive.save(number, "plan", "", Now(name="a", size=1))


def test_what_json_cannot_say_is_refused(archive: Archive) -> None:
    number = new_change(archive)
    endless = Copy(target="w", place="p", bytes_read=0, bytes_in_use=0, seconds=float("inf"))
    with pytest.raises(Unfit, match="Infinity"):
        archive.save(number, "copy", "", endless)
    with pytest.raises(Unfit, match="no kind of record"):
        archive.save(number, "Plan/..", "", Text(zh="", en=""))
    with pytest.raises(Unfit, match="needs its zone"):
        archive.note(number, "x", at=datetime(2026, 1, 1))
    with pytest.raises(Unfit, match="needs its zone"):
        new_change(archive, opened_at=datetime(2026, 1, 1))


def test_evidence_lies_under_its_digest_and_is_checked(archive: Archive, tmp_path: Path) -> None:
    number, other = new_change(archive), new_change(archive)
    first = archive.file_evidence(number, "输出.txt", b"hello")
    assert archive.file_evidence(number, "输出.txt", b"hello") == first
    again = archive.file_evidence(number, "输出.txt", b"other")  # both are kept
    same = archive.file_evidence(other, "copy.pdf", b"hello", "application/pdf")
    assert archive.evidence(number) == (first, again) and archive.evidence(other) == (same,)
    assert [archive.read_evidence(e) for e in (first, again, same)] == [b"hello", b"other", b"hello"]
    place = archive.evidence_path(first)
    assert place == tmp_path / "store" / "evidence" / first.sha256[:2] / f"{first.sha256}.txt"
    assert archive.evidence_path(same).read_bytes() == b"hello" and archive.evidence_path(same).suffix == ".pdf"
    os.chmod(place, 0o600)
    place.write_bytes(b"hellO")
    with pytest.raises(ArchiveDamaged, match="is not what was filed"):
        archive.read_evidence(first)
    archive.file_evidence(other, "once more.txt", b"hello")  # the right bytes put it right
    assert archive.read_evidence(first) == b"hello"
    place.unlink()
    with pytest.raises(ArchiveDamaged, match="cannot be read"):
        archive.read_evidence(first)


def test_a_record_altered_behind_the_archive_is_noticed(archive: Archive) -> None:
    number = new_change(archive)
    archive.save(number, "plan", "", Text(zh="a", en="b"))
    with archive._engine.begin() as connection:
        off = {"sqlite": "DROP TRIGGER papers_no_update", "postgresql": "ALTER TABLE papers DISABLE TRIGGER ALL"}
        connection.execute(text(off[connection.dialect.name]))
        connection.execute(text("""UPDATE papers SET json = '{"en":"B","zh":"a"}'"""))
    with pytest.raises(ArchiveDamaged, match="plan '' of .* fingerprint does not fit"):
        archive.load(number, "plan", "", Text)


def test_codes(archive: Archive) -> None:
    number, gate, digest = new_change(archive), "leave to change", "d" * 64
    until = NOW + timedelta(hours=1)
    assert archive.check_code(number, gate, digest, "271828", NOW) == "none"
    archive.store_code(number, gate, digest, "271828", until, ["wang@bureau.example"])
    archive.store_code(number, gate, digest, "ABC-777", until, "zhao@bureau.example")
    archive.store_code(number, gate, "e" * 64, "888888", until, "wang@bureau.example")
    assert archive.check_code(number, gate, digest, " 271 828 ", NOW) == "right"
    assert archive.check_code(number, gate, digest, "２７１８２８", NOW) == "right"  # as an input method types it
    assert archive.check_code(number, gate, digest, "271829", NOW) == "wrong"
    assert archive.check_code(number, gate, digest, "", NOW) == "wrong"
    assert archive.check_code(number, gate, digest, "888888", NOW) == "other digest"
    assert archive.check_code(number, gate, digest, "271828", until) == "expired"
    assert archive.check_code(number, "leave to log in", digest, "271828", NOW) == "none"
    assert archive.burn_code(number, gate, digest, "271828", until) == "expired"
    assert archive.burn_code(number, gate, digest, "abc777", NOW) == "right"
    assert archive.burn_code(number, gate, digest, "abc777", NOW) == "used"
    assert archive.check_code(number, gate, digest, "abc777", NOW) == "used"
    assert archive.check_code(number, gate, digest, "271828", NOW) == "right"
    with archive._engine.connect() as connection:
        rows = json.dumps([list(map(str, row)) for row in connection.execute(text("SELECT * FROM codes"))])
    assert not any(code in rows for code in ("271828", "888888", "ABC777"))


def test_show_is_plain_json(archive: Archive) -> None:
    number = new_change(archive)
    archive.note(number, "opened", at=NOW)
    archive.save(number, "plan", "", Text(zh="a", en="b"))
    archive.file_evidence(number, "x", b"x")
    archive.close(number, Closure.FAILED, "stuck", NOW)
    archive.seal(number, NOW)
    shown = json.loads(json.dumps(archive.show(number)))
    assert (shown["phase"], shown["closure"], shown["closed_at"]) == ("sealed", "failed", "2026-11-22T20:00:00.123456Z")
    assert [len(shown[part]) for part in ("papers", "evidence", "journal", "bundles")] == [1, 1, 1, 1]


def test_commits_survive_a_power_cut(archive: Archive, database: str) -> None:
    with connect(database).connect() as connection:
        if connection.dialect.name == "sqlite":
            settings = {name: connection.execute(text(f"PRAGMA {name}")).scalar()
                        for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")}
            assert settings == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 30000}
        else:
            assert connection.execute(text("SHOW synchronous_commit")).scalar() == "on"


@pytest.mark.parametrize(("address", "sentence"), [
    ("mysql://x/y", "SQLite or PostgreSQL, not in mysql"),
    ("sqlite://", "needs a file"),
    ("nonsense://", "not in nonsense|cannot be read"),
    ("sqlite:////proc/nowhere/archive.db", "cannot be made or written"),
    ("postgresql://me:secret@127.0.0.1:1/x", r"postgresql\+psycopg://me:\*\*\*@127.0.0.1:1/x cannot be used: .*refused"),
])
def test_bad_addresses_get_one_sentence(address: str, sentence: str, tmp_path: Path) -> None:
    with pytest.raises(ArchiveUnavailable, match=sentence) as raised:
        Archive.open(address, tmp_path / "store")
    assert "\n" not in str(raised.value) and "secret" not in str(raised.value)


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "letter.db").write_text("Dear Sir or Madam, " * 100)
    with pytest.raises(ArchiveUnavailable, match="file is not a database"):
        Archive.open(str(tmp_path / "letter.db"), tmp_path / "store")


def test_the_database_going_away_is_said_in_one_sentence(archive: Archive, database: str) -> None:
    number = new_change(archive)
    archive.dispose()
    if database.startswith("sqlite"):
        path = Path(database.removeprefix("sqlite:///"))
        path.rename(path.with_suffix(".away"))
        path.mkdir()
    else:
        server, name = database.rsplit("/", 1)
        with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
            connection.execute(f"ALTER DATABASE {name} RENAME TO {name}_away")
    try:
        with pytest.raises(ArchiveUnavailable, match="does not answer"):
            archive.note(number, "x")
    finally:
        if not database.startswith("sqlite"):
            with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
                connection.execute(f"ALTER DATABASE {name}_away RENAME TO {name}")
