"""Who drives a migration dies around the cutover, or a host does: the change ends by its own rules, and says how (whole flows on real hosts)."""

from __future__ import annotations

import json

import pytest

from reports.records import Plan, Rehearsal
from tests.live import moving
from tests.live.drive import Desk

pytestmark = pytest.mark.long
NONE_LOST = (set(), set(), 0)


@pytest.fixture
def desk(lab, fresh_web1, server, tmp_path):
    lab.reset("web2")
    moving.make_ready(lab)
    yield Desk.open(lab, tmp_path, server.environment, web2=moving.NEW_HOST)
    lab.reset("web2")


def approved(desk: Desk) -> tuple[str, Plan]:
    """A migration with its approval. Its rehearsal is only filed: test_migration.py shows a real one."""
    done = desk.run("plan", str(desk.request(**moving.request())), "--procedure", "system-migration", "--json")
    assert done.returncode == 0, done.stderr + done.stdout[-2000:]
    number = json.loads(done.stdout)["number"]
    archive = desk.archive
    plan, at = archive.load(number, "plan", "1", Plan), archive.change(number).opened_at
    archive.save(number, "rehearsal", "1",
                 Rehearsal(change=number, plan=plan.fingerprint(), place="simulated copy", started_at=at, finished_at=at, passed=True))
    archive.note(number, "rehearsed", round=1, passed=True)
    archive.dispose()
    desk.approve(number)
    return number, plan


def killed_at(desk: Desk, number: str, plan: Plan, key: str, event: str = "step begun", **place) -> None:
    """The driver is killed as it begins this step; the step itself goes on, on its host, to its end."""
    step = next(step for step in plan.steps if step.key == key)
    driver = desk.begin("resume", number, "--here")
    desk.wait_for(number, event, step=step.number)
    folder = f"/var/lib/standfast/changes/{place.get('folder', number)}/steps/{step.number:02d}-{step.key}/{'undo' if event == 'undo begun' else 'carry-out'}-1"
    desk.lab.until(step.target, f"[ -e {folder}/started ]")
    driver.kill()
    driver.wait()
    desk.lab.until(step.target, f"[ -e {folder}/result ]", 120)


def once_each(desk: Desk, number: str, plan: Plan) -> bool:
    """By the hosts' own files: every step was carried out, to its end, once."""
    done = []
    for name in plan.targets:
        results = desk.lab.must(name, f"cd /var/lib/standfast/changes/{number}/steps; grep -l '^result=done' */carry-out-*/result")
        done += [path.partition("/")[0] for path in results.split()]
    return sorted(done) == sorted(f"{step.number:02d}-{step.key}" for step in plan.steps)


def test_whoever_drives_it_dies_around_the_cutover_and_around_the_way_back(desk, lab):
    before = {name: moving.facts(lab, name) for name in ("web1", "web2")}
    door = moving.request()["front_door"]["file"]
    there = lab.must("web1", f"cat {door}")
    with moving.Writer(lab.host("web1").services["http"]) as writer:
        number, plan = approved(desk)
        turn = f"/var/lib/standfast-door/{number}/turn"
        killed_at(desk, number, plan, "make-ready")  # before the front door turns
        assert lab.must("web1", f"cat {door}") == there
        killed_at(desk, number, plan, "fence")  # after it, and before the turn
        assert lab.must("web1", f"cat {door}") != there and lab.exec("web1", f"test -e {turn}")[0] == 1
        killed_at(desk, number, plan, "open")  # after the turn
        assert lab.must("web1", f"cat {turn}") == "target\n"
        killed_at(desk, number, plan, "compare")
        done = desk.run("resume", number, "--here", limit_s=900)
        assert done.returncode == 0, done.stderr[-3000:] + desk.run("status", number).stdout
        assert desk.closure(number) == "successful" and once_each(desk, number, plan)
        assert moving.lost(lab, "web2", writer) == NONE_LOST

        asked = desk.run("back-out", number, "--reason", "客户要求", "--requester", "张工", "--json")
        assert asked.returncode == 6, asked.stderr[-3000:] + asked.stdout
        second = json.loads(asked.stdout)["number"]
        desk.approve(second)
        archive = desk.archive
        back = archive.load(second, "plan", "1", Plan)
        archive.dispose()
        for key in ("undo-settle", "undo-open", "undo-fence"):
            killed_at(desk, second, back, key)
        done = desk.run("resume", second, "--here", limit_s=900)
        assert done.returncode == 0, done.stderr[-3000:] + desk.run("status", second).stdout
        assert once_each(desk, second, back)
    assert writer.taken and moving.lost(lab, "web1", writer) == NONE_LOST
    assert {name: moving.facts(lab, name) for name in before} == before
    assert desk.run("archive", "verify").returncode == 0


@pytest.mark.parametrize("name, key", [("web2", "open"), ("web1", "replica")], ids=["new host in the cutover", "old host while it is copied"])
def test_a_host_that_is_gone_is_said_and_the_other_one_is_brought_back_without_it(desk, lab, name, key):
    """Users first: the old host serves again by itself. What the other one still has of the change is taken away when it is back."""
    before = {name: moving.facts(lab, name) for name in ("web1", "web2")}
    if key == "replica":
        lab.must("web1", "head -c 400M /dev/urandom >/var/lib/postgresql/15/main/ballast")  # so that copying lasts
    with moving.Writer(lab.host("web1").services["http"]) as writer:
        number, plan = approved(desk)
        step = next(step for step in plan.steps if step.key == key)
        driver = desk.begin("resume", number, "--here")
        if key == "open":  # gone before it asks for the turn
            desk.wait_for(number, "step begun", step=step.number - 1)
        else:
            desk.wait_for(number, "step begun", step=step.number)
            lab.until("web2", "pgrep -x pg_basebackup")
        lab.cut(name)
        assert driver.wait(900) == 1, desk.run("status", number).stdout
        assert desk.closure(number) == "failed" and f"{name}: out of reach" in desk.run("status", number).stdout
        if name == "web2":
            taken = len(writer.taken)
            lab.must("web1", "curl -fsS http://127.0.0.1/health")
            assert taken and lab.must("web1", "systemctl is-enabled orders").strip() == "enabled"
        moving.power_cycle(lab, name)
        done = desk.run("resume", number, "--here", limit_s=900)
        assert done.returncode == 3, done.stderr[-3000:] + desk.run("status", number).stdout
        assert desk.closure(number) == "backed out"
    assert moving.lost(lab, "web1", writer) == NONE_LOST
    assert {name: moving.facts(lab, name) for name in before} == before
    assert desk.run("archive", "verify").returncode == 0
