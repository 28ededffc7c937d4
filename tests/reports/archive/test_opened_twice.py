"""A process may open the archive as often as it likes: nobody's committed rows are lost by it (sqlite.org/howtocorrupt.html 2.2)."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

from reports.archive import Archive
from tests.reports.archive.conftest import new_change

OTHER = """
import os, sys
from reports.archive import Archive
from tests.reports.archive.conftest import new_change
archive = Archive.open(sys.argv[1], sys.argv[2])
print(new_change(archive), flush=True)
if sys.argv[3] == "ends":
    archive.dispose()
os._exit(0)
"""


def test_rows_of_other_processes_survive_a_second_opening(tmp_path: Path) -> None:
    database, store = f"sqlite:///{tmp_path}/archive.db", str(tmp_path)
    first = Archive.open(database, store)
    numbers = [new_change(first)]
    second = Archive.open(database, store)
    for how in ("ends", "dies", "dies"):
        done = subprocess.run([sys.executable, "-c", OTHER, database, store, how], cwd=Path(__file__).resolve().parents[3], capture_output=True, text=True,
                              timeout=120)
        assert done.returncode == 0, done.stderr
        numbers.append(done.stdout.strip())
    assert {change.number for change in second.changes()} == set(numbers) and len(set(numbers)) == 4, "no number is given out twice"
    first.dispose()
    second.dispose()
    assert {change.number for change in Archive.open(database, store).changes()} == set(numbers)


def test_only_its_owner_and_group_may_read_the_database(tmp_path: Path) -> None:
    Archive.open(f"sqlite:///{tmp_path}/archive.db", str(tmp_path))
    assert stat.S_IMODE(os.stat(tmp_path / "archive.db").st_mode) & 0o007 == 0
