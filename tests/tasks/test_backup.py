"""Backups: what is understood of a host's answer, how files are kept, which log belongs to which backup, what a proof compares."""

from __future__ import annotations

import gzip
import io
import subprocess
import tarfile
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from reports.records import BackedUpServer, Backup, BackupFile, BackupProof, Closure, EmergencyReview, TableRows, same
from tasks import backing_up, backup_store, desk, emergency
from tasks.backup_proof import _Compared, compare_rows
from tasks.mariadb_dump import sections, unequal
from tasks.operations import backup as read
from tasks.planning.restore import logs_after, plan_proof

AT = datetime(2026, 11, 23, 2, tzinfo=UTC)
ANSWER = """\
postgresql 15/main 5432 postgres 15.18 f -1 0 /var/lib/postgresql/15/main
postgresql 15/old 5433 postgres down - - 0 /srv/pg data/old
problem 13/shut
mariadb mariadb 0 mysql 10.11.18-MariaDB f - 0 /var/lib/mysql
end
"""


def server(name: str = "15/main", first: str = "", last: str = "", point: str = "") -> BackedUpServer:
    return BackedUpServer(engine="postgresql", name=name, version="15.18", data="/var/lib/postgresql/15/main", owner="postgres", first_log=first, last_log=last,
                          point=point)


def backup(number: str, *, first: str = "", last: str = "", log: bool = True) -> Backup:
    files = [BackupFile(name="15-main-base.tar.gz", kind="base", of="15/main", size=1, sha256="0" * 64, unpacked_kib=4096)]
    if log:
        files.append(BackupFile(name=f"15-main-log-{number}.tar.gz", kind="log", of="15/main", size=1, sha256="1" * 64))
    return Backup(number=number, target="web1", taken_at=AT, finished_at=AT, facts="", paths=("/etc/nginx",), files=tuple(files),
                  servers=(server(first=first, last=last, point=number if log else ""),))


def test_servers_are_read_as_the_host_tells_them():
    found, problems = read.parse_servers(ANSWER)
    assert [(one.name, one.version, one.bound_mib) for one in found] == [("15/main", "15.18", -1), ("15/old", "", -1), ("mariadb", "10.11.18-MariaDB", -1)]
    assert problems == ["13/shut"] and found[1].data == "/srv/pg data/old"


@pytest.mark.parametrize("name, owner, data", [("15;id/main", "postgres", "/srv/pg"), ("15/$(id)", "postgres", "/srv/pg"), ("15/main", "a;id", "/srv/pg"),
                                               ("15/main", "postgres", "srv/pg")], ids=["version", "name", "owner", "folder"])
def test_a_server_whose_name_would_be_a_command_is_a_problem(name, owner, data):
    assert read.parse_servers(f"postgresql {name} 5432 {owner} 15.18 f -1 0 {data}\nend\n") == ([], [name])


@pytest.mark.parametrize("answer", ["", "postgresql 15/main 5432", ANSWER.removesuffix("end\n")], ids=["nothing", "half a line", "no end"])
def test_an_answer_that_is_cut_off_is_no_answer(answer):
    with pytest.raises(ValueError):
        read.parse_servers(answer)


@pytest.mark.parametrize("script", [read.files(["/etc/nginx", "/srv/o'rders"]), read.SERVERS, read.PACKAGES, read.dump(), read.ACCOUNTS, read.ROWS,
                                    read.hold_log(read.parse_servers(ANSWER)[0][0], 64), read.base(read.parse_servers(ANSWER)[0][0]),
                                    read.still_held(read.parse_servers(ANSWER)[0][0], "0" * 24),
                                    read.end_log(read.parse_servers(ANSWER)[0][0], "BAK-20261123-001"),
                                    read.log_files(read.parse_servers(ANSWER)[0][0], "0" * 24, "F" * 24)], ids=lambda script: script.split("\n")[0][:20])
def test_what_is_read_is_shell(script):
    assert subprocess.run(["sh", "-n"], input=script.encode(), capture_output=True).returncode == 0


def test_segments_of_the_log_are_compared_as_names(tmp_path):
    """As numbers they are too long for awk to tell one from the next, which is still being written."""
    names = [f"0000000100000000000000{number:02X}" for number in range(1, 32)]
    (tmp_path / "pg_wal").mkdir()
    for name in (*names, "00000002.history"):
        (tmp_path / "pg_wal" / name).touch()
    here = replace(read.parse_servers(ANSWER)[0][0], data=str(tmp_path))
    for first, last in ((2, 2), (2, 3), (3, 4), (9, 15), (14, 16), (30, 30)):
        packed = subprocess.run(["sh", "-eu", "-c", read.log_files(here, names[first], names[last])], capture_output=True)
        assert packed.returncode == 0, packed.stderr
        with tarfile.open(fileobj=io.BytesIO(packed.stdout)) as tar:
            assert sorted(tar.getnames()) == sorted([*names[first:last + 1], "00000002.history"])
        told = emergency.log_script(server().model_copy(update={"data": str(tmp_path), "last_log": names[last]}), None)
        listed = subprocess.run(["sh", "-c", told], capture_output=True, text=True).stdout
        assert emergency.parse_log(listed).segments == tuple(names[last:])


