"""Backups: what is understood of a host's answer, how files are kept, which log belongs to which backup, what a proof compares."""

from __future__ import annotations

import gzip
import io
import subprocess
import tarfile
from datetime import UTC, datetime

import pytest

from reports.records import BackedUpServer, Backup, BackupFile, TableRows
from tasks import backup_store
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


@pytest.mark.parametrize("answer", ["", "postgresql 15/main 5432", ANSWER.removesuffix("end\n")], ids=["nothing", "half a line", "no end"])
def test_an_answer_that_is_cut_off_is_no_answer(answer):
    with pytest.raises(ValueError):
        read.parse_servers(answer)


@pytest.mark.parametrize("script", [read.files(["/etc/nginx", "/srv/o'rders"]), read.SERVERS, read.PACKAGES, read.dump(), read.ACCOUNTS, read.ROWS,
                                    read.hold_log(read.parse_servers(ANSWER)[0][0], 64), read.base(read.parse_servers(ANSWER)[0][0]),
                                    read.end_log(read.parse_servers(ANSWER)[0][0], "BAK-20261123-001"),
                                    read.log_files(read.parse_servers(ANSWER)[0][0], "0" * 24, "F" * 24)], ids=lambda script: script.split("\n")[0][:20])
def test_what_is_read_is_shell(script):
    assert subprocess.run(["sh", "-n"], input=script.encode(), capture_output=True).returncode == 0


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
