"""The one script of all checks, run by a real shell: whatever a command does, it spoils nothing but its own answer."""

from __future__ import annotations

import subprocess
import time
from datetime import UTC, datetime

import pytest

from reports.records import Outcome, Text
from tasks.checks.catalogue import host_checks
from tasks.checks.kinds import HostCheck, Known, ok
from tasks.checks.reading import answers_in, examine_host, host_script

NONCE = "0123456789abcdef0123"
T = Text(zh="试", en="try")


def check(id_: str, command: str, **more) -> HostCheck:
    def judge(answer, limits, known):
        yield ok(answer, answer)

    def parse(output: str) -> str:
        if "good" not in output:
            raise ValueError("no good word")
        return output.strip()
    return HostCheck(**{"id": id_, "title": T, "chapter": "resources", "command": command, "parse": parse, "judge": judge, "remedy": T, "source": "x",
                        "time_limit_s": 2, "byte_limit": 4000, **more})


def read(*checks: HostCheck, expected=None, limit_s: float = 60) -> dict[str, tuple[str, str]]:
    done = subprocess.run(["sh", "-s"], input=host_script(checks, NONCE, expected).encode(), capture_output=True, timeout=limit_s)
    output = done.stdout.decode(errors="replace")
    rows = examine_host("h", output, NONCE, checks, {c.id: {} for c in checks}, {c.id: Known(now=datetime.now(UTC)) for c in checks})
    return {row.check: (row.outcome.value, row.says.en) for row in rows}


@pytest.mark.parametrize(("command", "outcome", "says"), [
    ("echo good", "ok", "good"),
    ("printf good", "ok", "good"),
    ("echo good; exit 3", "unknown", "ended with 3: good"),
    ("na '没有' 'no such thing here'", "not applicable", "not applicable: no such thing here"),
    ("cannot '没有权限' 'no right to ask'", "unknown", "cannot be asked: no right to ask"),
    ("echo good; cannot '报错' 'it failed' 'error 7\nmore of it'", "unknown", "cannot be asked: it failed: error 7"),
    ("cannot '报错' 'it failed\nbadly' ''", "unknown", "cannot be asked: it failed badly"),
    ("no-such-command", "unknown", "ended with 127"),
    ("sleep 60", "unknown", "did not end within 2 s"),
    ("trap '' TERM; while :; do sleep 1; done", "unknown", "did not end within 2 s"),
    ("yes good | head -c 100000000", "unknown", "longer than allowed"),
    ("head -c 100000000 /dev/zero", "unknown", "longer than allowed"),
    ("cat; echo good", "ok", "good"),
    ("sleep 30 & echo good", "unknown", "left something running"),
    (f"printf '\\n@{NONCE[::-1]} complete\\ngood'", "ok", "good"),
    ("printf 'good \\000\\377'", "ok", "good"),
    ("kill -9 $$", "unknown", "did not end within"),
    ("set -e; false; echo good", "unknown", "ended with 1"),
    ("", "unknown", "no good word"),
], ids=lambda value: str(value)[:30])
def test_every_command_spoils_only_its_own_answer(command, outcome, says):
    began = time.monotonic()
    found = read(check("A-1", "echo good"), check("B-1", command), check("C-1", "echo good too"))
    assert found["A-1"] == ("ok", "good") and found["C-1"] == ("ok", "good too")
    assert found["B-1"][0] == outcome and says in found["B-1"][1], found["B-1"]
    assert time.monotonic() - began < 30


def test_an_answer_that_was_broken_off_is_unknown_from_there_on():
    checks = [check(name, "echo good") for name in ("A-1", "B-1", "C-1")]
    checks = [check(c.id, f"echo good {c.id}") for c in checks]
    whole = subprocess.run(["sh", "-s"], input=host_script(checks, NONCE).encode(), capture_output=True).stdout.decode()
    for at in range(len(whole)):
        answers = answers_in(whole[:at], NONCE, checks)
        assert all(answer.output.strip() == f"good {name}" for name, answer in answers.items() if not answer.cut)
    assert len(answers_in(whole, NONCE, checks)) == 3


def test_checks_with_the_same_command_ask_once(tmp_path):
    count = tmp_path / "count"
    command = f"echo once >> {count}; echo good"
    assert set(read(check("A-1", command), check("B-1", command)).values()) == {("ok", "good")}
    assert count.read_text() == "once\n"


def test_the_inventory_is_told_and_cannot_inject():
    hostile = {"backups": [{"path": "/a b"}, {"path": "x'; echo injected; '"}, {"path": "two\nlines"}]}
    found = read(check("A-1", 'printf "%s" "$BACKUPS" | wc -l; printf "%s" "$BACKUPS" | grep -c injected; echo good'), expected=hostile)
    assert found["A-1"] == ("ok", "2\n1\ngood")


def test_drift_sees_what_is_altered_added_and_linked_elsewhere_but_no_leavings(tmp_path):
    drift = next(c for c in host_checks() if c.id == "CLU-08")
    watched = tmp_path / "a folder"
    (watched / "conf.d").mkdir(parents=True)
    (watched / "app.conf").write_text("port = 80\n")

    def digest() -> str:
        script = host_script([drift], NONCE, {"watched": [str(watched), str(tmp_path / "gone")]})
        done = subprocess.run(["sh", "-s"], input=script.encode(), capture_output=True)
        trees = drift.parse(answers_in(done.stdout.decode(), NONCE, [drift])[drift.id].output)
        return next(tree.digest for tree in trees if tree.path == str(watched))

    seen = [digest()]
    assert digest() == seen[0]
    for leaving in ("app.conf~", "app.conf.dpkg-old", ".app.conf.swp"):
        (watched / leaving).write_text("x")
    assert digest() == seen[0]
    (watched / "app.conf").write_text("port = 81\n")
    seen.append(digest())
    (watched / "conf.d" / "more.conf").write_text("")
    seen.append(digest())
    (watched / "current").symlink_to("conf.d")
    seen.append(digest())
    (watched / "current").unlink()
    (watched / "current").symlink_to("app.conf")
    seen.append(digest())
    assert len(set(seen)) == len(seen)


def test_the_whole_catalogue_reads_this_machine_and_changes_nothing():
    """Every command of ours in a real shell: none hangs, each gives rows."""
    checks = host_checks()
    done = subprocess.run(["sh", "-s"], input=host_script(checks, NONCE).encode(), capture_output=True, timeout=280)
    known = {c.id: Known(now=datetime.now(UTC)) for c in checks}
    rows = examine_host("here", done.stdout.decode(errors="replace"), NONCE, checks, {c.id: c.limits for c in checks}, known)
    assert {row.check for row in rows} == {c.id for c in checks}
    lost = [row.check for row in rows if row.outcome is Outcome.UNKNOWN and "no answer arrived" in row.says.en]
    assert not lost and done.returncode == 0
