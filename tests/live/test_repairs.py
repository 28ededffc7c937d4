"""A release that repairs an application which is down (R012): carried out all the same, and a back-out asks no health that was not there."""

from __future__ import annotations

from contextlib import contextmanager

import pytest
import yaml

from reports.records import Plan
from tests.live.drive import Desk, facts, healthy
from tests.live.test_kinds import backed_out, carried_out
from tests.live.test_upgrade import release

pytestmark = pytest.mark.long

CODE = "/srv/orders/releases/1.0.0/orders.py"
STOPPED = "systemctl stop orders"
# Serves for two seconds and dies; systemd starts it again and again, and never gives it up.
LOOPS = f"""sed -i '1a import os, threading; threading.Timer(2, os._exit, [3]).start()' {CODE}
systemctl restart orders
until [ "$(systemctl show -p NRestarts --value orders)" -ge 2 ]; do sleep 0.2; done"""
ANSWERS_500 = f"""sed -i 's/answer(200, {{"status": "ok"/answer(500, {{"status": "failing"/' {CODE}
systemctl restart orders"""
HEALTH = "http://127.0.0.1/health"  # through nginx, as the host's own check asks it
COLUMNS = {"channel", "currency"}  # what releases 1.1.0 and 1.2.0 read besides


@pytest.fixture(scope="module")
def desk(lab, server, tmp_path_factory):
    lab.reset("web1")
    desk = Desk.open(lab, tmp_path_factory.mktemp("repairs"), server.environment)
    # What is down is not waited for longer than a test needs.
    content = yaml.safe_load((desk.folder / "inventory.yaml").read_text())
    for host in content["hosts"]:
        host["acceptance"][0]["within_s"] = 20
    (desk.folder / "inventory.yaml").write_text(yaml.safe_dump(content, allow_unicode=True))
    yield desk
    for name in ("web1", "web2"):
        columns(lab, name, set())


def columns(lab, name: str, wanted: set[str]) -> None:
    """The host's orders have these columns, or none of both."""
    sql = "".join(f"alter table orders add if not exists {column} text; " if column in wanted else f"alter table orders drop if exists {column}; "
                  for column in COLUMNS)
    lab.must(name, f"su postgres -c \"psql -q orders -c 'set client_min_messages = error; {sql}'\"")


def upgrade(lab, version: str = "1.1.0", **changes) -> dict:
    """Without a migration: the columns are there."""
    return release(lab, version, **{"migrate": "", "migrate_back": "", "database": "", "health": HEALTH, **changes})


@contextmanager
def down(lab, how: str):
    """web1 with its application down in this way; healthy again afterwards, with release 1.0.0."""
    lab.must("web1", f"cp -p {CODE} /root/orders.py\n{how}")
    try:
        yield
    except BaseException:
        lab.reset("web1")
        raise
    lab.must("web1", f"cp -p /root/orders.py {CODE}; systemctl reset-failed orders; systemctl restart orders")
    lab.until("web1", "curl -fsS --max-time 2 http://127.0.0.1/health | grep -q 1.0.0")


def stands(lab, how: str) -> list[str]:
    """What web1 is and how its application is down: the loop shows now this way and now that."""
    if how == LOOPS:
        lab.until("web1", '[ "$(systemctl show -p NRestarts --value orders)" -ge 1 ]', 20)
    state = "looping" if how == LOOPS else lab.exec("web1", "systemctl is-active orders")[1].strip()
    return [state, *(line for line in facts(lab).splitlines() if line not in ("active", "activating", "inactive", "failed"))]


def repaired_and_taken_back(desk, lab, how: str, **request) -> None:
    with down(lab, how):
        before = stands(lab, how)
        number = desk.approved(**request)
        plan = desk.archive.load(number, "plan", "1", Plan)
        assert any("the application is down" in reason.en for reason in plan.risk.reasons)
        assert carried_out(desk, number)["closure"] == "successful", desk.run("status", number).stdout
        assert '"version": "1.1.0"' in lab.must("web1", "curl -fsS http://127.0.0.1/health")
        back = backed_out(desk, number)
        assert desk.closure(back) == "successful", desk.run("status", back).stdout
        assert stands(lab, how) == before
        assert how == LOOPS or not healthy(lab)  # the loop answers at moments


@pytest.mark.parametrize("how", [STOPPED, ANSWERS_500], ids=["stopped", "answers 500"])
def test_a_release_repairs_it_and_going_back_brings_back_what_was_there(desk, lab, how):
    for name in ("web1", "web2"):
        columns(lab, name, COLUMNS)
    repaired_and_taken_back(desk, lab, how, **upgrade(lab))


def test_one_that_dies_again_and_again_is_repaired_on_a_copy_that_does_so_too(desk, lab):
    """With a migration that only the dump takes back, so that the service stands still meanwhile."""
    columns(lab, "web1", set())
    repaired_and_taken_back(desk, lab, LOOPS, **{**release(lab, migrate_back="", health=HEALTH), "rehearse_on": ""})


def test_a_repair_that_fails_is_backed_out_to_what_was_there(desk, lab):
    """Release 1.2.0 asks for a column that the staging host has and web1 has not."""
    columns(lab, "web1", set())
    columns(lab, "web2", COLUMNS)
    with down(lab, LOOPS):
        before = stands(lab, LOOPS)
        number = desk.approved(**upgrade(lab, "1.2.0"))
        done = desk.run("carry-out", number, limit_s=900)
        assert done.returncode == 3, done.stderr[-3000:] + desk.run("status", number).stdout
        assert stands(lab, LOOPS) == before
        assert desk.run("archive", "verify").returncode == 0


def test_an_application_that_went_down_since_the_approval_is_left_alone(desk, lab):
    """Planned as an upgrade of a healthy application: what was approved does not fit what is there any more."""
    for name in ("web1", "web2"):
        columns(lab, name, COLUMNS)
    number = desk.approved(**upgrade(lab))
    with down(lab, STOPPED):
        before = facts(lab)
        done = desk.run("carry-out", number)
        assert done.returncode == 4, done.stderr[-3000:] + desk.run("status", number).stdout
        assert desk.closure(number) == "refused" and not desk.journal(number, "step begun")
        assert facts(lab) == before and lab.exec("web1", "[ -e /var/lib/standfast/lock ]")[0] != 0
    assert healthy(lab)
