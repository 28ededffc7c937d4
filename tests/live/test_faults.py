"""What must hold when anything breaks: the host ends wholly upgraded or wholly as before, the record says which, nothing is done twice."""

from __future__ import annotations

import collections
import threading
import time

import pytest

from tests.live.drive import Desk, facts, healthy
from tests.live.test_upgrade import NGINX, release


@pytest.fixture
def desk(lab, fresh_web1, server, tmp_path):
    return Desk.open(lab, tmp_path, server.environment)


def carried_out_once(desk: Desk, lab, number: str) -> bool:
    """By the target's own files: no step was carried out to its end twice."""
    done = lab.must("web1", f"grep -l '^result=done' /var/lib/standfast/changes/{number}/steps/*/carry-out-*/result | xargs -n1 dirname | xargs -n1 dirname")
    return all(n == 1 for n in collections.Counter(done.split()).values())


def until_done(desk: Desk, number: str) -> int:
    return desk.run("resume", number, "--here", limit_s=600).returncode


def test_the_flow_is_killed_at_every_step(desk, lab):
    """kill -9 at the beginning of each step in turn, and in the middle of the one that changes the most; then taken up."""
    number = desk.approved(**NGINX)
    archive = desk.archive
    from reports.records import Plan

    plan = archive.load(number, "plan", "1", Plan)
    for step in plan.steps:
        driver = desk.begin("resume", number, "--here")
        desk.wait_for(number, "step begun", step=step.number)
        if step.key == "upgrade-packages":
            lab.until("web1", f"[ -e /var/lib/standfast/changes/{number}/steps/{step.number:02d}-{step.key}/carry-out-1/started ]", 30)
        driver.kill()
        driver.wait()
    assert until_done(desk, number) == 0, desk.run("status", number).stdout
    assert desk.closure(number) == "successful" and healthy(lab) and carried_out_once(desk, lab, number)
    assert desk.run("archive", "verify").returncode == 0


@pytest.mark.long
def test_the_flow_is_killed_while_backing_out(desk, lab):
    before = facts(lab)
    number = desk.approved(**NGINX)
    stop = lab_spoils_nginx_after_upgrade(lab)
    driver = desk.begin("resume", number, "--here")
    desk.wait_for(number, "undo begun")
    driver.kill()
    driver.wait()
    stop.set()
    assert until_done(desk, number) == 3
    assert facts(lab) == before and healthy(lab) and desk.closure(number) == "backed out"


def lab_spoils_nginx_after_upgrade(lab) -> threading.Event:
    """As soon as the new nginx is there, something else takes its health away, until the event is set."""
    stop = threading.Event()
    old = lab.must("web1", "dpkg-query -W -f '${Version}' nginx").strip()

    def spoil() -> None:
        end = time.monotonic() + 300
        while time.monotonic() < end and not stop.is_set():
            lab.exec("web1", f"""if [ "$(dpkg-query -W -f '${{Version}}' nginx)" != '{old}' ]; then systemctl stop orders; else systemctl start orders; fi""")
            stop.wait(0.5)
        lab.exec("web1", "systemctl start orders")
    threading.Thread(target=spoil, daemon=True).start()
    return stop


def test_health_fails_after_the_upgrade_and_it_is_backed_out(desk, lab):
    before = facts(lab)
    number = desk.approved(**NGINX)
    stop = lab_spoils_nginx_after_upgrade(lab)
    assert desk.run("carry-out", number, limit_s=600).returncode == 3
    stop.set()
    assert facts(lab) == before and healthy(lab)
    assert desk.run("archive", "verify").returncode == 0


@pytest.mark.long
@pytest.mark.parametrize("orderly", [True, False], ids=["reboot", "power loss"])
def test_the_target_restarts_while_its_packages_are_unpacked(desk, lab, orderly):
    before = facts(lab)
    number = desk.approved(**NGINX)
    driver = desk.begin("carry-out", number)
    desk.wait_for(number, "step begun", step=step_number(desk, number, "upgrade-packages"))
    lab.until("web1", "pgrep -x dpkg >/dev/null || grep -q . /var/lib/standfast/changes/*/steps/*upgrade-packages/carry-out-1/out", 60)
    lab.restart("web1", orderly=orderly)
    code = driver.wait(600)
    if code == 1:
        code = until_done(desk, number)
    assert code in (0, 3), desk.run("status", number).stdout
    assert healthy(lab) and (code == 0 or facts(lab) == before)
    assert lab.must("web1", "dpkg --audit") == ""


