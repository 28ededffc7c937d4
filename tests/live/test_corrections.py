"""Corrective maintenance on real hosts (R006, R013): faults that an inspection finds are mended through the whole lifecycle, found to be fixed by
the next inspection, and brought back exactly by a back-out."""

from __future__ import annotations

import json
import re

import pytest

from deployments.lab import Lab
from reports.archive import inspections
from reports.records import Outcome, Rehearsal
from tests.live.drive import Desk

pytestmark = pytest.mark.long

EXPECTED = {"units": ["orders.service", "nginx.service", "cron.service"], "time_zone": "Asia/Shanghai"}
FLAKY = """cat > /etc/systemd/system/flaky.service <<'END'
[Service]
ExecStart=/bin/sh -c '[ -e /etc/flaky-may-run ] || exit 1; {then}'
[Install]
WantedBy=multi-user.target
END
systemctl daemon-reload
"""
FAULTS = FLAKY.format(then="exec sleep 9999") + """
systemctl start flaky; sleep 0.5; touch /etc/flaky-may-run    # failed, and what made it fail is gone
systemctl disable --now orders 2>/dev/null; systemctl stop cron
chown 1000:1000 /etc/crontab; chmod 4646 /etc/crontab
mkdir -p "/etc/it's \\$HOME"; chmod 2777 "/etc/it's \\$HOME"
useradd -M guest; passwd -q -d guest
ln -sf /usr/share/zoneinfo/Etc/UTC /etc/localtime; printf Etc/UTC > /etc/timezone
"""
MENDED = {("CFG-05a", "flaky.service"), ("CFG-05b", "orders.service"), ("CFG-05b", "cron.service"), ("CFG-09a", "/etc/crontab"),
          ("CFG-09b", "/etc/it's $HOME"), ("CFG-08b", "guest"), ("CFG-12", "")}
BAD = (Outcome.WARNING, Outcome.CRITICAL)


def state(lab: Lab) -> str:
    """Everything that the faults are made of, read without any of our own code; a unit that rests may have failed before."""
    return lab.must("web1", """
        for unit in orders flaky nginx cron; do echo "$unit $(systemctl is-active $unit | sed s/failed/inactive/) $(systemctl is-enabled $unit)"; done
        stat -c '%a %U:%G %n' /etc/crontab /etc/it* /etc/localtime /etc/timezone /etc/shadow /etc/passwd
        find /etc/systemd/system -printf '%y %p %l\\n' | sort
        readlink /etc/localtime; cksum /etc/timezone /etc/shadow /etc/passwd
    """)


def inspected(desk: Desk, *of: str, procedure: str = "system-inspection") -> tuple[str, set[tuple[str, str]]]:
    """The number of a new inspection of web1, and what it found fault with."""
    done = desk.run("inspect", "bureau", *(of or ("--target", "web1")), limit_s=900)
    assert done.returncode in (7, 8, 9), done.stderr[-2000:] + done.stdout
    archive = desk.archive
    newest = inspections.newest(archive, "bureau", procedure)
    found = {(row.check, row.object) for row in inspections.rows_of(archive, newest) if row.outcome in BAD}
    archive.dispose()
    return newest.number, found


def report_of(desk: Desk, number: str) -> str:
    """The words of a report, without its dress."""
    archive = desk.archive
    page = next(archive.read_evidence(one).decode() for one in archive.evidence(number) if one.name == "report-en.html")
    archive.dispose()
    return " ".join(re.sub("<[^>]*>", " ", page).split())


def opened(desk: Desk, inspection: str, *arguments: str, checks: tuple[str, ...] = tuple(sorted({check for check, _ in MENDED}))) -> str:
    wishes = [word for check in checks for word in ("--check", check)]
    done = desk.run("mend", inspection, "--requester", "张工", "--operator", "test", "--json", *wishes, *arguments)
    assert done.returncode == 0, done.stderr[-2000:] + done.stdout
    change, = json.loads(done.stdout)
    assert change["procedure"] == "corrective-maintenance"
    return change["number"]


