"""The script that cuts logs to a span on the host: every form of time, what is nearest to the problem, nothing of who asked for what."""

import os
import subprocess
from datetime import UTC, datetime, timedelta

import pytest

from tasks.diagnosis.bundle import take_apart
from tasks.diagnosis.script import _CUTTER, HOST_LIMIT_S, log_script, sections

AT = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
SINCE, UNTIL = AT - timedelta(minutes=60), AT + timedelta(minutes=15)
EAST = timedelta(hours=8)  # the host's own time


def cut(text: str, kind: str = "log", limit: int = 100_000, **more: str) -> list[str]:
    """What comes of a log, as the host's awk makes it."""
    moments = {}
    for n, moment in enumerate((SINCE, AT, UNTIL), start=1):
        moments |= {f"e{n}": str(int(moment.timestamp())), f"u{n}": f"{moment:%Y-%m-%d %H:%M:%S}", f"l{n}": f"{moment + EAST:%Y-%m-%d %H:%M:%S}"}
    environment = {**os.environ, "LC_ALL": "C", "LOG": "/var/log/x", "KIND": kind, "MORE": "", "PROBE": "", "LIMIT": str(limit), "WIDTH": "2000",
                   **moments, **more}
    done = subprocess.run(["awk", _CUTTER], input=text.encode(), env=environment, capture_output=True, check=True)
    return done.stdout.decode(errors="replace").splitlines()


def forms(at: datetime) -> list[str]:
    """The same moment as different programs write it, on a host eight hours east."""
    here = at + EAST
    return [f"{at:%Y-%m-%dT%H:%M:%S}+0000 web1 x", f"{at:%Y-%m-%d %H:%M:%S}.123 UTC [5] LOG: x", f"{at:%Y-%m-%dT%H:%M:%S}.123456Z 0 [Note] x",
            f"{here:%Y-%m-%d %H:%M:%S} upgrade x", f"{here:%Y/%m/%d %H:%M:%S} [error] x", f"{here:%b %d %H:%M:%S} web1 x",
            f'1.2.3.4 - - [{here:%d/%b/%Y:%H:%M:%S} +0800] "x', f"{here:%d-%b-%Y %H:%M:%S}.123 INFO x", f"7:M {here:%d %b %Y %H:%M:%S}.123 * x",
            f"type=X msg=audit({int(at.timestamp())}.345:7): x"]


@pytest.mark.parametrize("form", range(10))
def test_every_form_of_time_is_cut_to_the_span(form):
    out, first, last, after = (forms(moment)[form] for moment in (SINCE - timedelta(seconds=5), SINCE + timedelta(seconds=5), AT, UNTIL + timedelta(seconds=5)))
    found = cut("\n".join([out, first, "  a line that belongs to it", last, after, "  not this"]) + "\n")
    assert found[1:-1] == [f"|{first}", "|  a line that belongs to it", f"|{last}"] and found[-1] == "cut 0"
    assert found[0].startswith("file log ") and found[0].endswith(" /var/log/x")


def test_what_is_nearest_to_the_problem_is_kept():
    lines = [f"{SINCE + timedelta(seconds=second):%Y-%m-%d %H:%M:%S} UTC {'x' * 80}" for second in range(0, 4500)]
    found = cut("\n".join(lines) + "\n", limit=20_000)
    kept = [line[1:20] for line in found if line.startswith("|")]
    assert f"{AT:%Y-%m-%d %H:%M:%S}" in kept and f"{AT + timedelta(seconds=1):%Y-%m-%d %H:%M:%S}" in kept
    assert kept[0] > f"{AT - timedelta(minutes=5):%Y-%m-%d %H:%M:%S}" and kept[-1] < f"{AT + timedelta(minutes=5):%Y-%m-%d %H:%M:%S}"
    assert found[-1] == f"cut {len(lines) - len(kept)}" and kept == sorted(kept)


def test_requests_are_counted_and_only_failed_ones_are_shown():
    def line(status: int, second: int) -> str:
        return f'1.2.3.4 - - [{AT + timedelta(seconds=second):%d/%b/%Y:%H:%M:%S} +0000] "GET /private/{second} HTTP/1.1" {status} 12 "-" "x"'

    found = cut("\n".join([line(200, 1), line(200, 2), line(502, 3), line(404, 4)]) + "\n", kind="access")
    assert [line for line in found if line.startswith("|")] == [f"|{line(502, 3)}", f"|{line(404, 4)}"]
    assert sorted(line for line in found if line.startswith("requests")) == [f"requests u {AT:%Y-%m-%d %H:%M} {s}" for s in ("200 2", "404 1", "502 1")]


def test_a_log_without_times_shows_its_end():
    found = cut("".join(f"line {number}\n" for number in range(20_000)), limit=50_000)
    assert found[0] == "file log - /var/log/x" and found[-2] == "|line 19999" and 0 < len(found) < 1500


def test_a_log_that_pretends_to_be_the_frame_is_only_a_log():
    found = cut(f"{AT:%Y-%m-%d %H:%M:%S} UTC a\nfile log u /etc/shadow\nrequests u 2026-11-23 06:00 500 999\ncut 77\n")
    assert [line for line in found if not line.startswith("|")] == ["file log u /var/log/x", "cut 0"]


def test_nothing_in_the_span_says_nothing():
    assert cut(f"{SINCE - timedelta(days=1):%Y-%m-%d %H:%M:%S} UTC a\n") == [] and cut("") == []


def test_the_whole_script_reads_this_machine_and_comes_to_its_end():
    """On whatever machine the tests run: the frame is whole, every part says how it ended, and a part that is not there says why. Its limits fit together."""
    now = datetime.now(UTC)
    wanted = sections(now - timedelta(minutes=10), now, now + timedelta(minutes=1))
    done = subprocess.run(["sh"], input=log_script(wanted, "n" * 20).encode(), capture_output=True, timeout=HOST_LIMIT_S)
    bundle = take_apart("here", done.stdout.decode(errors="backslashreplace"), "n" * 20, wanted)
    assert done.stdout.decode(errors="replace").rstrip().endswith("complete") and done.stderr == b""
    assert "clock" in bundle.parts and set(bundle.missing) <= {section.id for section in wanted}
    assert sum(section.time_limit_s + 3 for section in wanted) <= HOST_LIMIT_S
    assert sum(section.byte_limit for section in wanted) < 25_000_000