def test_a_packed_stream_fails_with_what_is_packed():
    good = subprocess.run(["sh", "-eu", "-c", read._packed("echo hello")], capture_output=True)
    bad = subprocess.run(["sh", "-eu", "-c", read._packed("(echo half; exit 3)")], capture_output=True)
    assert good.returncode == 0 and gzip.decompress(good.stdout) == b"hello\n"
    assert bad.returncode != 0 and b"status 3" in bad.stderr


def test_the_log_of_later_backups_belongs_to_an_earlier_one_up_to_a_gap():
    one, two = backup("BAK-1", first="01", last="03"), backup("BAK-2", first="03", last="05")
    gap, none = backup("BAK-3", first="09", last="0A"), backup("BAK-4", log=False)
    names = [[name for _, name in logs_after(one.servers[0], chain)] for chain in ([one, two], [one, gap], [one, none, two], [none])]
    assert names == [["15-main-log-BAK-1.tar.gz", "15-main-log-BAK-2.tar.gz"], ["15-main-log-BAK-1.tar.gz"], ["15-main-log-BAK-1.tar.gz"], []]


def test_a_proof_restores_by_the_steps_of_an_emergency():
    of = backup("BAK-20261123-001", first="01", last="03")
    plan = plan_proof(of, {file.name: backup_store.medium_of(of, file) for file in of.files})
    assert [step.key for step in plan.steps] == ["check-backup", "build-15-main", "switch-15-main"]
    assert "recovery_target_name = 'BAK-20261123-001'" in plan.steps[1].command and "/pg_wal" not in plan.steps[1].command
    for step in plan.steps:
        for part in (step.probe, step.holds_before, step.command, step.proof, step.undo, step.undo_proof):
            assert subprocess.run(["sh", "-n"], input=part.encode(), capture_output=True).returncode == 0, part


@pytest.mark.parametrize("before, restored, after, wrong", [
    ((5, "a"), (5, "a"), (5, "a"), False), ((5, "a"), (4, "b"), (5, "a"), True), ((5, "a"), None, (5, "a"), True), ((5, "a"), None, (7, "b"), True),
    ((5, "a"), (6, "c"), (7, "b"), False), ((50, "a"), (3, "c"), (70, "b"), True),
], ids=["same", "a row less", "missing", "in use and missing", "in use", "in use and nearly empty"])
def test_tables_at_rest_must_be_the_same_and_those_in_use_there(before, restored, after, wrong):
    def tables(one):
        return {("orders", "public.orders"): TableRows(database="orders", table="public.orders", rows=one[0], digest=one[1])} if one else {}

    found = _Compared()
    compare_rows(found, server(), tables(before), tables(restored), tables(after))
    assert bool(found.problem) is wrong


DUMP = """\
-- Host: localhost    Database: stock
-- Current Database: `stock`
CREATE DATABASE stock;
-- Table structure for table `movement`
CREATE TABLE movement (id int);
-- Dumping data for table `movement`
INSERT INTO movement VALUES (1),(2);
-- Dump completed
"""


def test_two_dumps_are_held_against_each_other_part_by_part(tmp_path):
    def taken(text: str):
        (tmp_path / "dump").write_bytes(gzip.compress(text.encode()))
        return sections(tmp_path / "dump")

    whole, _, ended = taken(DUMP)
    assert ended and set(whole) == {"stock", "stock.movement: Table structure for table", "stock.movement: Dumping data for table"}
    other, _, ended = taken(DUMP.replace("(2)", "(3)").replace("-- Dump completed\n", ""))
    assert not ended and list(unequal(whole, other)) == ["stock.movement: Dumping data for table"]


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.setattr(backup_store, "place", lambda: tmp_path)
    return tmp_path


def test_a_file_of_a_backup_is_there_whole_or_not_at_all(place):
    with pytest.raises(RuntimeError), backup_store.Keeper("web1", "BAK-20261123-001", "one") as keeper:
        keeper.write(b"half")
        raise RuntimeError
    assert list((place / "web1" / "BAK-20261123-001").iterdir()) == []
    file = backup_store.keep_text("web1", "BAK-20261123-001", "one", "whole", "packages")
    assert file.size == 5 and (place / "web1" / "BAK-20261123-001" / "one").read_text() == "whole"


@pytest.mark.parametrize("kind", [tarfile.GNUTYPE_LONGNAME, tarfile.XHDTYPE, tarfile.XGLTYPE], ids=["long name", "attributes", "attributes of all"])
def test_a_header_that_would_fill_the_memory_is_refused(place, kind):
    member = tarfile.TarInfo("./long")
    member.type, member.size = kind, 2 * backup_store.NAME_LIMIT
    with gzip.open(place / "files.tar.gz", "wb") as packed:
        packed.write(member.tobuf() + bytes(member.size + 1024))
    for reader in (backup_store.digests_of, backup_store.unpacked_kib):
        with pytest.raises(tarfile.ReadError, match="a header of"):
            reader(place / "files.tar.gz")


