"""Capacity expansion on a host with disks that can be enlarged: done, measured, backed out and proved equal, killed, and refused (R011)."""

from __future__ import annotations

import json

import pytest

from deployments.lab import Lab
from reports.records import Plan
from tests.live.drive import Desk

HOST = "disk1"
MOUNTS = {"xfs": 320, "btrfs": 320, "ext4": 160}


@pytest.fixture(scope="module")
def disks(lab) -> Lab:
    """The host with three disks, none of them larger than its file system."""
    lab.reset(HOST)
    for kind, mib in MOUNTS.items():
        lab.add_disk(HOST, f"/srv/{kind}", kind, mib)
    yield lab
    lab.remove(HOST)


@pytest.fixture(scope="module")
def desk(disks, server, tmp_path_factory) -> Desk:
    """One archive for all: its numbers are the names of folders on the host."""
    return Desk.open(disks, tmp_path_factory.mktemp("capacity"), server.environment)


def state(lab: Lab) -> str:
    """All that an expansion changes, read without any of our own code."""
    return lab.must(HOST, """
        df -P -k /srv/xfs /srv/btrfs /srv/ext4 | awk '{ print $2, $6 }'
        dumpe2fs -h "$(findmnt -n -o SOURCE /srv/ext4)" 2>/dev/null | grep '^Block count'
        awk '$1 ~ "^/srv" { print $1, $3 }' /proc/swaps; cksum /etc/fstab; ls /srv/xfs /srv/btrfs /srv/ext4 /etc/systemd/system
        systemctl is-active orders cron; systemctl show -p LimitNOFILESoft -p MemoryMax orders
        su postgres -c 'psql -At -d orders' <<'END'
        show max_connections; select pending_restart from pg_settings where name = 'max_connections';
        select spcname from pg_tablespace order by 1; select relname, reltablespace from pg_class where relname ~ '^orders' order by 1;
        select count(*), sum(hashtextextended(o::text, 0)) from orders o;
END
    """)


def asked(desk: Desk, **parts) -> str:
    """A change with its plan; returns the number."""
    done = desk.run("plan", str(desk.request(hosts=[HOST], **parts)), "--procedure", "capacity-expansion", "--json")
    assert done.returncode == 0, done.stderr + done.stdout[-2000:]
    return json.loads(done.stdout)["number"]


def plan_of(desk: Desk, number: str) -> Plan:
    archive = desk.archive
    try:
        return archive.load(number, "plan", "1", Plan)
    finally:
        archive.dispose()


def carried_out(desk: Desk, number: str, code: int = 0) -> dict:
    desk.approve(number)
    done = desk.run("carry-out", number, "--json", limit_s=600)
    assert done.returncode == code, done.stderr[-3000:] + done.stdout
    return json.loads(done.stdout)


def backed_out(desk: Desk, number: str) -> None:
    back = desk.run("back-out", number, "--reason", "客户要求", "--requester", "张工", "--json")
    assert back.returncode == 6, back.stderr[-3000:] + back.stdout
    undoing = json.loads(back.stdout)["number"]
    desk.approve(undoing)
    done = desk.run("carry-out", undoing, "--json", limit_s=600)
    assert done.returncode == 0, done.stderr[-3000:] + done.stdout


def test_btrfs_grows_and_shrinks_again(desk, disks):
    before = state(disks)
    wanted = {"mount": "/srv/btrfs", "free_mib": 400}
    refused = desk.run("plan", str(desk.request(hosts=[HOST], file_system=wanted)), "--procedure", "capacity-expansion", "--json")
    assert refused.returncode == 4 and "misses the goal" in json.loads(refused.stdout)["plan"]["blockers"][0]["en"]
    disks.enlarge_disk(HOST, "/srv/btrfs", 512)
    number = asked(desk, file_system=wanted)
    assert plan_of(desk, number).point_of_no_return is None and plan_of(desk, number).no_rehearsal
    assert carried_out(desk, number)["closure"] == "successful"
    assert int(disks.must(HOST, "df -Pk /srv/btrfs | awk 'NR == 2 { print $4 }'")) >= 400 * 1024
    again = desk.run("start", str(desk.request(hosts=[HOST], file_system=wanted)), "--procedure", "capacity-expansion", "--here", "--json")
    assert json.loads(again.stdout)["closure"] == "nothing to do"
    backed_out(desk, number)
    assert state(disks) == before
    assert desk.run("archive", "verify").returncode == 0


@pytest.mark.long
def test_a_kernel_that_refuses_is_seen_by_df_and_ext4_grows_unmounted(desk, disks):
    """Here the kernel lets nobody grow an ext4 that is mounted."""
    before = state(disks)
    disks.enlarge_disk(HOST, "/srv/ext4", 256)
    number = asked(desk, file_system={"mount": "/srv/ext4", "free_mib": 180})
    assert plan_of(desk, number).point_of_no_return.key == "grow-file-system", "mounted it cannot be made smaller"
    ending = carried_out(desk, number, code=3)
    assert ending["closure"] == "backed out" and "as large as before" in ending["reason"] and state(disks) == before
    number = asked(desk, file_system={"mount": "/srv/ext4", "free_mib": 180, "unmount": True, "stop": ["cron.service"]})
    assert plan_of(desk, number).point_of_no_return is None
    assert carried_out(desk, number)["closure"] == "successful" and state(disks) != before
    backed_out(desk, number)
    assert state(disks) == before


