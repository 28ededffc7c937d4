"""Killed at any point, and many at once: the chain goes on, nothing is lost, nothing is there twice."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, event

from reports.archive import Archive, verify_bundle
from reports.records import Closure, Text
from tests.reports.archive.conftest import NOW, closed_change, new_change

ACTS = ("open", "fsync", "rename", "replace", "mkdir", "link", "unlink", "rmdir")


def die_at(point: int) -> Callable[[], int]:
    """From now on this process dies by SIGKILL just before its `point`-th operation on disk or database; -1: it only counts."""
    count = 0

    def one_more(*_: object, **__: object) -> None:
        nonlocal count
        if count == point:
            os.kill(os.getpid(), signal.SIGKILL)
        count += 1

    def counted(act: Callable) -> Callable:
        def counting(*arguments: object, **named: object) -> object:
            one_more()
            return act(*arguments, **named)
        return counting

    for name in ACTS:
        setattr(os, name, counted(getattr(os, name)))
    for name in ("before_cursor_execute", "commit", "checkin"):
        event.listen(Engine, name, one_more)
    return lambda: count


def in_a_process(act: Callable[[], int]) -> tuple[int, int]:
    """Runs the act in a fork of this process; its answer (at most 255) and the signal that it died of."""
    child = os.fork()
    if child == 0:
        answer = 254
        try:
            answer = act()
        finally:
            os._exit(answer)
    status = os.waitpid(child, 0)[1]
    return (os.WTERMSIG(status), -1) if os.WIFSIGNALED(status) else (0, os.WEXITSTATUS(status))


def test_killed_at_any_operation_of_a_seal_the_chain_goes_on(archive: Archive, database: str, tmp_path: Path) -> None:
    def seal(number: str, point: int) -> Callable[[], int]:
        def act() -> int:
            opened = Archive.open(database, tmp_path / "store")
            operations = die_at(point)
            opened.seal(number, NOW)
            return operations()
        return act

    archive.seal(closed_change(archive), NOW)
    number = closed_change(archive)
    archive.dispose()  # no open connection crosses a fork
    killed_by, operations = in_a_process(seal(number, -1))
    assert killed_by == 0 and 30 < operations < 250

    taken_in = 0
    # The operations on the disk are the same with both databases; in PostgreSQL every fourth is enough.
    for turn, point in enumerate(range(0, operations, 1 if database.startswith("sqlite") else 4)):
        number = closed_change(archive)
        before = [b.path.name for b in archive.bundles()]
        archive.dispose()
        killed_by, _ = in_a_process(seal(number, point))
        assert killed_by == signal.SIGKILL, point
        on_disk = sorted(p.name for p in archive.bundle_folder.iterdir() if p.is_dir())
        lies_there = len(on_disk) > len(before)
        if lies_there and not archive.bundles(number):
            taken_in += 1
            assert archive.verify().checked == len(before) + 1, point
        if turn % 3 == 1:  # another change is sealed first
            archive.seal(closed_change(archive), NOW)
        if turn % 3 == 2:  # the run that takes it up files something more
            archive.note(number, "taken up again", at=NOW)
        bundle = archive.seal(number, NOW + timedelta(hours=1))
        assert bundle.edition == (2 if lies_there and turn % 3 == 2 else 1), point
        assert archive.seal(number, NOW) == bundle and verify_bundle(bundle.path, archive.public_key)
        if turn % 10 == 9:
            assert archive.verify().checked == len(archive.bundles()), point
        assert sorted(p.name for p in archive.bundle_folder.iterdir() if p.is_dir()) == [b.path.name for b in archive.bundles()]
    assert archive.verify().checked == len(archive.bundles())
    assert taken_in > 1  # the interesting ones were there: renamed into the chain, unknown to the database
    staging = tmp_path / "store" / "staging"
    for left in staging.iterdir():
        os.utime(left, (time.time() - 2 * 86400,) * 2)
    archive.seal(closed_change(archive), NOW)
    assert list(staging.iterdir()) == []


def test_killed_at_any_operation_of_filing_evidence(archive: Archive, database: str, tmp_path: Path) -> None:
    number = new_change(archive)
    archive.dispose()

    def file(name: str, point: int) -> Callable[[], int]:
        def act() -> int:
            opened = Archive.open(database, tmp_path / "store")
            operations = die_at(point)
            opened.file_evidence(number, name, f"content of {name}".encode())
            return operations()
        return act

    _, operations = in_a_process(file("first", -1))
    assert 5 < operations < 100
    for point in range(operations):
        archive.dispose()
        killed_by, _ = in_a_process(file(f"{point}", point))
        assert killed_by == signal.SIGKILL
        for piece in archive.evidence(number):
            assert archive.read_evidence(piece) == f"content of {piece.name}".encode()
        archive.file_evidence(number, f"{point}", f"content of {point}".encode())
    assert [piece.name for piece in archive.evidence(number)] == ["first", *map(str, range(operations))]


def _write_until_killed(database: str, store: Path, number: str, pipe) -> None:
    archive = Archive.open(database, store)
    for n in range(100_000):
        archive.note(number, "line", n=n)
        pipe.send(n)


def test_what_note_returned_is_there_after_a_kill(archive: Archive, database: str, tmp_path: Path) -> None:
    number = new_change(archive)
    archive.dispose()
    spawn = multiprocessing.get_context("spawn")
    reading, writing = spawn.Pipe(duplex=False)
    process = spawn.Process(target=_write_until_killed, args=(database, tmp_path / "store", number, writing))
    process.start()
    writing.close()
    said = [reading.recv() for _ in range(50)]
    process.kill()
    process.join(30)
    try:
        while True:
            said.append(reading.recv())
    except EOFError:
        pass
    kept = archive.journal(number)
    assert [entry.detail["n"] for entry in kept][:len(said)] == said and len(said) <= len(kept) <= len(said) + 1
    assert [entry.sequence for entry in kept] == list(range(1, len(kept) + 1))


def _work(database: str, store: Path, shared: str, name: int, barrier, answers) -> None:
    """What one of several workers does: changes of its own, lines in a shared journal, the same code, the same seal."""
    archive = Archive.open(database, store)
    barrier.wait(60)
    mine = []
    for n in range(8):
        number = archive.new_change(procedure="p", customer="c", requester="r", operator="o", reason=f"{name}", request={},
                                    opened_at=NOW, run_id=f"run-{n % 2}" if n > 5 else "")
        mine.append(number)
        archive.note(shared, "line", target=f"{name}", n=n)
        archive.save(shared, "paper", f"{n}", Text(zh=f"{n}", en=f"{n}"))
        archive.file_evidence(shared, f"{n}", f"{n}".encode())
    burnt = archive.burn_code(shared, "gate", "d", "314159", NOW)
    for number in mine[:3]:
        archive.close(number, Closure.SUCCESSFUL, "", NOW)
        archive.seal(number, NOW)
    barrier.wait(60)
    archive.close(shared, Closure.SUCCESSFUL, "", NOW)
    bundle = archive.seal(shared, NOW)
    answers.put((mine, burnt, bundle.manifest))


@pytest.mark.parametrize("workers", [3])
def test_several_processes_at_once(archive: Archive, database: str, tmp_path: Path, workers: int) -> None:
    shared = new_change(archive)
    archive.store_code(shared, "gate", "d", "314159", NOW + timedelta(hours=1), "x")
    archive.dispose()
    spawn = multiprocessing.get_context("spawn")
    barrier, answers = spawn.Barrier(workers), spawn.Queue()
    processes = [spawn.Process(target=_work, args=(database, tmp_path / "store", shared, n, barrier, answers))
                 for n in range(workers)]
    for process in processes:
        process.start()
    got = [answers.get(timeout=120) for _ in processes]
    for process in processes:
        process.join(30)
    assert [process.exitcode for process in processes] == [0] * workers

    own = [number for mine, _, _ in got for number in mine[:6]]
    of_runs = {number for mine, _, _ in got for number in mine[6:]}
    assert len(set(own)) == 6 * workers and len(of_runs) == 2 and not of_runs & set(own)
    assert {row.number for row in archive.changes(limit=1000)} == {shared, *own, *of_runs}
    lines = archive.journal(shared)
    assert [line.sequence for line in lines] == list(range(1, 8 * workers + 1))
    for name in range(workers):
        assert [line.detail["n"] for line in lines if line.target == f"{name}"] == list(range(8))
    assert len(archive.load_all(shared, "paper", Text)) == 8 == len(archive.evidence(shared))
    assert sorted(burnt for _, burnt, _ in got) == ["right"] + ["used"] * (workers - 1)
    assert len({manifest for _, _, manifest in got}) == 1
    bundles = archive.bundles()
    assert [b.sequence for b in bundles] == list(range(1, 3 * workers + 2)) and len({b.number for b in bundles}) == len(bundles)
    verdict = archive.verify()
    assert verdict.ok and verdict.checked == len(bundles), verdict
