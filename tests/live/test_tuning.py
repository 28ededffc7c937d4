"""Tuning through the whole lifecycle (R014): what is better is kept, what is worse is taken back to the byte, whoever dies on the way.

The figures are bytes over the wire, which follow the settings of compression and nothing else: a busy machine cannot disturb them.
"""

from __future__ import annotations

import json
import re

import pytest

from reports.records import Plan, Rehearsal
from tests.live.drive import Desk

BYTES = {"title": "每页字节数", "command": "curl -fsS --compressed -o /dev/null -w '%{size_download}\\n' http://127.0.0.1/orders", "unit": "B",
         "better": "lower", "at_least_pct": 20, "rounds": 3, "limit_s": 20}
COMPRESS = {"system": "nginx", "name": "gzip_types", "value": "application/json"}
SORT = {"system": "postgresql", "name": "work_mem", "value": "16MB"}
LOOK = """find /etc/nginx /etc/postgresql /var/lib/postgresql/15/main/postgresql.auto.conf -type f -exec stat -c '%a %U:%G %n' {} + -exec sha256sum {} + | sort
nginx -T 2>&1 | sha256sum; systemctl is-active nginx postgresql@15-main orders
runuser -u postgres -- psql -XAt -c 'show work_mem' -c "select count(*) from pg_settings where pending_restart" -c "select datname from pg_database order by 1"
curl -fsS --compressed -o /dev/null -w '%{size_download}\\n' http://127.0.0.1/orders"""


@pytest.fixture
def desk(lab, fresh_web1, server, tmp_path):
    return Desk.open(lab, tmp_path, server.environment)


def rehearsed(desk: Desk, *, ok: bool = True, **request) -> tuple[str, str]:
    """The number of a tuning and what its rehearsal said."""
    path = desk.request(**request)
    done = desk.run("plan", str(path), "--procedure", "configuration-tuning", "--json")
    assert done.returncode == 0, done.stderr + done.stdout[-2000:]
    number = json.loads(done.stdout)["number"]
    done = desk.run("rehearse", number, limit_s=900)
    assert (done.returncode == 0) == ok, done.stderr[-3000:] + done.stdout[-3000:]
    return number, done.stdout + done.stderr


def loaded(desk: Desk, number: str, kind: str, of: type, key: str = "1"):
    archive = desk.archive
    try:
        return archive.load(number, kind, key, of)
    finally:
        archive.dispose()


def paper(desk: Desk, number: str, name: str) -> str:
    """The words of a paper, without its dress."""
    archive = desk.archive
    page = next(archive.read_evidence(one).decode() for one in archive.evidence(number) if one.name == name)
    archive.dispose()
    return " ".join(re.sub("<[^>]*>", " ", page).split())


@pytest.mark.parametrize("rehearse_on", [pytest.param("", marks=pytest.mark.long, id="a simulated copy"), pytest.param("web2", id="a staging host")])
def test_better_in_the_rehearsal_and_for_real_is_kept_and_taken_back_on_request(desk, lab, rehearse_on):
    before = lab.must("web1", LOOK)
    number, _ = rehearsed(desk, settings=[COMPRESS, SORT], loads=[BYTES], rehearse_on=rehearse_on)
    plan, rehearsal = loaded(desk, number, "plan", Plan), loaded(desk, number, "rehearsal", Rehearsal)
    assert [step.key.partition("-")[0] for step in plan.steps] == ["measure", "tune", "tune", "measure"]
    assert {change.name: (change.before, change.takes) for change in plan.settings} == {"gzip_types": ("-", "reload"), "work_mem": ("4MB", "reload")}
    assert rehearsal.passed and any("better than before" in health.detail.en for health in rehearsal.health_after)
    desk.approve(number)
    done = desk.run("carry-out", number, "--json", limit_s=900)
    assert done.returncode == 0, done.stderr[-3000:] + desk.run("status", number).stdout
    assert json.loads(done.stdout)["closure"] == "successful"
    after = lab.must("web1", LOOK)
    assert "16MB" in after and int(after.split()[-1]) < int(before.split()[-1]) / 2
    for language, words in (("zh", ("优于调整前", "每页字节数", "参数变化", "实际生效", "16MB")),
                            ("en", ("better than before", "Measured under load", "In force"))):
        for name in (f"instruction-1-{language}.html", f"report-{language}.html"):
            text = paper(desk, number, name)
            assert all(word in text for word in words), (name, words)
            assert f"{int(before.split()[-1]):,}" in text, name
    assert desk.run("archive", "verify").returncode == 0
    asked = desk.run("back-out", number, "--reason", "客户要求", "--requester", "张工", "--json")
    second = json.loads(asked.stdout)["number"]
    desk.approve(second)
    assert desk.run("carry-out", second, limit_s=900).returncode == 0, desk.run("status", second).stdout
    assert lab.must("web1", LOOK) == before


