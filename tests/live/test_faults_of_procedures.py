"""Killed at every step, there and back, as tests/live/test_faults.py has it for an upgrade: capacity expansion, emergency restore (R011, R157-R166).

Nothing is done twice, and what was taken back is proved equal.
"""

from __future__ import annotations

import collections
import json

import pytest

from reports.records import Plan
from tests.live.drive import Desk, facts, healthy
from tests.live.test_emergency import asked, backed_up

pytestmark = pytest.mark.long

SETTINGS = """cksum /var/lib/postgresql/15/main/postgresql.auto.conf; nginx -T 2>/dev/null | cksum
su postgres -c "psql -At orders -c 'show work_mem' -c 'show max_connections' -c 'select count(*) from pg_settings where pending_restart'"
"""
# half of the orders gone, a configuration that nothing starts with; the recovery ends where the backup did
DAMAGE = """su postgres -c "psql -q orders -c 'delete from orders where id % 2 = 0'"
echo 'no such directive;' >>/etc/nginx/nginx.conf; echo new >/etc/nginx/conf.d/new.conf"""


def expansion(desk: Desk, lab) -> str:
    return planned(desk, "capacity-expansion", connections={"free": 98, "to": 120}, rehearse_on="web2")


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


CHANGES = {"expansion": expansion, "restore": restore}


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


@pytest.mark.parametrize("change", CHANGES)
def test_killed_at_every_step_there_and_back(desk, lab, change):
    number = CHANGES[change](desk, lab)
    before = state(lab)
    killed_at_every_step(desk, lab, number)
    assert desk.closure(number) == "successful" and healthy(lab) and state(lab) != before
    back = back_out(desk, number)
    killed_at_every_step(desk, lab, back)
    assert state(lab) == before
    assert desk.run("archive", "verify").returncode == 0
