"""Lines of files: written, tested, put in force, and the file brought back byte for byte; every script run in a real shell."""

from __future__ import annotations

import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from tasks.operations.file_lines import FileLines, Line, joined, setting

SCRIPTS = ("probe", "holds_before", "command", "proof", "undo", "undo_proof")


def run(script: str, change: Path, ok: bool = True) -> str:
    change.mkdir(exist_ok=True)
    done = subprocess.run(["sh", "-eu"], input=f'SAVED="$CHANGE_DIR/saved/x"\n{script}', text=True, capture_output=True, timeout=60, check=False,
                          env={**os.environ, "CHANGE_DIR": str(change)})
    assert (done.returncode == 0) == ok, done.stderr + done.stdout
    return done.stdout + done.stderr


def there_and_back(of: FileLines, change: Path, wished: str) -> None:
    """Everything that a step does, done twice, and taken back twice: the file is as it was, to the bytes, owner and mode."""
    path, mend = Path(of.path), of.mend()
    before = (path.read_bytes(), path.stat().st_mode, path.stat().st_uid) if path.exists() else None
    assert run(mend.probe, change) == "ABSENT\n"
    run(mend.holds_before, change)
    run(mend.undo, change)  # of a step that was not begun
    run(mend.command, change)
    run(mend.command, change)
    run(mend.proof, change)
    assert run(mend.probe, change) == "DONE\n" and path.read_text() == wished
    if before:
        assert path.stat().st_mode == before[1]
    for _ in range(2):
        run(mend.undo, change)
        run(mend.undo_proof, change)
    assert (path.read_bytes(), path.stat().st_mode, path.stat().st_uid) == before if before else not path.exists()
    assert [one.name for one in path.parent.glob(".standfast*")] == [] if path.parent.exists() else True
    assert run(mend.probe, change) == "PARTIAL\n"


def test_a_file_of_our_own_is_made_with_its_folder_and_taken_away_with_it(tmp_path):
    file = tmp_path / "etc" / "x.conf.d" / "00.conf"
    of = FileLines(str(file), (setting("MaxAuthTries", "MaxAuthTries 4"), setting("Banner", "Banner /etc/issue.net")), mode="600")
    there_and_back(of, tmp_path / "change", "# by Standfast\nMaxAuthTries 4\nBanner /etc/issue.net\n")
    assert not (tmp_path / "etc").exists()


def test_lines_of_a_vendors_file_change_in_their_place(tmp_path):
    file = tmp_path / "login.defs"
    file.write_text("# PASS_MAX_DAYS is this\nPASS_MAX_DAYS\t99999\nUMASK 022\nPASS_MAX_DAYS_X 1\n  pass_max_days = 3\nlast without an end")
    file.chmod(0o640)
    there_and_back(FileLines(str(file), (setting("PASS_MAX_DAYS", "PASS_MAX_DAYS\t90"), setting("PASS_MIN_DAYS", "PASS_MIN_DAYS\t1"))), tmp_path / "change",
                   "# PASS_MAX_DAYS is this\nPASS_MAX_DAYS\t90\nUMASK 022\nPASS_MAX_DAYS_X 1\nlast without an end\nPASS_MIN_DAYS\t1\n")


def test_every_line_or_the_whole_file(tmp_path):
    rotated = tmp_path / "rsyslog"
    rotated.write_text("/var/log/a {\n\trotate 4\n}\n/var/log/b {\n\trotate 7\n}\n")
    there_and_back(FileLines(str(rotated), (setting("rotate", "\trotate 26"),), each=True), tmp_path / "one",
                   "/var/log/a {\n\trotate 26\n}\n/var/log/b {\n\trotate 26\n}\n")
    issue = tmp_path / "issue"
    issue.write_bytes(b"Debian \\n \xff\n")
    there_and_back(FileLines(str(issue), (Line("", "仅限授权用户"), Line("-", "it's $(id) `id` \\d")), whole=True), tmp_path / "two",
                   "仅限授权用户\nit's $(id) `id` \\d\n")


