"""MariaDB moved between two real hosts under a client that writes all the time: to its end, home again, and through what may break at the cutover."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from deployments.lab import Lab
from reports.records import Plan, Rehearsal, Step, StepOutcome
from tasks import desk as the_desk
from tasks.running import Action
from tests.live import moving_mariadb as moving
from tests.live.drive import Desk
from tests.live.moving import power_cycle
from tests.live.test_migration_faults import Moving

NEW_HOST = {"acceptance": []}
as_new: list[bool] = []  # whether the pair is as it was made


class Steps(Moving):
    """One migration of MariaDB, step by step; outputs: of each step's last attempt."""

    def __init__(self, lab: Lab, **changes) -> None:
        self.lab, self.outputs = lab, {}
        self.before = {name: facts(lab, name) for name in ("db1", "db2")}
        self.open(moving.request(**changes))

    def attempt(self, key: str, action: Action) -> StepOutcome:
        outcome = super().attempt(key, action)
        self.outputs[key] = outcome.output
        return outcome

    def home(self, *writers: moving.Writer) -> None:
        """What was begun and is not undone is undone, last first. Then both hosts are as before, and nothing is lost."""
        begun = [step.key for step in self.plan.steps if step.undo and (step.key, "carry out") in self.tries]
        self.undo(*(key for key in reversed(begun) if key not in self.undone))
        assert writers[-1].goes_on("db1"), "the old host takes rows"
        assert moving.lost(self.lab, "db1", *writers) == set(), "also of what only the new host had"
        for name, before in self.before.items():
            assert facts(self.lab, name) == before
        as_new.append(True)

    def step(self, key: str) -> Step:
        return next(step for step in self.plan.steps if step.key == key)

    def killed(self, key: str, at: str, after_s: float, action: Action = "carry out", how: str = "") -> None:
        """The step's first attempt with a kill -9 of all of it, or of what `how` says, so long after it began; then to its end."""
        number, name = self.step(key).number, action.replace(" ", "-")
        how = how or f"systemctl kill -s KILL --kill-who=all standfast-{self.number.lower()}-{number:02d}-{name}-1.service"
        self.lab.must(at, f"""cat >/root/kill <<'END'
n=0; while [ $n -lt 6000 ]; do n=$((n + 1))
  if [ -e /var/lib/standfast/changes/{self.number}/steps/{number:02d}-{key}/{name}-1/started ]; then sleep {after_s}; {how}; exit; fi
  sleep 0.02
done
END
systemd-run --quiet --collect --unit=kill sh /root/kill""")
        outcome = self.attempt(key, action)
        for _ in range(3):
            if outcome.result in ("done", "nothing to do"):
                return
            outcome = self.attempt(key, action)
        raise AssertionError((key, outcome.result, outcome.problem.en, outcome.output[-1500:]))


@pytest.fixture(scope="module")
def office(lab, tmp_path_factory):
    """One archive for all that go step by step: its numbers are the names of folders on the hosts."""
    lab.up(["db1", "db2"])
    yield tmp_path_factory.mktemp("moving")
    for name in ("db1", "db2"):
        lab.remove(name)


@pytest.fixture
def hosts(lab, office) -> Lab:
    """A pair made ready; made afresh unless the test before proved that it left both as they were."""
    if not as_new:
        for name in ("db1", "db2"):
            lab.reset(name)
        moving.make_ready(lab)
    as_new.clear()
    return lab


@pytest.fixture
def place(hosts, office, monkeypatch) -> Iterator[Lab]:
    """The pair, and an operator's desk in this process."""
    Desk.open(hosts, office, {}, db2=NEW_HOST)
    monkeypatch.setenv("STANDFAST_INVENTORY", str(office / "inventory.yaml"))
    the_desk.forget_what_is_kept()
    yield hosts
    the_desk.forget_what_is_kept()


@pytest.fixture
def ready(place) -> Steps:
    return Steps(place)


