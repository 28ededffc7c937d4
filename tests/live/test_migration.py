"""A migration from request to sealed archive on two hosts, with a client that writes all the time, and home again with what was written since."""

from __future__ import annotations

import json
import time

import pytest

from reports.records import Plan, Rehearsal
from tests.live import moving
from tests.live.drive import Desk


@pytest.fixture
def desk(lab, fresh_web1, server, tmp_path):
    lab.reset("web2")
    moving.make_ready(lab)
    yield Desk.open(lab, tmp_path, server.environment, web2=moving.NEW_HOST)
    lab.reset("web2")


def port(lab) -> int:
    return lab.host("web1").services["http"]


def planned(desk: Desk, **changes) -> str:
    """An approved migration without its rehearsal, for what only the real hosts can show."""
    done = desk.run("plan", str(desk.request(**moving.request(**changes))), "--procedure", "system-migration", "--json")
    assert done.returncode == 0, done.stderr + done.stdout[-2000:]
    return json.loads(done.stdout)["number"]


@pytest.mark.long
def test_a_service_moves_and_comes_home_and_no_acknowledged_order_is_lost(desk, lab):
    before = {name: moving.facts(lab, name) for name in ("web1", "web2")}
    number = planned(desk)
    done = desk.run("rehearse", number, limit_s=1500)
    assert done.returncode == 0, done.stderr[-3000:] + done.stdout[-3000:]
    archive = desk.archive
    rehearsal, plan = archive.load(number, "rehearsal", "1", Rehearsal), archive.load(number, "plan", "1", Plan)
    archive.dispose()
    assert rehearsal.passed and len(rehearsal.copies) == 2 and not rehearsal.remaining
    assert [o.number for o in rehearsal.undone] == sorted((s.number for s in plan.steps if s.undo), reverse=True)
    assert {name: moving.facts(lab, name) for name in before} == before, "the rehearsal touched neither host"
    desk.approve(number)

    with moving.Writer(port(lab)) as writer:
        done = desk.run("carry-out", number, "--json", limit_s=1200)
        time.sleep(1)
    assert done.returncode == 0, done.stderr[-3000:] + desk.run("status", number).stdout
    assert json.loads(done.stdout)["closure"] == "successful", done.stdout
    assert writer.taken and moving.lost(lab, "web2", writer) == (set(), set(), 0), "every order that was acknowledged is on the new host, once"
    order = [entry.step for entry in desk.journal(number, "step begun")]
    assert order == [step.number for step in plan.steps]
    assert lab.exec("web1", "pg_ctlcluster 15 main start")[0] != 0, "the old host stays fenced"
    assert "standfast-CHG" not in lab.must("web1", "cat /home/ops/.ssh/authorized_keys"), "the temporary key is gone"

    asked = desk.run("back-out", number, "--reason", "客户要求", "--requester", "张工", "--json")
    assert asked.returncode == 6, asked.stderr[-3000:] + asked.stdout
    second = json.loads(asked.stdout)["number"]
    desk.approve(second)
    with moving.Writer(port(lab), name="x") as later:
        done = desk.run("carry-out", second, limit_s=1200)
        time.sleep(1)
    assert done.returncode == 0, done.stderr[-3000:] + desk.run("status", second).stdout
    for one in (writer, later):
        assert one.taken and moving.lost(lab, "web1", one) == (set(), set(), 0), "what was written on the new host came home, too"
    assert {name: moving.facts(lab, name) for name in before} == before
    assert desk.run("archive", "verify").returncode == 0