def test_what_fails_its_test_is_as_before_at_once(tmp_path):
    file = tmp_path / "x.conf"
    of = FileLines(str(file), (setting("a", "a 1"),), test='grep -q "a 2" "$file"', put_in_force=f"touch {tmp_path}/reloaded")
    assert "did not pass" in run(of.mend().command, tmp_path / "change", ok=False) and not file.exists()
    file.write_text("b 2\n")
    run(of.mend().command, tmp_path / "other", ok=False)
    assert file.read_text() == "b 2\n" and not (tmp_path / "reloaded").exists()


def test_a_link_and_a_folder_that_cannot_be_written_are_refused(tmp_path):
    (tmp_path / "real").write_text("a 0\n")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert "symbolic link" in run(FileLines(str(tmp_path / "link"), (setting("a", "a 1"),)).mend().holds_before, tmp_path / "change", ok=False)
    assert "cannot be written" in run(FileLines("/proc/sys/x/y", (setting("a", "a 1"),)).mend().holds_before, tmp_path / "change", ok=False)


def test_killed_in_the_middle_it_is_finished_or_taken_back(tmp_path):
    """Cut off after the saving, and after the writing: the next attempt and the undo both work."""
    for cut in ("umask 022", "tested() {"):
        folder = tmp_path / cut[:5]
        folder.mkdir()
        file = folder / "x"
        file.write_text("a 0\n")
        mend = FileLines(str(file), (setting("a", "a 1"),)).mend()
        run(mend.command.partition(cut)[0] + "exit 0\n", folder / "change")
        run(mend.command, folder / "change")
        run(mend.proof, folder / "change")
        run(mend.undo, folder / "change")
        assert file.read_text() == "a 0\n"


def test_put_in_force_and_back_with_what_was_saved(tmp_path):
    state = tmp_path / "state"
    state.write_text("old\n")
    of = FileLines(str(tmp_path / "x"), (setting("a", "a 1"),), save=f'cp {state} "$SAVED/state"', put_in_force=f"echo new >{state}",
                   put_back=f'cat "$SAVED/state" >{state}', in_force=f"grep -q new {state} || exit 1\n", is_back=f"grep -q old {state}\n")
    there_and_back(of, tmp_path / "change", "# by Standfast\na 1\n")
    (tmp_path / "x").write_text("# by Standfast\na 1\n")
    assert run(of.mend().probe, tmp_path / "other") == "ABSENT\n", "the file stands, but is not in force"


def test_several_of_one_file_become_one_step_and_say_what_they_change():
    one, two = (FileLines("/etc/x", (line,)) for line in (setting("a", "a 1", "a 0"), setting("b", "b 2")))
    assert one.of_same_file(two) and not one.of_same_file(replace(two, path="/etc/y"))
    both = joined([one, two, one])
    assert [line.text for line in both.lines] == ["a 1", "b 2"]
    change, = both.mend().files
    assert (change.path, change.before, change.after) == ("/etc/x", ("a 0",), ("a 1", "b 2"))


@pytest.mark.parametrize("name", ["/etc/it's", '/etc/"$(touch /tmp/owned)"', "/etc/`id`;id", "/etc/a b"])
def test_a_hostile_name_stays_one_word(name, tmp_path):
    mend = FileLines(name, (setting(name, name),), head=(name,)).mend()
    for script in SCRIPTS:
        assert subprocess.run(["sh", "-n"], input=getattr(mend, script), text=True, capture_output=True, check=False).stderr == ""
    assert run(mend.probe, tmp_path) == "ABSENT\n" and not Path("/tmp/owned").exists()


# --- taken back long after: what others wrote since stays

def done(of: FileLines, change: Path) -> None:
    run(of.mend().holds_before, change)
    run(of.mend().command, change)
    run(of.mend().proof, change)


def taken_back(of: FileLines, change: Path) -> None:
    """Also asked for twice, as after a driver's death."""
    for _ in range(2):
        run(of.mend().undo_holds, change)
        run(of.mend().undo, change)
        run(of.mend().undo_proof, change)