def test_xfs_has_no_way_back_and_its_step_is_killed_in_the_middle(desk, disks):
    disks.enlarge_disk(HOST, "/srv/xfs", 448)
    number = asked(desk, file_system={"mount": "/srv/xfs", "free_mib": 330})
    plan = plan_of(desk, number)
    assert plan.steps[-1].point_of_no_return and plan.steps[-1].reversible == "no" and "没有退路" in plan.back_out.zh
    desk.approve(number)
    driver = desk.begin("resume", number, "--here")
    desk.wait_for(number, "step begun", step=1)
    driver.kill()
    driver.wait()
    assert desk.run("resume", number, "--here", limit_s=600).returncode == 0, desk.run("status", number).stdout
    assert desk.closure(number) == "successful"
    done = disks.must(HOST, f"grep -l '^result=done' /var/lib/standfast/changes/{number}/steps/*/carry-out-*/result | wc -l")
    assert int(done) == 1 and int(disks.must(HOST, "df -Pk /srv/xfs | awk 'NR == 2 { print $4 }'")) >= 330 * 1024


@pytest.mark.long
def test_swap_is_added_and_taken_away_and_what_was_cut_off_is_taken_back(desk, disks):
    before = state(disks)
    number = asked(desk, swap={"path": "/srv/xfs/swapfile", "mib": 64})
    desk.approve(number)
    driver = desk.begin("resume", number, "--here")
    desk.wait_for(number, "step begun", step=1)
    disks.exec(HOST, "n=0; while [ $n -lt 200 ]; do pkill -KILL -x dd && break; sleep 0.02; n=$((n+1)); done")
    code = driver.wait(300)
    assert code in (0, 3), desk.run("status", number).stdout
    if code == 3:  # its writer was killed: all is as before, and it is done again
        assert state(disks) == before
        number = asked(desk, swap={"path": "/srv/xfs/swapfile", "mib": 64})
        assert carried_out(desk, number)["closure"] == "successful"
    assert "/srv/xfs/swapfile none swap sw 0 0" in disks.must(HOST, "cat /etc/fstab")
    assert int(disks.must(HOST, "awk '$1 == \"/srv/xfs/swapfile\" { print $3 }' /proc/swaps")) > 65000
    backed_out(desk, number)
    assert state(disks) == before


LOAD = r"""mkdir -p /root/load
printf '%s\n' 'while :; do curl -s -o /dev/null -w "%{http_code}\n" --max-time 20 http://127.0.0.1/health; sleep 0.05; done' >/root/load/ask
systemd-run -q --unit=load sh -c 'exec sh /root/load/ask >/root/load/answers'"""


@pytest.mark.long
def test_a_table_moves_to_another_file_system_and_back_under_load(desk, disks):
    before = state(disks)
    number = asked(desk, tablespace={"name": "fast", "path": "/srv/btrfs/pg", "database": "orders", "tables": ["public.orders"], "free_mib": 50})
    rehearsed = desk.run("rehearse", number, limit_s=900)
    assert rehearsed.returncode == 0, rehearsed.stderr[-2000:] + rehearsed.stdout[-2000:]
    disks.must(HOST, LOAD)
    try:
        assert carried_out(desk, number)["closure"] == "successful"
    finally:
        disks.exec(HOST, "systemctl stop load")
    assert set(disks.must(HOST, "sort -u /root/load/answers").split()) == {"200"}
    assert "fast" in state(disks)
    backed_out(desk, number)
    assert state(disks) == before


RAISED = {"connections": {"connections": {"free": 98, "to": 120}},  # three of a hundred are kept for superusers
          "limits": {"limits": {"unit": "orders.service", "files": 4096, "memory_mib": 512, "load_url": "http://127.0.0.1:8000/health"}}}


@pytest.mark.long
@pytest.mark.parametrize("kind", list(RAISED))
def test_limits_are_raised_proved_under_load_and_lowered_again(desk, disks, kind):
    before = state(disks)
    number = asked(desk, **RAISED[kind])
    rehearsed = desk.run("rehearse", number, limit_s=900)
    assert rehearsed.returncode == 0, rehearsed.stderr[-2000:] + rehearsed.stdout[-2000:]
    assert carried_out(desk, number)["closure"] == "successful" and state(disks) != before
    backed_out(desk, number)
    assert state(disks) == before


@pytest.mark.long
def test_a_goal_that_is_missed_under_load_takes_everything_back(desk, disks):
    """The limits are in force, and requests fail under the load: on the copy first, so it is not even approved."""
    before = state(disks)
    number = asked(desk, limits={"unit": "orders.service", "files": 4096, "load_url": "http://127.0.0.1:8000/missing"})
    rehearsed = desk.run("rehearse", number, limit_s=900)
    assert rehearsed.returncode == 4 and "failed requests" in rehearsed.stdout + rehearsed.stderr
    assert state(disks) == before