def facts(lab, name: str) -> str:
    """What a host is, read without any of our own code."""
    return lab.must(name, """
        dpkg-query -W -f '${Package} ${Version} ${db:Status-Abbrev}\\n'
        find /etc/mysql /etc/systemd/system /srv /home/ops/.ssh -type f -exec sha256sum {} + 2>/dev/null | sort -k2
        systemctl is-active mariadb stock ssh; systemctl is-enabled mariadb stock
        ls -d /var/lib/mysql* | grep -v served
        mariadb -N -e "select user, host, priv from mysql.global_priv order by 1, 2; select @@read_only, @@event_scheduler, @@server_id, @@gtid_slave_pos;
          show all slaves status; show databases; select event_schema, event_name, status from information_schema.events"
        ss -Hltn | awk '{ print $4 }' | sort
        ls -d /var/lib/standfast-door/* 2>/dev/null
        systemctl list-units --all --plain --no-legend 'standfast-*'
        true
    """)


def tables(lab, name: str) -> str:
    return lab.must(name, "mariadb -N stock -e 'checksum table article, movement, ledger, ticks extended; select twice(21), count(*) from heavy'")


def test_the_data_move_and_come_home_with_what_was_written_since(hosts, ready):
    """Step by step, without the rehearsal; the client tries the old host first, so it would be told if both took rows."""
    lab = hosts
    with moving.Writer(lab) as writer:
        assert writer.goes_on("db1")
        ready.up_to("caught-up")
        lab.must("db1", "mariadb stock -e \"create event late on schedule every 1 second do insert into ticks (place) values (-1)\"")
        ready.up_to("open")
        assert writer.goes_on("db2"), "the new host takes rows"
        assert lab.exec("db1", "systemctl start mariadb")[0] != 0, "the old host stays fenced"
        ready.up_to("door-closed")
        compared = ready.outputs["compare"]
        assert "equal: 4 tables with" in compared and "1 sequences" in compared and "all files are equal" in compared
        assert "no file of the fenced data was written to" in ready.outputs["digests"]
        assert moving.lost(lab, "db2", writer) == set()
        for place in (2, -1):  # the events run on, also the one that was made while it was a replica
            count = f"mariadb -N stock -e 'select count(*) from ticks where place = {place} and id > (select max(id) - 5 from ticks)'"
            lab.must("db2", f'n=0; until [ "$({count})" != 0 ]; do n=$((n + 1)); [ $n -lt 50 ]; sleep 0.3; done')
        lab.must("db2", "mariadb stock -e \"drop event late; create user 'new'@'%' identified by 'x'; select nextval(numbers)\"")
        ready.undo(*(step.key for step in reversed(ready.plan.steps) if step.undo))
        assert lab.must("db1", "mariadb -N -e \"select count(*) from mysql.user where user = 'new'\"").strip() == "1", "so did the account"
        lab.must("db1", "mariadb -e \"drop user 'new'@'%'\"")
        ready.home(writer)
    assert {at for _, _, at in writer.taken} == {"db1", "db2"}