def test_faults_are_found_mended_found_fixed_and_brought_back_exactly(lab, fresh_web1, server, tmp_path):
    desk = Desk.open(lab, tmp_path, server.environment, web1={"expected": EXPECTED})
    lab.must("web1", FAULTS)
    try:
        first, found = inspected(desk)
        assert found >= MENDED, MENDED - found
        faulty = state(lab)
        number = opened(desk, first)
        made = desk.run("plan", number, "--json")
        assert made.returncode == 0, made.stderr[-2000:] + made.stdout[-2000:]
        plan = json.loads(made.stdout)["plan"]
        assert not plan["blockers"] and {(a["check"], name) for a in plan["acceptance"] if a.get("check") for name in a["objects"]} >= MENDED
        done = desk.run("rehearse", number, limit_s=900)  # on a simulated copy, with its back-out
        assert done.returncode == 0, done.stderr[-3000:] + done.stdout[-3000:]
        rehearsal = desk.archive.load(number, "rehearsal", "1", Rehearsal)
        told = {health.title.en.split(",")[0]: health.ok for health in rehearsal.health_before}
        assert rehearsal.passed and told["Check CFG-09a"] is False, "the copy has the fault, and it was mended there"
        results = {outcome.title.en: outcome.result for outcome in rehearsal.outcomes}
        assert results["CFG-09a: /etc/crontab from 4646 ops to 644 root"] == "done"
        assert not any("cron.service" in title for title in results) and "Start cron.service" in plan["untested"][0]["en"], "a copy runs no schedules"
        assert state(lab) == faulty, "nothing was touched before the approval"

        desk.approve(number)
        done = desk.run("carry-out", number, "--json")
        assert done.returncode == 0 and json.loads(done.stdout)["closure"] == "successful", done.stderr[-3000:] + done.stdout
        second, rest = inspected(desk)
        assert not rest & MENDED
        assert not [check for check, _ in rest - found if check.startswith(("CFG", "STO"))], "nothing new is wrong with the configuration"
        assert "fixed" in report_of(desk, second)
        assert lab.must("web1", "systemctl is-active orders flaky cron; systemctl is-enabled orders; stat -c '%a %U' /etc/crontab; date +%Z").split() == [
            "active", "active", "active", "enabled", "644", "root", "CST"]
        again = opened(desk, first)
        done = desk.run("start", str(desk.request(hosts=[], inspection=first)), "--procedure", "corrective-maintenance", "--here", "--json")
        assert json.loads(desk.run("plan", again, "--json").stdout)["plan"]["steps"] == [] and json.loads(done.stdout)["closure"] == "nothing to do"

        back = desk.run("back-out", number, "--reason", "客户要求", "--requester", "张工", "--json")
        assert back.returncode == 6, back.stderr[-3000:] + back.stdout
        undoing = json.loads(back.stdout)["number"]
        said = " ".join(reason["en"] for reason in json.loads(desk.run("plan", undoing, "--json").stdout)["plan"]["risk"]["reasons"])
        assert "Check CFG-05b" in said and "was not good, or not asked, before" in said, "the fault comes back, and who approves is told"
        desk.approve(undoing)
        done = desk.run("carry-out", undoing, "--json")
        assert done.returncode == 0, done.stderr[-3000:] + done.stdout
        assert state(lab) == faulty
        assert re.search("Orders application answers +good +not good", report_of(desk, undoing)), "the fault is back, and that is said"
        assert desk.run("archive", "verify").returncode == 0
    finally:
        lab.reset("web1")