def test_digests_are_those_that_sha256sum_checks(place):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        for name, content in {"./etc/a": b"1", "./etc/back\\slash": b"2", "./etc/new\nline": b"3"}.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    (place / "files.tar.gz").write_bytes(packed.getvalue())
    sums, _, names = backup_store.digests_of(place / "files.tar.gz")
    (place / "files.sums").write_text(sums)
    subprocess.run(["tar", "-xzf", "files.tar.gz"], cwd=place, check=True)
    assert len(names) == 3 and subprocess.run(["sha256sum", "-c", "--quiet", "files.sums"], cwd=place).returncode == 0
    (place / "etc" / "a").write_text("changed")
    assert subprocess.run(["sha256sum", "-c", "--quiet", "files.sums"], cwd=place, capture_output=True).returncode != 0


def opened(office, procedure: str, host: str, **more) -> str:
    return office.archive().new_change(procedure=procedure, customer="bureau", requester="张工", operator="赵工", reason="x", request={"hosts": [host]},
                                       opened_at=AT, **more)


def test_an_inspection_knows_the_newest_backup_that_a_restore_proved(office):
    """Only what is there whole counts; newer ones that were not proved are counted, and none proved is told apart from none at all."""
    from tasks.inspection import _own_backup

    assert _own_backup("web1") == {"own_unproved": 0}
    for count, passed in ((1, True), (2, True), (3, False)):
        number = opened(office, "backup", "web1", prefix="BAK")
        taken = backup(number)
        office.archive().save(number, "backup", "web1", taken)
        proof = BackupProof(number=number, target="web1", place="copy", proved_at=AT, seconds=9, passed=passed)
        if count > 1:
            office.archive().save(number, "proof", "web1 1", proof)
        backup_store.folder("web1", number).mkdir(parents=True)
        for file in taken.files:
            (backup_store.folder("web1", number) / file.name).write_text("x")
        if count == 1:
            assert _own_backup("web1") == {"own_unproved": 1}
    known = _own_backup("web1")["own_backup"]
    assert known.number.endswith("-002") and known.later == 1 and known.taken_at == known.proved_at == AT
    next(backup_store.folder("web1", known.number).iterdir()).unlink()
    assert _own_backup("web1") == {"own_unproved": 2}, "a file is gone"


@pytest.mark.parametrize("first, before, said", [("04", "03", True), ("03", "03", False), ("04", "", True), ("04", None, False)],
                         ids=["a gap", "whole", "none before", "the first backup"])
def test_a_gap_in_the_log_is_told_from_when_to_when(office, first, before, said):
    if before is not None:
        number = opened(office, "backup", "web1", prefix="BAK")
        taken = backup(number, first="01", last=before, log=bool(before))
        office.archive().save(number, "backup", "web1", taken)
        backup_store.folder("web1", number).mkdir(parents=True)
        for file in taken.files:
            (backup_store.folder("web1", number) / file.name).write_text("x")
    told = backing_up._gap(desk.host("web1"), read.parse_servers(ANSWER)[0][0], first, AT)
    assert bool(told) is said
    if said:
        assert "2026-11-23 10:00:00 (UTC+8)" in told[0].en and "2026-11-23 10:00:00 (UTC+8)" in told[0].zh


def test_a_restore_that_its_review_settled_is_not_taken_back(office):
    from tasks import emergency
    from tasks.errors import BlockersFound
    from tasks.procedures.back_out import Request, complete

    archive = office.archive()
    change = opened(office, "emergency-restore", "web1")
    archive.close(change, Closure.SUCCESSFUL, "done", AT)
    review = emergency.open_review(change)
    found = EmergencyReview(number=review, change=change, bundle="", leave=same("-"), ended=same("-"), loss=same("-"), times=same("-"), cause="x", judged="x",
                            follows="x", done=True, reviewed_by="赵工")
    archive.save(review, "review", "1", found)
    assert emergency.settled_by(change) == "" and [row["emergency"] for row in emergency.owed()] == [change], "nobody has confirmed it"
    archive.close(review, Closure.SUCCESSFUL, "confirmed", AT)
    assert emergency.settled_by(change) == review and emergency.owed() == []
    with pytest.raises(BlockersFound, match="taken back any more"):
        complete(Request(change=change, requester="张工", reason="x"))


def test_who_approves_the_next_change_on_a_host_reads_of_a_review_that_is_owed(office):
    from tasks import change_record, emergency

    changes = {host: opened(office, "emergency-restore", host) for host in ("web1", "web2")}
    review = emergency.open_review(changes["web1"])
    later = {host: opened(office, "software-upgrade", host) for host in ("web1", "web2")}
    (owed,) = change_record.record_of(later["web1"]).owed
    assert review in owed.zh and changes["web1"] in owed.en and change_record.record_of(later["web2"]).owed == ()
    assert change_record.record_of(changes["web1"]).owed == (), "its own review is told otherwise"