@pytest.mark.long
def test_the_whole_lifecycle_and_home_by_number(hosts, office, server):
    lab = hosts
    desk = Desk.open(lab, office, server.environment, db2=NEW_HOST)
    before = {name: facts(lab, name) for name in ("db1", "db2")}
    done = desk.run("plan", str(desk.request(**moving.request(), hosts=[])), "--procedure", "system-migration", "--json")
    assert done.returncode == 0, done.stderr + done.stdout[-2000:]
    number = json.loads(done.stdout)["number"]
    done = desk.run("rehearse", number, limit_s=2400)
    assert done.returncode == 0, done.stderr[-3000:] + done.stdout[-3000:]
    archive = desk.archive
    rehearsal, plan = archive.load(number, "rehearsal", "1", Rehearsal), archive.load(number, "plan", "1", Plan)
    archive.dispose()
    assert rehearsal.passed and len(rehearsal.copies) == 2 and not rehearsal.remaining
    assert any("database account shop@%: as in the masked files" == line.en for line in rehearsal.copies[0].masked)
    assert {name: facts(lab, name) for name in before} == before, "the rehearsal touched neither host"
    desk.approve(number)
    with moving.Writer(lab) as writer:
        assert writer.goes_on("db1")
        done = desk.run("carry-out", number, "--json", limit_s=1200)
        assert done.returncode == 0, done.stderr[-3000:] + desk.run("status", number).stdout
        assert json.loads(done.stdout)["closure"] == "successful", done.stdout
        assert writer.goes_on("db2")
    assert moving.lost(lab, "db2", writer) == set()
    assert [entry.step for entry in desk.journal(number, "step begun")] == [step.number for step in plan.steps]
    asked = desk.run("back-out", number, "--reason", "客户要求", "--requester", "张工", "--json")
    assert asked.returncode == 6, asked.stderr[-3000:] + asked.stdout
    second = json.loads(asked.stdout)["number"]
    desk.approve(second)
    with moving.Writer(lab, name="x") as later:
        assert later.goes_on("db2")
        done = desk.run("carry-out", second, limit_s=1200)
        assert done.returncode == 0, done.stderr[-3000:] + desk.run("status", second).stdout
        assert later.goes_on("db1")
    assert moving.lost(lab, "db1", writer, later) == set(), "what was written on the new host came home, too"
    assert {name: facts(lab, name) for name in before} == before
    assert desk.run("archive", "verify").returncode == 0
    as_new.append(True)


# --- what breaks

@pytest.mark.long
@pytest.mark.parametrize("key, at, before", [("replica", "db2", "replication"), ("fence", "db1", "make-ready"), ("open", "db2", "fence")],
                         ids=["replica", "fence", "open"])
@pytest.mark.parametrize("after_s", [0.1, 0.6, 2.0], ids=str)
def test_a_step_that_is_killed_half_way_is_finished_by_the_next_attempt(hosts, ready, key, at, before, after_s):
    with moving.Writer(hosts) as writer:
        ready.up_to(before)
        ready.killed(key, at, after_s)
        ready.home(writer)


@pytest.mark.long
@pytest.mark.parametrize("key, at", [("open", "db2"), ("fence", "db1")], ids=["shut", "come-back"])
@pytest.mark.parametrize("after_s", [0.1, 0.6, 2.0], ids=str)
def test_a_way_home_that_is_killed_half_way_is_finished_by_the_next_attempt(hosts, ready, key, at, after_s):
    with moving.Writer(hosts) as writer:
        ready.up_to("open")
        assert writer.goes_on("db2")
        if key == "fence":
            ready.undo("open")
        ready.killed(key, at, after_s, "undo")
        ready.home(writer)


@pytest.mark.long
def test_servers_that_are_killed_on_the_way_go_on_where_they_were(hosts, ready):
    """kill -9 of the replica while it follows, of the new server once it serves, and of the old one while it fetches what was written since."""
    with moving.Writer(hosts) as writer:
        ready.up_to("replica")
        hosts.must("db2", "systemctl kill -s KILL mariadb")
        ready.up_to("open")
        assert writer.goes_on("db2")
        hosts.must("db2", "systemctl kill -s KILL mariadb")
        assert writer.goes_on("db2"), "systemd starts it again, and it takes rows"
        ready.undo("open")
        ready.killed("fence", "db1", 1.0, "undo", "systemctl kill -s KILL mariadb")
        ready.home(writer)


@pytest.mark.long
def test_the_old_host_comes_back_alone_if_the_new_one_dies_before_it_got_the_turn(hosts, ready):
    with moving.Writer(hosts) as writer:
        ready.up_to("fence")
        hosts.must("db2", "systemctl stop mariadb ssh.socket ssh; pkill -x sshd || :")
        ready.undo("fence")
        assert writer.goes_on("db1")
        hosts.must("db2", "systemctl start ssh mariadb")
        ready.home(writer)


@pytest.mark.long
def test_the_old_host_stays_fenced_while_the_new_one_may_hold_rows(hosts, ready):
    with moving.Writer(hosts) as writer:
        ready.up_to("open")
        assert writer.goes_on("db2")
        hosts.must("db2", "systemctl stop ssh.socket ssh; pkill -x sshd || :")
        ready.refuses("fence", "undo", "it may hold what was written since")
        assert hosts.exec("db1", "systemctl start mariadb")[0] != 0
        hosts.must("db2", "systemctl start ssh")
        for key in ("replica", "files"):
            ready.refuses(key, "undo", "this host serves")
        ready.home(writer)


