"""Faults on the other changes, as tests/live/test_faults.py has them for an upgrade: capacity expansion, tuning, emergency restore (R011, R014, R157-R166).

However it breaks, the host ends wholly changed or wholly as before, nothing is done twice, and what was taken back is proved equal.
"""

from __future__ import annotations

import collections
import itertools
import json
import time

import pytest

from reports.records import Plan
from tests.live.drive import Desk, facts, healthy, when
from tests.live.test_emergency import asked, backed_up
from tests.live.test_tuning import BYTES, COMPRESS, SORT

pytestmark = pytest.mark.long

SETTINGS = """cksum /var/lib/postgresql/15/main/postgresql.auto.conf; nginx -T 2>/dev/null | cksum
su postgres -c "psql -At orders -c 'show work_mem' -c 'show max_connections' -c 'select count(*) from pg_settings where pending_restart'"
"""
# half of the orders gone, a configuration that nothing starts with; the recovery ends where the backup did
DAMAGE = """su postgres -c "psql -q orders -c 'delete from orders where id % 2 = 0'"
echo 'no such directive;' >>/etc/nginx/nginx.conf; echo new >/etc/nginx/conf.d/new.conf"""
DATA = "/var/lib/postgresql"


def expansion(desk: Desk, lab) -> str:
    return planned(desk, "capacity-expansion", connections={"free": 98, "to": 120}, rehearse_on="web2")


def tuning(desk: Desk, lab) -> str:
    return planned(desk, "configuration-tuning", settings=[COMPRESS, SORT], loads=[{**BYTES, "where": "host"}], rehearse_on="web2")


def restore(desk: Desk, lab) -> str:
    backed_up(desk)
    lab.must("web1", DAMAGE)
    return asked(desk)


def planned(desk: Desk, procedure: str, **request) -> str:
    done = desk.run("plan", str(desk.request(**request)), "--procedure", procedure, "--json")
    assert done.returncode == 0, done.stderr + done.stdout[-2000:]
    number = json.loads(done.stdout)["number"]
    done = desk.run("rehearse", number, limit_s=900)
    assert done.returncode == 0, done.stderr[-3000:] + done.stdout[-3000:]
    desk.approve(number)
    return number


CHANGES = {"expansion": (expansion, "set-max-connections"), "tuning": (tuning, "tune-nginx-2"), "restore": (restore, "switch-15-main")}


@pytest.fixture
def desk(lab, fresh_web1, server, tmp_path):
    return Desk.open(lab, tmp_path, server.environment, web1={"wal_kept_mib": 512, "databases": []})


def state(lab) -> str:
    """All that these changes touch, read without any of our own code."""
    return facts(lab) + lab.must("web1", SETTINGS)


def steps_of(desk: Desk, number: str) -> dict[str, int]:
    archive = desk.archive
    try:
        return {step.key: step.number for step in archive.load(number, "plan", "1", Plan).steps}
    finally:
        archive.dispose()


def killed_at_every_step(desk: Desk, lab, number: str) -> None:
    """kill -9 as each step begins; then it is taken up, and each step was done once."""
    for step in steps_of(desk, number).values():
        driver = desk.begin("resume", number, "--here")
        desk.wait_for(number, "step begun", step=step)
        driver.kill()
        driver.wait()
    done = desk.run("resume", number, "--here", limit_s=900)
    assert done.returncode == 0, done.stderr[-3000:] + desk.run("status", number).stdout
    ended = lab.must("web1", f"grep -l '^result=done' /var/lib/standfast/changes/{number}/steps/*/carry-out-*/result | xargs -n1 dirname | xargs -n1 dirname")
    assert set(collections.Counter(ended.split()).values()) == {1}


def back_out(desk: Desk, number: str) -> str:
    """A back-out of this change, approved; returns its number."""
    back = json.loads(desk.run("back-out", number, "--reason", "客户要求", "--requester", "张工", "--json").stdout)["number"]
    desk.approve(back)
    return back


def settled(desk: Desk, number: str, code: int) -> int:
    """How it ended; taken up once more where it could not be known."""
    return code if code != 1 else desk.run("resume", number, "--here", limit_s=900).returncode


@pytest.mark.parametrize("change", CHANGES)
def test_killed_at_every_step_there_and_back(desk, lab, change):
    number = CHANGES[change][0](desk, lab)
    before = state(lab)
    killed_at_every_step(desk, lab, number)
    assert desk.closure(number) == "successful" and healthy(lab) and state(lab) != before
    back = back_out(desk, number)
    killed_at_every_step(desk, lab, back)
    assert state(lab) == before
    assert desk.run("archive", "verify").returncode == 0