def step_number(desk: Desk, number: str, key: str) -> int:
    from reports.records import Plan

    return next(s.number for s in desk.archive.load(number, "plan", "1", Plan).steps if s.key == key)


@pytest.mark.long
def test_dpkg_is_killed_in_the_middle(desk, lab):
    before = facts(lab)
    number = desk.approved(**NGINX)
    driver = desk.begin("carry-out", number)
    desk.wait_for(number, "step begun", step=step_number(desk, number, "upgrade-packages"))
    lab.exec("web1", "n=0; while [ $n -lt 600 ]; do pkill -KILL -x dpkg && break; sleep 0.02; n=$((n+1)); done")
    code = driver.wait(600)
    assert code in (0, 3)
    assert healthy(lab) and lab.must("web1", "dpkg --audit") == "" and (code == 0 or facts(lab) == before)


@pytest.mark.long
def test_the_connection_is_cut_all_the_time(desk, lab):
    number = desk.approved(**NGINX)
    driver = desk.begin("carry-out", number)
    end = time.monotonic() + 400
    while driver.poll() is None and time.monotonic() < end:
        lab.exec("web1", "pkill -KILL -f '[s]shd: ops'")
        time.sleep(4)
    assert driver.wait(10) == 0 or until_done(desk, number) == 0
    assert healthy(lab) and carried_out_once(desk, lab, number)


@pytest.mark.long
def test_the_package_source_is_gone(desk, lab):
    """Gone before the media are there: backed out, nothing was changed. The back-out itself needs no source."""
    before = facts(lab)
    number = desk.approved(**NGINX)
    lab.cut_mirror("web1")
    try:
        assert desk.run("carry-out", number, limit_s=600).returncode == 3
        assert facts(lab) == before and healthy(lab)
    finally:
        lab.mend_mirror("web1")


@pytest.mark.long
def test_the_disk_is_full_while_packages_are_unpacked(desk, lab):
    number = desk.approved(**NGINX)
    before = facts(lab)
    driver = desk.begin("carry-out", number)
    desk.wait_for(number, "step ended", step=step_number(desk, number, "reserve-space"))
    lab.small_disk("web1", "/usr/sbin", 1)
    lab.fill_disk("web1", "/usr/sbin")
    code = driver.wait(600)
    lab.free_disk("web1", "/usr/sbin")
    lab.whole_disk("web1", "/usr/sbin")
    if code == 1:
        code = desk.run("back-out", number, "--reason", "room again", "--requester", "张工").returncode
    assert code == 3 and facts(lab) == before and healthy(lab), desk.run("status", number).stdout


@pytest.mark.long
def test_a_second_change_on_the_same_host_is_refused_or_waits(desk, lab):
    first, second = desk.approved(**NGINX), desk.approved(**NGINX)
    driver = desk.begin("carry-out", first)
    desk.wait_for(first, "step begun")
    lab.must("web1", f"grep -q {first} /var/lib/standfast/lock")
    done = desk.run("carry-out", second, limit_s=600)
    assert driver.wait(300) == 0
    assert done.returncode in (0, 4, 6)  # refused as busy; or it waited, and found nothing left to do or the host changed
    assert not desk.journal(second, "step begun") and healthy(lab)


@pytest.mark.long
def test_a_release_is_taken_up_after_kill_in_the_migration(desk, lab):
    number = desk.approved(**release(lab))
    driver = desk.begin("carry-out", number)
    desk.wait_for(number, "step begun", step=step_number(desk, number, "migrate-database"))
    driver.kill()
    driver.wait()
    assert until_done(desk, number) == 0
    assert '"version": "1.1.0"' in lab.must("web1", "curl -fsS http://127.0.0.1/health") and carried_out_once(desk, lab, number)
