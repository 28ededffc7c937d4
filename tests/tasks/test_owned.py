"""Where another account owns the folder, it lays links for root: what root writes goes nowhere else, and comes back byte for byte."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from tasks.operations.file_lines import FileLines, setting
from tasks.operations.owned import KEPT_OF_OWNER, OWNED

pytestmark = pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("runuser"), reason="only root can write as somebody else")
NOBODY, GROUP = 65534, 65534


@pytest.fixture
def place(tmp_path) -> Path:
    """A folder of somebody else's, a root's folder beside it, and the file that must not be reached; all may be passed through."""
    top = Path(subprocess.run(["mktemp", "-d", "/var/lib/standfast-test.XXXXXX"], capture_output=True, text=True, check=True).stdout.strip())
    top.chmod(0o755)
    for name, owner in (("theirs", NOBODY), ("ours", 0)):
        (top / name).mkdir(mode=0o700)
        os.chown(top / name, owner, owner)
    (top / "secret").write_text("of root\n")
    (top / "secret").chmod(0o600)
    yield top
    shutil.rmtree(top)


def run(script: str, place: Path) -> subprocess.CompletedProcess:
    head = f"set -eu\nowner=nobody; data={place}/theirs/main; SAVED={place}/ours; CHANGE_DIR={place}/ours; mkdir -p $CHANGE_DIR/saved\n"
    return subprocess.run(["sh", "-c", head + script], capture_output=True, text=True, timeout=60)


WRITES = {
    "fill": 'echo new | fill_as_owner "$data"',
    "bring back": 'echo was >"$SAVED/file"; bring_to_owner "$SAVED/file" "$data" <"$SAVED/file"',
    "make a folder": 'make_folder 700 "$data"',
    "keep": 'keep_of_owner "$data" "$SAVED/file"',
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
@pytest.mark.parametrize("link", ["main", "main.standfast"])
def test_a_link_in_the_place_of_the_file_leads_root_nowhere(place, write, link):
    os.symlink(place / "secret", place / "theirs" / link)
    done = run(OWNED + KEPT_OF_OWNER + write, place)
    assert (place / "secret").read_text() == "of root\n" and (place / "secret").stat().st_uid == 0 and stat.S_IMODE((place / "secret").stat().st_mode) == 0o600
    kept = place / "ours/file"
    assert not kept.exists() or "of root" not in kept.read_text(), done.stderr


def test_a_folder_of_roots_is_not_given_away_by_a_link(place):
    (place / "root").mkdir(mode=0o755)
    os.symlink(place / "root", place / "theirs/main")
    run(OWNED + KEPT_OF_OWNER + 'make_folder 700 "$data"', place)
    assert (place / "root").stat().st_uid == 0 and stat.S_IMODE((place / "root").stat().st_mode) == 0o755


def test_what_is_kept_comes_back_by_byte_owner_mode_and_time(place):
    file = place / "theirs/main"
    file.write_bytes(b"a = 1\n\xff no line's end")
    os.chown(file, NOBODY, GROUP)
    file.chmod(0o640)
    os.utime(file, ns=(1_700_000_000_123_456_789,) * 2)
    before = file.stat()
    done = run(OWNED + KEPT_OF_OWNER +
               'keep_of_owner "$data" "$SAVED/file"; echo changed | fill_as_owner "$data"; bring_to_owner "$SAVED/file" "$data" <"$SAVED/file"', place)
    after = file.stat()
    assert done.returncode == 0, done.stderr
    assert file.read_bytes() == b"a = 1\n\xff no line's end"
    assert (after.st_uid, after.st_gid, after.st_mode, after.st_mtime_ns) == (before.st_uid, before.st_gid, before.st_mode, before.st_mtime_ns)


def test_a_folder_that_roots_folder_holds_is_made_by_root_with_its_owner(place):
    done = run(OWNED + KEPT_OF_OWNER + f'make_folder 750 {place}/ours/new; make_folder 750 "$data"', place)
    assert done.returncode == 0, done.stderr
    for path in (place / "ours/new", place / "theirs/main"):
        assert (path.stat().st_uid, stat.S_IMODE(path.stat().st_mode)) == (NOBODY, 0o750)


@pytest.mark.parametrize("link", ["app.conf", "conf"])
def test_a_line_is_not_written_through_a_link_of_the_folders_owner(place, link):
    """Put there between the look at the file and the writing, as who waits for it would."""
    conf = place / "theirs/conf"
    conf.mkdir()
    (conf / "app.conf").write_text("a 1\n")
    for path in (conf, conf / "app.conf"):
        os.chown(path, NOBODY, GROUP)
    (place / "root").mkdir()
    (place / "root/app.conf").write_text("of root\n")
    mend = FileLines(path=f"{conf}/app.conf", lines=(setting("a", "a 2"),)).mend()
    if link == "conf":
        conf.rename(place / "theirs/before")
        os.symlink(place / "root", conf)
    else:
        (conf / "app.conf").unlink()
        os.symlink(place / "root/app.conf", conf / "app.conf")
    done = run(mend.command, place)
    assert done.returncode != 0 and (place / "root/app.conf").read_text() == "of root\n"
    assert "no file any more" in done.stderr or "leads elsewhere" in done.stderr
    assert not [name for name in os.listdir(place / "root") if name.startswith(".standfast")]


def test_a_line_in_a_folder_of_somebody_elses_is_written_and_comes_back(place):
    conf = place / "theirs/app.conf"
    conf.write_text("a 1\n")
    os.chown(conf, NOBODY, GROUP)
    conf.chmod(0o640)
    mend = FileLines(path=str(conf), lines=(setting("a", "a 2"),)).mend()
    for script, said in ((mend.command, "a 2\n"), (mend.undo, "a 1\n")):
        done = run(script, place)
        assert done.returncode == 0, done.stderr
        assert conf.read_text() == said and (conf.stat().st_uid, stat.S_IMODE(conf.stat().st_mode)) == (NOBODY, 0o640)
    assert os.listdir(place / "theirs") == ["app.conf"]
