"""What an emergency restore plans: what counts as damage, how far the log is followed, what is lost, in which order it goes."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from reports.records import BackedUpServer, Backup, BackupFile, BackupProof, Cluster, Health, Package, Release, Service, Survey, TableRows, Text
from tasks import emergency
from tasks.backup_store import medium_of
from tasks.planning.emergency import Known, LogOnHost, damage, most_minutes_lost, plan_restore
from tasks.requests import RestoreRequest

AT = datetime(2026, 11, 23, 2, tzinfo=UTC)
NOW = AT + timedelta(hours=6)
SEGMENT = "0000000100000000000000{:02X}".format


def survey(when: str = "backup", **changes) -> Survey:
    return Survey(**{
        "target": "web1", "when": when, "taken_at": AT, "os_id": "debian", "os_version": "12", "os_name": "Debian 12", "kernel": "6.1", "architecture": "amd64",
        "package_manager": "apt", "packages": (Package(name="nginx", version="1.22.1-9"), Package(name="postgresql-15", version="15.18-0")),
        "configuration": {"/etc/nginx/nginx.conf": "a 644 0:0", "/etc/orders/orders.conf": "b 644 0:0"},
        "releases": (Release(root="/srv/orders", current="1.0.0"),), "services": (Service(name="nginx.service", active="active", enabled="enabled"),),
        "health": (Health(title=Text(zh="页", en="page"), ok=True, detail=""),), "clusters": (cluster(),), **changes})


def cluster(rows: int | None = 5000, running: bool = True) -> Cluster:
    tables = (TableRows(database="orders", table="public.orders", rows=rows, digest="d"),) if rows is not None else ()
    return Cluster(engine="postgresql", name="15/main", version="15.18", port=5432, running=running, tables=tables)


SERVER = BackedUpServer(engine="postgresql", name="15/main", version="15.18", data="/var/lib/postgresql/15/main", owner="postgres", point="BAK-20261123-001",
                        point_at=AT, first_log=SEGMENT(3), last_log=SEGMENT(5))


def known(log: LogOnHost | None = None, server: BackedUpServer = SERVER) -> Known:
    files = [BackupFile(name=name, kind=kind, of=of, size=1, sha256="0" * 64) for name, kind, of in (
        ("files.tar.gz", "files", ""), ("files.sums", "digests", ""), ("15-main-base.tar.gz", "base", "15/main"), ("15-main-log.tar.gz", "log", "15/main"))]
    backup = Backup(number="BAK-20261123-001", target="web1", taken_at=AT, finished_at=AT, facts="", paths=(), files=tuple(files), servers=(server,))
    return Known(backup=backup, proof=BackupProof(number=backup.number, target="web1", place="copy", proved_at=AT, seconds=41, passed=True), facts=survey(),
                 chain=(backup,), media={(backup.number, file.name): medium_of(backup, file) for file in files}, logs={"15/main": log} if log else {},
                 watched=("/etc/nginx", "/etc/orders"), releases=("/srv/orders",))


def request(**changes) -> RestoreRequest:
    return RestoreRequest(**{"customer": "bureau", "hosts": ["web1"], "requester": "值班员", "reason": "宕机", "backup": "BAK-20261123-001", **changes})


WHOLE = LogOnHost(segments=tuple(SEGMENT(n) for n in (5, 6, 7)), commits=12, lost=3, last_at=AT + timedelta(hours=5))


@pytest.mark.parametrize("changes, found", [
    ({}, ((), (), (), False, ())),
    ({"configuration": {"/etc/nginx/nginx.conf": "z 644 0:0", "/etc/orders/orders.conf": "b 644 0:0"}}, (("/etc/nginx",), (), (), False, ())),
    ({"configuration": {"/etc/nginx/nginx.conf": "a 644 0:0", "/etc/nginx/new": "n", "/etc/orders/orders.conf": "b 644 0:0"}},
     (("/etc/nginx",), (), (), False, ())),
    ({"releases": (Release(root="/srv/orders", current="1.1.0"),)}, ((), ("/srv/orders",), (), False, ())),
    ({"packages": (Package(name="nginx", version="1.22.1-11"), Package(name="postgresql-15", version="15.18-0", state="iU"), Package(name="jq", version="1"))},
     ((), (), ("nginx", "postgresql-15"), False, ())),
    ({"package_faults": ("half",)}, ((), (), (), True, ())),
    ({"clusters": (cluster(4999),)}, ((), (), (), False, ("15/main",))),
    ({"clusters": (cluster(None),)}, ((), (), (), False, ("15/main",))),
    ({"clusters": (cluster(6000),)}, ((), (), (), False, ())),
    ({"clusters": (cluster(running=False),)}, ((), (), (), False, ("15/main",))),
    ({"clusters": ()}, ((), (), (), False, ("15/main",))),
], ids=["nothing", "changed file", "new file", "other release", "packages", "half state", "a row less", "no table", "more rows", "down", "gone"])
def test_damage_is_what_was_and_is_no_more(changes, found):
    seen = damage(survey("before 1", **changes), known())
    assert (seen.configuration, seen.releases, tuple(sorted(seen.versions)), seen.faulty, seen.servers) == found


@pytest.mark.parametrize("changes, clusters, log, to, minutes, said", [
    ({}, (cluster(running=False),), WHOLE, "the end of the log", 0, "nothing that was committed is lost"),
    ({}, (cluster(running=False),), LogOnHost(segments=(SEGMENT(7), SEGMENT(8))), "the end of the log", 360, "what was written since is lost"),
    ({}, (cluster(running=False),), LogOnHost(), "the end of the log", 360, "what was written since is lost"),
    ({}, (cluster(10),), WHOLE, "restore point BAK-20261123-001", 360, "12 transactions committed since are lost"),
    ({"to": AT + timedelta(hours=4)}, (cluster(10),), WHOLE, "just before 2026-11-23 06:00:00", 120, "3 transactions committed after it are lost"),
    ({"to": AT + timedelta(hours=5, minutes=30)}, (cluster(10),), WHOLE, "the end of the log", 0, "nothing that was committed is lost"),
], ids=["down, log whole", "down, log with a gap", "down, log gone", "rows gone", "moment", "moment after the last commit"])
def test_the_loss_is_said_beforehand(changes, clusters, log, to, minutes, said):
    now = survey("before 1", clusters=clusters)
    plan = plan_restore("CHG-20261123-001", request(**changes), now, known(log), NOW)
    build = next(step for step in plan.steps if step.key == "build-15-main")
    assert to in build.title.en and said in plan.impact.en
    assert most_minutes_lost(request(**changes), now, known(log), NOW) == minutes


def test_what_was_committed_after_the_report_is_lost_too():
    """A report dated back must not make the loss look smaller than it is."""
    log = LogOnHost(segments=WHOLE.segments, commits=12, lost=3, last_at=AT + timedelta(hours=5))
    early = request(reported_at=AT)
    assert most_minutes_lost(early, survey("before 1", clusters=(cluster(10),)), known(log), NOW) == 300


def test_a_host_with_another_key_than_when_it_was_backed_up_is_named():
    plan = plan_restore("CHG-20261123-001", request(), survey("before 1", clusters=(cluster(10),), identity="0" * 64), known(), NOW)
    assert any("another key" in reason.en for reason in plan.risk.reasons)


def test_without_a_log_the_moment_of_the_backup_is_all_there_is():
    server = SERVER.model_copy(update={"point": "", "point_at": None, "first_log": "", "last_log": ""})
    plan = plan_restore("CHG-20261123-001", request(to=AT + timedelta(hours=1)), survey("before 1", clusters=(cluster(1),)), known(server=server), NOW)
    build = next(step for step in plan.steps if step.key == "build-15-main")
    assert "the end of the base backup" in build.title.en and "recovery_target" not in build.command


def test_a_moment_in_a_gap_of_the_log_is_refused_with_the_moments_next_to_it():
    """PostgreSQL would follow the log to the gap, and fail there; a later backup begins behind it."""
    first, clusters = known(LogOnHost(segments=(SEGMENT(12), SEGMENT(13)), commits=3, lost=2, last_at=AT + timedelta(hours=5))), (cluster(10),)
    behind = SERVER.model_copy(update={"point": "BAK-20261123-002", "point_at": AT + timedelta(hours=3), "first_log": SEGMENT(9), "last_log": SEGMENT(11)})
    later = first.backup.model_copy(update={"number": "BAK-20261123-002", "finished_at": AT + timedelta(hours=3), "servers": (behind,)})
    here = replace(first, chain=(first.backup, later))
    for moment, refused in ((AT + timedelta(hours=2), True), (AT - timedelta(seconds=1), False)):
        plan = plan_restore("CHG-20261123-001", request(to=moment), survey("before 1", clusters=clusters), here, NOW)
        assert bool(plan.blockers) is refused
    (blocker,) = plan_restore("CHG-20261123-001", request(to=AT + timedelta(hours=2)), survey("before 1", clusters=clusters), here, NOW).blockers
    assert "has a gap after 2026-11-23 02:00:00" in blocker.en and "one after 2026-11-23 05:00:00 (UTC+0) (backup BAK-20261123-002)" in blocker.en


def test_a_moment_since_which_nothing_was_committed_is_the_end_of_the_log():
    quiet = LogOnHost(segments=(SEGMENT(5), SEGMENT(6)), commits=0, lost=0)
    plan = plan_restore("CHG-20261123-001", request(to=AT + timedelta(hours=1), damage="data"), survey("before 1"), known(quiet), NOW)
    assert not plan.blockers and "the end of the log" in next(step for step in plan.steps if step.key == "build-15-main").title.en


def test_the_order_of_an_emergency():
    """Built beside first, then configuration, packages, configuration again, data, services; what is not damaged is not touched."""
    changes = {"configuration": {}, "packages": (Package(name="nginx", version="0"),), "clusters": (cluster(running=False),)}
    plan = plan_restore("CHG-20261123-001", request(), survey("before 1", **changes), known(WHOLE), NOW)
    assert [step.key for step in plan.steps] == ["check-backup", "unpack-files", "build-15-main", "save-present-files", "put-files-back", "package-versions",
                                                 "put-files-back-again", "switch-15-main", "bring-up"]
    assert [step.number for step in plan.steps] == list(range(1, 10)) and not plan.point_of_no_return
    assert {(v.name, v.before, v.after) for v in plan.versions} == {("nginx", "0", "1.22.1-9"), ("postgresql-15", "", "15.18-0")}
    assert "rm -rf -- \"$data\"" not in "".join(step.command + step.undo for step in plan.steps)
    for step in plan.steps:
        for part in (step.probe, step.holds_before, step.command, step.proof, step.undo, step.undo_proof):
            assert subprocess.run(["sh", "-n"], input=part.encode(), capture_output=True).returncode == 0, part
    assert plan_restore("CHG-20261123-001", request(), survey("before 1"), known(WHOLE), NOW).nothing_to_do
    everything = plan_restore("CHG-20261123-001", request(damage="everything"), survey("before 1"), known(WHOLE), NOW)
    assert {"put-files-back", "switch-15-main"} <= {step.key for step in everything.steps}


def test_a_server_that_has_no_configuration_any_more_is_said_beforehand():
    plan = plan_restore("CHG-20261123-001", request(), survey("before 1", clusters=()), known(WHOLE), NOW)
    assert plan.blockers and "pg_lsclusters" in plan.blockers[0].en


def test_the_hosts_own_log_is_read_and_counted():
    read = emergency.parse_log(f"segment {SEGMENT(5)}\nsegment {SEGMENT(6)}\ncommits 12 3 2026-11-23 07:00:00.25\n")
    assert (read.segments, read.commits, read.lost) == ((SEGMENT(5), SEGMENT(6)), 12, 3) and read.last_at == datetime(2026, 11, 23, 7, 0, 0, 250000, tzinfo=UTC)
    assert emergency.parse_log("gone\n") == LogOnHost() and emergency.parse_log("commits 0 0 \n").last_at is None
    assert subprocess.run(["sh", "-n"], input=emergency.log_script(SERVER, AT).encode(), capture_output=True).returncode == 0
