"""A step happens once, whatever dies: the runner on a real host, with connections cut, processes killed, machines restarted, disks full."""

from __future__ import annotations

import itertools
import threading
import time
from datetime import UTC, datetime

import pytest

from blocks.host_access import HostAccess
from deployments.inventory import read_inventory
from tasks import remote, running
from tasks.errors import HostKeyRefused, HostUnreachable, LoginRefused, OutOfTime, TargetBusy
from tests.live.scratch import PLACE, plan, step

HOST = "web2"
_serial = itertools.count(1)


def silent(_: str) -> None:
    pass


@pytest.fixture(scope="module")
def there(lab) -> HostAccess:
    return next(h for h in read_inventory(lab.inventory).hosts if h.name == HOST)


@pytest.fixture
def number(lab, there):
    name = f"CHG-{datetime.now(UTC):%Y%m%d}-{900 + next(_serial)}"
    lab.must(HOST, f"rm -rf {PLACE} /var/lib/standfast/changes/{name} /var/lib/standfast/lock")
    yield name
    remote.disconnect_all()
    lab.exec(HOST, f"rm -rf {PLACE} /var/lib/standfast/changes/{name} /var/lib/standfast/lock")


def count(lab, key: str) -> int:
    return int(lab.must(HOST, f"cat {PLACE}/{key}.count 2>/dev/null | wc -l"))


def delivered(there, number, *steps):
    made = plan(number, list(steps))
    running.deliver(there, made, {})
    return made.steps


def test_the_output_is_whole_to_its_last_line_where_files_cannot_be_watched(lab, there, number):
    """A machine has only so many places to watch files from; tail then looks now and then."""
    lab.must(HOST, "printf '#!/bin/sh\\nexec /usr/bin/tail ---disable-inotify \"$@\"\\n' >/usr/local/bin/tail; chmod 755 /usr/local/bin/tail")
    try:
        steps = delivered(there, number, *(step(n, f"s{n}", HOST, command=f"touch {PLACE}/s{n}; seq 500", proof="echo the very last") for n in range(1, 5)))
        for one in steps:
            output = running.attempt(there, number, one, "carry out", 1, silent).output.splitlines()
            assert output[-2:] == ["500", "the very last"] and len(output) == 502, output[-3:]
    finally:
        lab.must(HOST, "rm /usr/local/bin/tail")


