"""Security hardening on real hosts (R008): what a security check failed is mended by one change, people go on working, and the change is taken back
exactly by its number; whatever dies or refuses meanwhile, nothing is half done."""

from __future__ import annotations

import json

import pytest

from deployments.lab import Lab
from reports.archive import inspections
from reports.records import Outcome, Plan, Rehearsal
from tests.live.drive import Desk
from tests.live.hardening import PERSON, altered, state, usable
from tests.live.test_security_check import baseline
from tests.live.test_upgrade import server  # noqa: F401

FAILED = {Outcome.WARNING, Outcome.CRITICAL}
# What customers have and the plain lab host has not.
FULLER = """export DEBIAN_FRONTEND=noninteractive
apt-get -qq install -y --no-install-recommends nftables libpam-pwquality cracklib-runtime wamerican at rsyslog logrotate >/dev/null
mount -o remount,rw /proc/sys  # the network's settings are the container's own
""" + PERSON
FAMILIES = {"/etc/ssh/sshd_config.d/00-standfast.conf", "/etc/sudoers.d/zz-standfast", "/etc/sysctl.d/zz-standfast.conf", "/etc/login.defs",
            "/etc/profile.d/00-standfast.sh", "/etc/issue", "/etc/logrotate.d/rsyslog", "/etc/pam.d/common-auth", "/etc/security/faillock.conf",
            "/usr/share/pam-configs/standfast-pwhistory", "/etc/security/pwquality.conf", "/etc/nftables.conf", "/etc/cron.allow", "postgresql.auto.conf",
            "/etc/apt/apt.conf.d/zz-standfast"}


def failed(desk: Desk, *targets: str) -> tuple[str, set[tuple[str, str, str]]]:
    """A new security check: its number; target, control and object of all that failed."""
    done = desk.run("security-check", "bureau", *(word for target in targets for word in ("--target", target)), limit_s=300)
    assert done.returncode in (0, 7, 8), done.stderr[-2000:] + done.stdout
    archive = desk.archive
    newest = inspections.newest(archive, "bureau", "security-check")
    found = {(row.target, row.check, row.object) for row in inspections.rows_of(archive, newest) if row.outcome in FAILED}
    archive.dispose()
    return newest.number, found


def opened(desk: Desk, check: str, *arguments: str) -> str:
    done = desk.run("mend", check, "--requester", "张工", "--operator", "test", "--json", *arguments)
    assert done.returncode == 0, done.stderr[-2000:] + done.stdout
    change, = json.loads(done.stdout)
    assert change["procedure"] == "security-hardening"
    return change["number"]


def planned(desk: Desk, number: str) -> Plan:
    done = desk.run("plan", number, "--json")
    assert done.returncode == 0, done.stderr[-3000:] + done.stdout[-3000:]
    return archived(desk, number, "plan", Plan)


def archived(desk: Desk, number: str, what: str, kind):
    archive = desk.archive
    found = archive.load(number, what, "1", kind)
    archive.dispose()
    return found


def carried_out(desk: Desk, number: str) -> None:
    done = desk.run("carry-out", number, "--json", limit_s=1200)
    assert done.returncode == 0 and json.loads(done.stdout)["closure"] == "successful", done.stderr[-4000:] + done.stdout


def rehearsed(desk: Desk, number: str) -> Rehearsal:
    done = desk.run("rehearse", number, limit_s=1200)
    assert done.returncode == 0, done.stderr[-4000:] + done.stdout[-3000:]
    return archived(desk, number, "rehearsal", Rehearsal)


def guards(lab: Lab, host: str, number: str) -> tuple[int, int, int]:
    """How many steps were armed, confirmed, taken back by the host."""
    return tuple(int(lab.must(host, f"ls /var/lib/standfast/changes/{number}/steps/*/carry-out-*/{what} 2>/dev/null | wc -l"))
                 for what in ("armed", "confirmed", "reverted"))


def promises(plan: Plan) -> set[tuple[str, str, str]]:
    return {(one.database or one.target, one.check, name) for one in plan.acceptance if one.check for name in one.objects}


def taken_back(desk: Desk, number: str) -> str:
    done = desk.run("back-out", number, "--reason", "客户要求", "--requester", "张工", "--json")
    assert done.returncode == 6, done.stderr[-3000:] + done.stdout
    undoing = json.loads(done.stdout)["number"]
    desk.approve(undoing)
    done = desk.run("carry-out", undoing, "--json", limit_s=1200)
    assert done.returncode == 0, done.stderr[-3000:] + done.stdout
    return undoing


@pytest.fixture(scope="module")
def full_hosts(lab, server):  # noqa: F811
    """web1 and its staging host web2, as customers have them."""
    for name in ("web1", "web2"):
        lab.reset(name)
        lab.must(name, FULLER, 600)
    yield lab
    for name in ("web1", "web2"):
        lab.reset(name)


@pytest.fixture
def desk(full_hosts, server, tmp_path):  # noqa: F811
    desk = Desk.open(full_hosts, tmp_path, server.environment)
    baseline(desk)
    return desk


TARGETS = ("web1", "web1-postgresql")


def test_a_host_is_hardened_people_go_on_working_and_it_comes_back_exactly(desk, lab, tmp_path):
    usable(lab, "web1", tmp_path)
    before = state(lab, "web1")
    check, found = failed(desk, *TARGETS)
    number = opened(desk, check, "--rehearse-on", "web2")
    plan = planned(desk, number)
    assert not plan.blockers and {change.path for step in plan.steps for change in step.files} >= FAMILIES
    assert rehearsed(desk, number).passed and altered(before, state(lab, "web1")) == {}, "nothing was touched before the approval"
    desk.approve(number)
    carried_out(desk, number)
    guarded = sum(bool(step.confirm_s) for step in plan.steps)
    assert guards(lab, "web1", number) == (guarded, guarded, 0) and guarded >= 6
    usable(lab, "web1", tmp_path)
    again, left = failed(desk, *TARGETS)
    assert not left & promises(plan) and not left - found, left - found
    second = planned(desk, opened(desk, again))
    assert second.steps == () and not second.blockers
    taken_back(desk, number)
    assert altered(before, state(lab, "web1")) == {}
    usable(lab, "web1", tmp_path)
    assert desk.run("archive", "verify").returncode == 0