def test_a_check_that_still_finds_fault_takes_everything_back(lab, fresh_web1, server, tmp_path):
    """The service starts and dies soon after: every step was done, and the check says no. On the staging host it had run well."""
    desk = Desk.open(lab, tmp_path, server.environment, web1={"expected": EXPECTED})
    try:
        lab.must("web2", FLAKY.format(then="exec sleep 9999") + "touch /etc/flaky-may-run; systemctl start flaky")
        lab.must("web1", FAULTS + FLAKY.format(then="sleep 5; exit 1"))
        first, found = inspected(desk)
        faulty = state(lab)
        number = opened(desk, first, "--rehearse-on", "web2", checks=("CFG-05a", "CFG-09a", "CFG-12"))
        assert desk.run("plan", number).returncode == 0
        done = desk.run("rehearse", number, limit_s=900)
        assert done.returncode == 0, done.stderr[-3000:] + done.stdout[-3000:]
        desk.approve(number)
        done = desk.run("carry-out", number, "--json")
        assert done.returncode == 3, done.stderr[-3000:] + done.stdout
        ending = json.loads(done.stdout)
        assert ending["closure"] == "backed out" and "CFG-05a" in ending["reason"]
        assert state(lab) == faulty
        assert lab.exec("web1", "[ -e /var/lib/standfast/lock ]")[0] != 0
    finally:
        lab.reset("web1")
        lab.reset("web2")


DATABASE_FAULTS = """
create table twice (a int primary key, b int, c int);
create index twice_1 on twice (b) where a > 5;
create index "tw'ice 2" on twice (b) where a > 5;
comment on index "tw'ice 2" is 'why it is here';
create table broken (a int primary key, b int);
create index broken_b on broken (b);
update pg_index set indisvalid = false where indexrelid = 'broken_b'::regclass;
create table counted (a int) with (autovacuum_enabled = off);
insert into counted select generate_series(1, 20000);
"""


def indexes(lab: Lab) -> str:
    """What the faults are made of: definitions, comments, and whether they are valid."""
    return lab.must("web1", """su postgres -c 'psql -At -d orders' <<'END'
select pg_get_indexdef(indexrelid), obj_description(indexrelid, 'pg_class'), indisvalid from pg_index
where indrelid in ('twice'::regclass, 'broken'::regclass) order by 1;
END""")


def test_what_a_database_inspection_found_is_mended_on_its_host(lab, fresh_web1, server, tmp_path):
    desk = Desk.open(lab, tmp_path, server.environment)
    lab.must("web1", f"su postgres -c 'psql -q -v ON_ERROR_STOP=1 -d orders' <<'END'\n{DATABASE_FAULTS}\nEND\nsleep 2")
    try:
        asked = ("--databases", "--target", "web1-postgresql")
        first, found = inspected(desk, *asked, procedure="database-inspection")
        wrong = {("PG-33", "orders.public.twice"), ("PG-34", "orders.public.broken_b"), ("PG-37", "orders.public.counted")}
        assert found >= wrong, wrong - found
        before = indexes(lab)
        number = opened(desk, first, checks=("PG-33", "PG-34", "PG-37"))
        assert desk.run("plan", number).returncode == 0
        done = desk.run("rehearse", number, limit_s=900)  # the copy has the database
        assert done.returncode == 0, done.stderr[-3000:] + done.stdout[-3000:]
        assert {o.result for o in desk.archive.load(number, "rehearsal", "1", Rehearsal).outcomes} == {"done"} and indexes(lab) == before
        desk.approve(number)
        done = desk.run("carry-out", number, "--json")
        assert done.returncode == 0 and json.loads(done.stdout)["closure"] == "successful", done.stderr[-3000:] + done.stdout
        assert not inspected(desk, *asked, procedure="database-inspection")[1] & wrong
        assert [line.rpartition("|")[2] for line in indexes(lab).splitlines()] == ["t"] * 4, "one of five is gone, the others are valid"
        undoing = json.loads(desk.run("back-out", number, "--reason", "客户要求", "--requester", "张工", "--json").stdout)["number"]
        desk.approve(undoing)
        done = desk.run("carry-out", undoing, "--json")
        assert done.returncode == 0, done.stderr[-3000:] + done.stdout
        assert indexes(lab) == before
    finally:
        lab.reset("web1")