@pytest.mark.parametrize("change", CHANGES)
def test_the_connection_is_cut_all_the_time(desk, lab, change):
    number = CHANGES[change][0](desk, lab)
    driver, end = desk.begin("carry-out", number), time.monotonic() + 400
    for pause_s in itertools.cycle((4, 4, 12)):  # 98 sessions held open at once take their time, too
        if driver.poll() is not None or time.monotonic() > end:
            break
        lab.exec("web1", "pkill -KILL -f '[s]shd: ops'")
        time.sleep(pause_s)
    assert settled(desk, number, driver.wait(10)) == 0, desk.run("status", number).stdout
    assert desk.closure(number) == "successful" and healthy(lab)


@pytest.mark.parametrize("change", CHANGES)
def test_the_host_loses_its_power_in_the_middle(desk, lab, change):
    make, key = CHANGES[change]
    number = make(desk, lab)
    before, step = state(lab), steps_of(desk, number)[key]
    driver = desk.begin("carry-out", number)
    desk.wait_for(number, "step begun", step=step)
    lab.until("web1", f"[ -e /var/lib/standfast/changes/{number}/steps/{step:02d}-{key}/carry-out-1/started ]", 60)
    lab.restart("web1")
    code = settled(desk, number, driver.wait(900))
    assert code in (0, 3), desk.run("status", number).stdout
    assert healthy(lab) if code == 0 else state(lab) == before


@pytest.mark.parametrize("change", CHANGES)
def test_the_place_of_the_change_itself_is_full(desk, lab, change):
    """Nothing can be saved or written there any more from the moment that the first step which changes something begins."""
    make, key = CHANGES[change]
    number = make(desk, lab)
    before, step = state(lab), steps_of(desk, number)[key]
    lab.small_disk("web1", "/var/lib/standfast", 128)
    when(lab, "web1", f"/var/lib/standfast/changes/{number}/steps/{step:02d}-{key}/carry-out-1/started",
         "head -c 1G /dev/zero >/var/lib/standfast/.lab-filler")
    driver = desk.begin("carry-out", number)
    code = driver.wait(900)
    lab.free_disk("web1", "/var/lib/standfast")
    code = settled(desk, number, code)
    assert code in (0, 3), desk.run("status", number).stdout
    assert healthy(lab) if code == 0 else state(lab) == before


def test_the_disk_of_the_data_is_full_during_a_restore(desk, lab):
    """Too small to begin with: refused with the figures. Full in the middle: the old data go on, nothing is left. With room, it is done."""
    backed_up(desk)
    lab.must("web1", "systemctl stop postgresql@15-main")
    lab.small_disk("web1", DATA, 150)
    lab.must("web1", f"systemctl start postgresql@15-main; systemctl restart orders; {DAMAGE}")
    number = asked(desk)
    before, steps = state(lab), steps_of(desk, number)
    done = desk.run("carry-out", number, limit_s=600)
    assert done.returncode in (3, 4) and "make room" in done.stdout + done.stderr, done.stdout[-2000:] + done.stderr[-2000:]
    assert state(lab) == before

    lab.must("web1", f"mount -o remount,size=1200m {DATA}")
    number = asked(desk)
    allowed(desk, number)
    when(lab, "web1", f"{DATA}/15/main.standfast-{number}/base", f"fallocate -l $(df --output=avail -B1 {DATA} | tail -n 1) {DATA}/.lab-filler")
    done = desk.run("carry-out", number, limit_s=900)
    lab.free_disk("web1", DATA)
    assert settled(desk, number, done.returncode) == 3, desk.run("status", number).stdout
    assert "No space left" in "".join(outcome_texts(desk, number)) and steps["switch-15-main"] not in {e.step for e in desk.journal(number, "step begun")}
    assert state(lab) == before and lab.must("web1", f"ls {DATA}/15").split() == ["main"]

    number = asked(desk)
    allowed(desk, number)
    assert desk.run("carry-out", number, limit_s=900).returncode == 0, desk.run("status", number).stdout
    assert healthy(lab) and "main.before-" in lab.must("web1", f"ls {DATA}/15")


def allowed(desk: Desk, number: str) -> None:
    """With a code, where leave by phone does not count any more: an earlier restore waits for its review."""
    if not desk.journal(number, "approval approved"):
        desk.approve(number)


def outcome_texts(desk: Desk, number: str) -> list[str]:
    archive = desk.archive
    try:
        return [archive.read_evidence(one).decode(errors="replace") for one in archive.evidence(number) if one.name.endswith(".txt")]
    finally:
        archive.dispose()
