"""A host's answer taken apart, kept and read again; lines in time; nothing a log holds may raise, pass for the frame, or keep a secret."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.diagnosis.bundle import Bundle, Log, pack, take_apart, unpack
from tasks.diagnosis.script import sections
from tasks.diagnosis.stamps import moment_of
from tasks.diagnosis.timeline import Span, recent_changes, sightings

AT = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
SPAN = Span(AT - timedelta(minutes=60), AT, AT + timedelta(minutes=15))
WANTED = sections(SPAN.since, SPAN.at, SPAN.until)
N = "n" * 24
ANY = st.text(alphabet=st.characters(blacklist_categories=("Cs",)), max_size=300)


def answer(**parts: str) -> str:
    return "".join(f"\n@{N} begin {name.replace('_', '-')}\n{text}\n@{N} code 0" for name, text in parts.items()) + f"\n@{N} complete\n"


def journal(minutes: float, words: str) -> str:
    return f"{AT + timedelta(minutes=minutes):%Y-%m-%dT%H:%M:%S}+0000 web1 {words}"


def bundle(**parts: str) -> Bundle:
    return take_apart("web1", answer(**parts), N, WANTED)


FILES = """file log u /var/log/app.log
|2026-11-23 05:59:30 UTC ERROR password=Tr0ub4dor&3 refused
|file log u /etc/shadow
cut 3
file access l /var/log/nginx/access.log
|1.2.3.4 - - [23/Nov/2026:13:59:31 +0800] "GET / HTTP/1.1" 502 1
requests l 2026-11-23 13:59 502 40
requests l 2026-11-23 13:59 200 60
requests l 2026-99-99 13:59 200 60
cut 0"""


def test_an_answer_is_taken_apart_kept_and_read_again():
    found = bundle(clock="now 1\noffset +0800\nzone Asia/Shanghai\n", journal_before=journal(-5, "x[1]: y"), files=FILES)
    first, second = found.logs
    assert (found.offset_s, found.zone) == (28800, "Asia/Shanghai") and first.path == "/var/log/app.log" and first.cut == 3 and len(first.lines) == 2
    assert [(one.minute.hour, one.status, one.count) for one in second.requests] == [(5, 200, 60), (5, 502, 40)]
    assert unpack(pack(found)) == found and pack(found) == pack(unpack(pack(found)))
    assert "sockets" in found.missing and "answer" in found.missing["sockets"][1]


def test_no_secret_is_kept():
    text = "DB_PASSWORD=Tr0ub4dor&3 started\n-----BEGIN PRIVATE KEY-----\nTr0ub4dor&3\n-----END PRIVATE KEY-----\n"
    found = bundle(journal_before=journal(-1, text), files=f"file log u /var/log/x\n|{text.replace(chr(10), chr(10) + '|')}\ncut 0", units=text, log_ins=text)
    assert b"Tr0ub4dor" not in b"".join(text.encode() for text in (*found.parts.values(), *(log.text for log in found.logs)))
    assert unpack(pack(found)) == found


def test_a_path_of_a_host_cannot_leave_the_archive():
    found = Bundle("web1", {}, (Log("/var/log/../../etc/passwd", "x"), Log("/var/log/./a", "1"), Log("/var/log/a", "2")))
    import io
    import tarfile

    with tarfile.open(fileobj=io.BytesIO(pack(found)), mode="r:gz") as tar:
        assert all(name.startswith(("logs/", "parts/", "index.json")) and ".." not in name for name in tar.getnames()) and len(tar.getnames()) == 4
    assert unpack(pack(found)) == found


@settings(max_examples=60)
@given(st.dictionaries(st.sampled_from(["clock", "boots", "journal_before", "journal_after", "journal_errors", "files", "packages", "configuration"]),
                       st.lists(ANY | st.sampled_from([FILES, journal(-3, "kernel: Out of memory: Killed process 1 (x)"), "2026-11-23 05:00:00 upgrade a b c",
                                                       "1795410000.5 /etc/x", "rpm 1795410000 a 1-2", "rpm x", "offset +9999", "cut 5",
                                                       "0 abc Mon 2026-11-23 05:30:00 UTC Mon 2026-11-23 05:59:00 UTC"]), max_size=6).map("\n".join)), ANY)
def test_whatever_a_host_says_nothing_raises(parts, junk):
    for output in (answer(**parts), answer(**parts)[:-9], junk + answer(**parts) + junk, junk):
        found = take_apart("web1", output, N, WANTED)
        again = unpack(pack(found))
        for one in sightings(again, SPAN):
            assert one.count > 0 and len(one.example.en) <= 500
        recent_changes(again, SPAN)


@given(ANY)
def test_no_line_raises_when_its_time_is_looked_for(line):
    moment_of(line, timedelta(hours=8), AT)


@pytest.mark.parametrize("line", ["2026-13-40 99:99:99 x", "31/Feb/2026:05:00:00 x", "Foo 23 05:00:00", "audit(99999999999:", "Feb 30 05:00:00 x",
                                  "0000-00-00 00:00:00", "9999-12-31 23:59:59 -1400"])
def test_times_that_make_no_sense_are_none(line):
    found = moment_of(line, timedelta(hours=8), AT)
    assert found is None or found[0].tzinfo is not None


def test_a_line_without_a_year_belongs_to_the_nearest():
    assert moment_of("Dec 31 23:59:59 web1 x", timedelta(0), datetime(2027, 1, 1, tzinfo=UTC))[0] == datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC)
    assert moment_of("Jan  1 00:00:01 web1 x", timedelta(0), datetime(2026, 12, 31, tzinfo=UTC))[0].year == 2027


def test_what_began_shortly_before_the_problem_stands_first():
    found = sightings(bundle(journal_before="\n".join([
        *(journal(minute, "kernel: EXT4-fs error (device sda1): x") for minute in range(-59, 0)),
        journal(-4, "postgres[7]: FATAL:  sorry, too many clients already"), journal(-3, "postgres[7]: FATAL:  sorry, too many clients already")]),
        journal_after=journal(9, "kernel: python3[812]: segfault at 0 ip 0 sp 0 error 4")), SPAN)
    assert [(one.sign, one.began, one.count) for one in found] == [
        ("connections-used-up", "before", 2), ("program-crashed", "after", 1), ("disk-error", "already", 59)]
    assert found[0].first_at == AT - timedelta(minutes=4) and len(found[2].minutes) == 59


def test_peaks_of_failed_requests_are_a_sign_and_single_ones_are_not():
    found = sightings(bundle(clock="offset +0800", files=FILES), SPAN)
    peak = next(one for one in found if one.sign == "failed-requests")
    assert peak.count == 40 and "40 / 100" in peak.example.en
    quiet = FILES.replace("502 40", "502 4")
    assert all(one.sign != "failed-requests" for one in sightings(bundle(clock="offset +0800", files=quiet), SPAN))


def test_a_restart_within_the_span_is_a_sign():
    boots = "-1 aaa Mon 2026-11-22 01:00:00 UTC Mon 2026-11-23 05:39:00 UTC\n 0 bbb Mon 2026-11-23 05:40:00 UTC Mon 2026-11-23 06:10:00 UTC"
    found = sightings(bundle(boots=boots), SPAN)
    assert [(one.sign, one.first_at) for one in found] == [("restarted", AT - timedelta(minutes=20))]


def test_our_own_log_ins_are_no_sign():
    line = journal(1, "sshd[845]: error: connect_to 127.0.0.1 port 5432: failed.")
    ours = Span(SPAN.since, SPAN.at, SPAN.until, AT)
    assert sightings(bundle(journal_after=line, journal_errors=line), SPAN) and not sightings(bundle(journal_after=line, journal_errors=line), ours)


def test_packages_and_files_that_were_changed():
    packages = "2026-11-23 13:00:00 upgrade nginx:amd64 1.22.1-9 1.22.1-9+deb12u1\n2026-01-01 00:00:00 remove x a b"
    files = f"{(AT - timedelta(hours=2)).timestamp()} /etc/nginx/nginx.conf\n{(AT - timedelta(days=20)).timestamp()} /etc/old"
    found = recent_changes(bundle(clock="offset +0800", packages=packages, configuration=files), SPAN)
    assert [(one.kind, one.what.en) for one in found] == [("package", "upgrade nginx:amd64 1.22.1-9 -> 1.22.1-9+deb12u1"), ("file", "/etc/nginx/nginx.conf")]
    assert found[0].at == AT - timedelta(hours=1)