@pytest.mark.long
def test_no_way_back_is_said_before_anything_is_stopped(hosts, ready):
    with moving.Writer(hosts) as writer:
        ready.up_to("open")
        assert writer.goes_on("db2")
        last = "$(mariadb -N -e 'show master status' | cut -f1)"
        # the one before the last stays for a moment, as InnoDB notes down what it has
        hosts.must("db2", f"""mariadb -e 'flush binary logs; flush binary logs'
n=0; until mariadb -e "purge binary logs to '{last}'"; [ "$(mariadb -N -e 'show binary logs' | wc -l)" = 1 ]; do
  n=$((n+1)); [ $n -lt 100 ]; sleep 0.1; done""")
        ready.refuses("open", "undo", "no way back keeps what was written since")
        assert writer.goes_on("db2"), "the new host goes on serving"
    assert moving.lost(hosts, "db2", writer) == set()


@pytest.mark.long
def test_a_replica_that_is_gone_stops_it_before_anybody_notices(hosts, ready):
    with moving.Writer(hosts) as writer:
        ready.up_to("caught-up")
        hosts.must("db2", "systemctl stop mariadb")
        hosts.must("db1", """n=0; until [ "$(mariadb -N -e "select count(*) from information_schema.processlist where command like 'Binlog Dump%'")" = 0 ]; do
          sleep 0.1; n=$((n+1)); [ $n -lt 200 ]; done""")
        ready.refuses("fence", "carry out", "no replica is connected; nothing was stopped")
        assert writer.goes_on("db1")
        ready.home(writer)


@pytest.mark.long
def test_a_replica_that_does_not_catch_up_ends_it_in_its_time_and_nothing_is_stopped(place):
    ready = Steps(place, catch_up_minutes=1)
    with moving.Writer(place) as writer:
        ready.up_to("replica")
        place.must("db2", "mariadb -e 'stop slave sql_thread'")
        place.must("db1", "for n in $(seq 300); do echo 'insert into ticks (place) values (-2);'; done | mariadb stock")
        ready.refuses("caught-up", "carry out", "and does not catch up")
        assert writer.goes_on("db1") and place.must("db1", "systemctl is-active mariadb stock").split() == ["active", "active"]
        ready.home(writer)


@pytest.mark.long
def test_the_old_host_dies_while_it_is_copied(place, ready):
    """Nothing was stopped yet. It comes up as it was, and what was begun is taken away on both."""
    with moving.Writer(place) as before:
        assert before.goes_on("db1")
        ready.up_to("replication")
        # so that copying lasts
        place.must("db1", "mariadb stock -e 'set sql_log_bin = 0; create table ballast (b mediumblob); "
                          "insert into ballast select repeat(random_bytes(1000), 1000) from seq_1_to_400'", limit_s=300)
    with ThreadPoolExecutor(1) as beside:
        copying = beside.submit(ready.attempt, "replica", "carry out")
        place.until("db2", "[ $(du -sm /var/lib/mysql 2>/dev/null | cut -f1) -ge 60 ] && pgrep -x mbstream")
        place.cut("db1")
        assert copying.result().result == "failed"
    ready.undo("replica")
    power_cycle(place, "db1")
    place.must("db1", "mariadb stock -e 'set sql_log_bin = 0; drop table ballast'")
    with moving.Writer(place, name="x") as later:
        ready.home(before, later)


@pytest.mark.long
def test_rows_that_differ_are_found_and_told(hosts, ready):
    ready.up_to("caught-up")
    hosts.must("db2", "mariadb stock -e 'set sql_log_bin = 0; update movement set amount = amount + 1 where id = 7'")
    ready.up_to("digests")
    ready.refuses("compare", "carry out", "the databases are not equal")
    assert "stock.movement" in ready.outputs["compare"]