def test_worse_is_taken_back_to_the_byte_and_both_figures_are_told(desk, lab):
    lab.must("web1", "echo 'gzip_types application/json;' >/etc/nginx/conf.d/json.conf; chmod 640 /etc/nginx/conf.d/json.conf; systemctl reload nginx")
    before = lab.must("web1", LOOK)
    number, _ = rehearsed(desk, settings=[{"system": "nginx", "name": "gzip", "value": "off"}, SORT], loads=[{**BYTES, "where": "host"}], rehearse_on="web2")
    desk.approve(number)
    done = desk.run("carry-out", number, "--json", limit_s=900)
    assert done.returncode == 3, done.stderr[-3000:] + desk.run("status", number).stdout
    assert lab.must("web1", LOOK) == before
    small = before.split()[-1]
    for language, worse, reason in (("zh", "比调整前差", "调整前"), ("en", "worse than before", "before")):
        text = paper(desk, number, f"report-{language}.html")
        assert worse in text and reason in text and small in text and "2,148" in text, text[:3000]


def test_no_better_in_the_rehearsal_is_never_asked_for(desk, lab):
    before = lab.must("web1", LOOK)
    number, told = rehearsed(desk, ok=False, settings=[SORT], loads=[BYTES], rehearse_on="web2")
    assert loaded(desk, number, "rehearsal", Rehearsal).problem.en.startswith("after the steps the copy was not as required: Measured under load")
    assert "not better by enough: 2,148" in told
    assert lab.must("web1", LOOK) == before


@pytest.mark.long
def test_killed_at_every_step_it_goes_on_and_nothing_is_left(desk, lab):
    """kill -9 as each step begins, and in the middle of the rounds; the database that the load made is gone afterwards."""
    made = {"prepare": "psql -Xqc 'create database bench'", "clean": "psql -Xqc 'drop database if exists bench'", "run_as": "postgres",
            "command": BYTES["command"] + "; sleep 1"}
    number, _ = rehearsed(desk, settings=[COMPRESS, SORT], loads=[{**BYTES, **made, "where": "host"}], rehearse_on="web2")
    desk.approve(number)
    for step in loaded(desk, number, "plan", Plan).steps:
        driver = desk.begin("resume", number, "--here")
        desk.wait_for(number, "step begun", step=step.number)
        if step.key.startswith("measure"):
            lab.until("web1", f"grep -qs standfast-measured /var/lib/standfast/changes/{number}/saved/{step.key}/*", 60)
        driver.kill()
        driver.wait()
    done = desk.run("resume", number, "--here", limit_s=900)
    assert done.returncode == 0, done.stderr[-3000:] + desk.run("status", number).stdout
    assert desk.closure(number) == "successful"
    after = lab.must("web1", LOOK)
    assert "bench" not in after and "16MB" in after
    attempts = lab.must("web1", f"cd /var/lib/standfast/changes/{number}/steps; ls -d */carry-out-*").split()
    assert len(attempts) == 4, attempts
    assert lab.must("web1", f"cat /var/lib/standfast/changes/{number}/steps/*/carry-out-1/out | grep -c ^standfast-measured").strip() == "6"