def test_a_step_is_done_once_however_often_it_is_started(lab, there, number):
    one, = delivered(there, number, step(1, "one", HOST, seconds=1))
    results = []
    threads = [threading.Thread(target=lambda: results.append(running.attempt(there, number, one, "carry out", 1, silent))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert [r.result for r in results] == ["done"] * 4
    assert count(lab, "one") == 1
    again = running.attempt(there, number, one, "carry out", 2, silent)
    assert again.result == "nothing to do" and count(lab, "one") == 1


def test_output_is_passed_on_while_the_step_runs_and_secrets_are_not(lab, there, number):
    heard = []
    one, = delivered(there, number, step(1, "one", HOST, command=f"echo first; echo password=Tr0ub4dor; sleep 2; touch {PLACE}/one"))
    began = time.monotonic()
    outcome = running.attempt(there, number, one, "carry out", 1, lambda line: heard.append((time.monotonic() - began, line)))
    assert next(at for at, line in heard if line == "first") < 1.5 < outcome.seconds
    assert "Tr0ub4dor" not in outcome.output + "".join(line for _, line in heard)


def test_the_proof_decides_not_the_exit_status(lab, there, number):
    lying, failing = delivered(there, number, step(1, "lying", HOST, command="true"), step(2, "failing", HOST, command=f"touch {PLACE}/failing; false"))
    assert running.attempt(there, number, lying, "carry out", 1, silent).result == "failed"
    outcome = running.attempt(there, number, failing, "carry out", 1, silent)
    assert (outcome.result, outcome.exit_code) == ("done", 1)


def test_a_step_that_does_not_end_is_ended(lab, there, number):
    one, = delivered(there, number, step(1, "one", HOST, seconds=300, time_limit_s=2))
    outcome = running.attempt(there, number, one, "carry out", 1, silent)
    assert outcome.result == "failed" and outcome.seconds < 15 and "command" in outcome.problem.en
    lab.until(HOST, "! pgrep -f '[s]leep 300'", 20)


def test_somebody_elses_doing_stops_the_step(there, number):
    one, = delivered(there, number, step(1, "one", HOST, probe="echo FOREIGN not ours"))
    assert running.attempt(there, number, one, "carry out", 1, silent).result == "foreign"


def test_the_connection_is_cut_in_the_middle_and_the_step_ends_once(lab, there, number):
    one, = delivered(there, number, step(1, "one", HOST, seconds=6))
    pulled = threading.Timer(2, lambda: lab.must(HOST, "pkill -KILL -f '[s]shd: ops' || true"))
    pulled.start()
    heard = []
    outcome = running.attempt(there, number, one, "carry out", 1, heard.append)
    pulled.join()
    assert outcome.result == "done" and count(lab, "one") == 1
    assert any("broke" in line for line in heard)
    assert outcome.output.count("working on one") == 1


def test_the_network_is_gone_for_a_while(lab, there, number):
    one, = delivered(there, number, step(1, "one", HOST, seconds=4))
    threading.Timer(1.5, lambda: lab.cut(HOST)).start()
    threading.Timer(9, lambda: lab.mend(HOST)).start()
    outcome = running.attempt(there, number, one, "carry out", 1, silent, patience_s=120)
    assert outcome.result == "done" and count(lab, "one") == 1


def test_a_host_that_stays_away_is_given_up_and_the_step_can_be_attached_to_later(lab, there, number, monkeypatch):
    monkeypatch.setattr(remote, "SILENCE_LIMIT_S", 8)
    one, = delivered(there, number, step(1, "one", HOST, seconds=3))
    threading.Timer(1, lambda: lab.cut(HOST)).start()
    with pytest.raises((HostUnreachable, OutOfTime)):
        running.attempt(there, number, one, "carry out", 1, silent, patience_s=5)
    lab.mend(HOST)
    outcome = running.attempt(there, number, one, "carry out", 1, silent)
    assert outcome.result == "done" and count(lab, "one") == 1


@pytest.mark.parametrize("orderly", [True, False], ids=["reboot", "power loss"])
def test_the_target_restarts_under_the_step_and_the_next_attempt_finishes_it(lab, there, number, orderly):
    one, = delivered(there, number, step(1, "one", HOST, seconds=5))
    restart = threading.Timer(2, lambda: lab.restart(HOST, orderly=orderly))
    restart.start()
    outcome = running.attempt(there, number, one, "carry out", 1, silent)
    restart.join()
    assert outcome.result == "interrupted" and count(lab, "one") == 0
    again = running.attempt(there, number, one, "carry out", 2, silent)
    assert (again.result, again.found) == ("done", "PARTIAL") and count(lab, "one") == 1


def test_the_runner_is_killed_and_the_next_attempt_finishes_it(lab, there, number):
    one, = delivered(there, number, step(1, "one", HOST, seconds=5))
    killed = threading.Timer(2, lambda: lab.must(HOST, f"pkill -KILL -f '[s]tandfast/changes/{number}/runner'"))
    killed.start()
    outcome = running.attempt(there, number, one, "carry out", 1, silent)
    assert outcome.result == "interrupted"
    again = running.attempt(there, number, one, "carry out", 2, silent)
    assert again.result == "done" and count(lab, "one") == 1


def test_a_full_disk_fails_the_step_and_the_undo_still_works(lab, there, number):
    lab.must(HOST, "mkdir -p /var/lib/standfast")
    lab.small_disk(HOST, "/var/lib/standfast", 8)
    try:
        one, two = delivered(there, number, step(1, "one", HOST), step(2, "two", HOST))
        assert running.attempt(there, number, one, "carry out", 1, silent).result == "done"
        lab.fill_disk(HOST, "/var/lib/standfast")
        outcome = running.attempt(there, number, two, "carry out", 1, silent)
        assert outcome.result in ("failed", "done")
        undone = running.attempt(there, number, one, "undo", 1, silent)
        assert undone.result == "done"
        lab.must(HOST, f"[ ! -e {PLACE}/one ]")
    finally:
        remote.disconnect_all()
        lab.free_disk(HOST, "/var/lib/standfast")
        lab.whole_disk(HOST, "/var/lib/standfast")


def test_a_second_change_is_refused_while_the_first_holds_the_lock(there, number):
    other = number[:-3] + "800"
    running.take_lock(there, number, "operator one")
    running.take_lock(there, number, "operator one")
    with pytest.raises(TargetBusy, match=f"{number}.*operator one"):
        running.take_lock(there, other, "operator two")
    running.release_lock(there, other)  # somebody else's lock is left alone
    with pytest.raises(TargetBusy):
        running.take_lock(there, other, "operator two")
    running.release_lock(there, number)
    running.take_lock(there, other, "operator two")
    running.release_lock(there, other)


def test_an_expired_lock_is_taken_over_unless_its_change_began_something_here(there, number):
    other = number[:-3] + "801"
    running.take_lock(there, number, "operator one", hours=-1)
    running.take_lock(there, other, "operator two", hours=-1)
    running.release_lock(there, other)
    running.take_lock(there, number, "operator one", hours=-1)
    one, = delivered(there, number, step(1, "one", HOST))
    running.attempt(there, number, one, "carry out", 1, silent)
    with pytest.raises(TargetBusy):
        running.take_lock(there, other, "operator two")
    running.release_lock(there, number)
    running.take_lock(there, other, "operator two")
    running.release_lock(there, other)


def test_a_step_whose_scripts_a_power_cut_emptied_is_not_called_done(lab, there, number):
    one, = delivered(there, number, step(1, "one", HOST))
    lab.must(HOST, f"for f in command proof; do : > {running.step_folder(number, one)}/$f; done")
    assert running.attempt(there, number, one, "carry out", 1, silent).result == "failed"


def test_two_orchestrators_race_for_the_lock_and_one_gets_it(there, number):
    got = []
    def grab(who: str) -> None:
        try:
            with remote.Remote(there):
                running.take_lock(there, who, who)
                got.append(who)
        except TargetBusy:
            pass
    names = [number[:-3] + str(700 + n) for n in range(6)]
    threads = [threading.Thread(target=grab, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(got) == 1
    running.release_lock(there, got[0])


def test_another_plan_under_the_same_number_is_refused(there, number):
    delivered(there, number, step(1, "one", HOST))
    with pytest.raises(Exception, match="another plan"):
        delivered(there, number, step(1, "two", HOST))


@pytest.mark.parametrize(("change", "error", "says"), [
    ({"host_key": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJm0vJcmM2cMlDj1wT3ZcFb1vLQ0Oq0m3z5l3sQ0aB1c"}, HostKeyRefused, "another host key"),
    ({"host_key": ""}, HostKeyRefused, "no host key is pinned"),
    ({"port": 1}, HostUnreachable, "cannot be reached"),
    ({"user": "nosudo"}, LoginRefused, "may not become root"),
    ({"user": "nobody"}, LoginRefused, "not let in"),
    ({"key_file": "/nonexistent/key"}, LoginRefused, "cannot be read"),
])
def test_who_is_not_let_in_is_told_why_in_one_sentence(there, change, error, says):
    with pytest.raises(error, match=says), remote.Remote(there.model_copy(update=change)) as connection:
        connection.run("id")