@pytest.mark.parametrize(("before", "edit", "after"), [
    ("a 0\nb 2\n", ("$ a c 3", "1 i # why"), "# why\na 0\nb 2\nc 3\n"),
    ("b 2\n", ("$ a c 3",), "b 2\nc 3\n"),
    ("a 0\na 1\nb 2\na 9\n", ("s/b 2/b 3/",), "a 0\na 1\na 9\nb 3\n"),
    ("a 0\nb 2\n", ("s/^a 1/a 7/",), "a 7\nb 2\n"),
    ("a 0\nb 2\n", ("/^a 1/ d", "$ a c 3"), "b 2\nc 3\n"),
], ids=["beside ours", "after ours, which was not there", "several stood there", "ours was altered", "ours was removed"])
def test_only_our_lines_are_taken_from_a_file_that_was_edited_since(tmp_path, before, edit, after):
    file = tmp_path / "x.conf"
    file.write_text(before)
    file.chmod(0o640)
    of = FileLines(str(file), (setting("a", "a 1"),), put_back=f"touch {tmp_path}/reloaded")
    done(of, tmp_path / "change")
    subprocess.run(["sed", "-i", *(word for one in edit for word in ("-e", one)), str(file)], check=True)
    taken_back(of, tmp_path / "change")
    assert file.read_text() == after and file.stat().st_mode & 0o777 == 0o640 and (tmp_path / "reloaded").exists()


def test_every_line_is_taken_back_where_it_stood_also_among_others_new_ones(tmp_path):
    file = tmp_path / "rsyslog"
    file.write_text("a {\n\trotate 4\n}\nb {\n\trotate 7\n}\n")
    of = FileLines(str(file), (setting("rotate", "\trotate 26"),), each=True)
    done(of, tmp_path / "change")
    with file.open("a") as more:
        more.write("c {\n\trotate 26\n}\n")
    taken_back(of, tmp_path / "change")
    assert file.read_text() == "a {\n\trotate 4\n}\nb {\n\trotate 7\n}\nc {\n\trotate 26\n}\n"


def test_a_file_of_our_own_goes_but_not_with_what_others_wrote_into_it(tmp_path):
    file = tmp_path / "x.conf.d" / "00.conf"
    of = FileLines(str(file), (setting("a", "a 1"),))
    done(of, tmp_path / "one")
    file.write_text(file.read_text() + "theirs 1\n")
    taken_back(of, tmp_path / "one")
    assert file.read_text() == "# by Standfast\ntheirs 1\n"
    file.unlink()
    file.parent.rmdir()
    done(of, tmp_path / "two")
    file.write_text(file.read_text() + "\n")
    taken_back(of, tmp_path / "two")
    assert not file.parent.exists(), "an empty line is nobody's work"


def test_a_whole_file_that_was_edited_since_is_not_taken_back_on_request_and_by_itself_only_with_a_copy(tmp_path):
    file = tmp_path / "issue"
    file.write_text("Debian\n")
    of = FileLines(str(file), (Line("", "Keep out"),), whole=True)
    done(of, tmp_path / "change")
    file.write_text("Keep out, or ring 4711\n")
    assert f"{file} was edited after this change wrote it" in run(of.mend().undo_holds, tmp_path / "change", ok=False)
    run(of.mend().undo, tmp_path / "change")  # a guard, which must open the way in whatever happened
    run(of.mend().undo_proof, tmp_path / "change")
    assert file.read_text() == "Debian\n"
    assert (tmp_path / "change/saved/x/edited/issue").read_text() == "Keep out, or ring 4711\n"
    run(of.mend().undo_holds, tmp_path / "change")


def test_what_another_step_of_the_same_change_wrote_is_nobody_elses_edit(tmp_path):
    file, change = tmp_path / "x", tmp_path / "change"
    file.write_text("a 0\nb 0\n")
    first, second = FileLines(str(file), (setting("a", "a 1"),)), FileLines(str(file), (setting("b", "b 1"),), test="true")
    done(first, change)
    later = second.mend().command.replace("$SAVED", "$CHANGE_DIR/saved/y")
    run(later, change)
    assert file.read_text() == "a 1\nb 1\n"
    run(first.mend().undo, change)
    assert file.read_text() == "a 0\nb 0\n"


def test_an_attempt_that_fails_leaves_what_was_written_before_it(tmp_path):
    """The first attempt was cut off, somebody edited, the second does not pass its test: the edit is still there."""
    file = tmp_path / "x"
    file.write_text("a 0\n")
    of = FileLines(str(file), (setting("a", "a 1"),), test="false")
    run(of.mend().command.partition("umask 022")[0], tmp_path / "change")
    file.write_text("a 0\ntheirs\n")
    run(of.mend().command, tmp_path / "change", ok=False)
    assert file.read_text() == "a 0\ntheirs\n"
