"""What breaks in the middle of a migration, on real hosts: who may serve then, that both end as before, and that no acknowledged order is lost, ever."""

from __future__ import annotations

import itertools
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from deployments.lab import Lab
from reports.records import Plan, StepOutcome
from tasks import desk as the_desk
from tasks import lifecycle, peers, running
from tasks.errors import HostUnreachable
from tasks.procedures import system_migration
from tests.live import moving
from tests.live.drive import Desk, when
from tests.live.moving import power_cycle

pytestmark = pytest.mark.long
NONE_LOST = (set(), set(), 0)
LAST = "door-closed"
SQL = "su postgres -c \"psql -At -d postgres -c \\\"{}\\\"\""


class Moving:
    """One migration, step by step, as carrying out does it; a client writes all the time."""

    def __init__(self, lab: Lab, **changes) -> None:
        self.lab = lab
        self.before = {name: moving.facts(lab, name) for name in ("web1", "web2")}
        self.open(moving.request(**changes))

    def open(self, asked: dict) -> None:
        request = system_migration.complete(system_migration.Request(**asked))
        self.number = lifecycle.open_change("system-migration", request.model_dump(mode="json"))
        self.plan: Plan = lifecycle.make_plan(self.number, 1, print)
        lifecycle.require_no_blockers(self.plan)
        hosts = [the_desk.host(name) for name in self.plan.targets]
        for host in hosts:
            running.deliver(host, self.plan, {})
        peers.introduce(hosts, self.number)
        self.tries: dict[tuple[str, str], int] = {}
        self.undone: set[str] = set()

    def attempt(self, key: str, action: running.Action) -> StepOutcome:
        step = next(step for step in self.plan.steps if step.key == key)
        count = self.tries[key, action] = self.tries.get((key, action), 0) + 1
        return running.attempt(the_desk.host(step.target), self.number, step, action, count, print, patience_s=30)

    def carry_out(self, *keys: str) -> None:
        for key in keys:
            outcome = self.attempt(key, "carry out")
            assert outcome.result in ("done", "nothing to do"), (key, outcome.problem.en, outcome.output[-800:])

    def refuses(self, key: str, action: running.Action, words: str) -> None:
        outcome = self.attempt(key, action)
        assert outcome.result == "failed" and words in outcome.output, (key, outcome.result, outcome.output[-800:])

    def up_to(self, last: str) -> None:
        """All steps that have not been attempted, to this one."""
        keys = [step.key for step in self.plan.steps]
        self.carry_out(*(key for key in keys[:keys.index(last) + 1] if (key, "carry out") not in self.tries))

    def undo(self, *keys: str) -> None:
        for key in keys:
            outcome = self.attempt(key, "undo")
            assert outcome.result == "done", (key, outcome.problem.en, outcome.output[-800:])
            self.undone.add(key)

    def home(self, writer: moving.Writer, lost=moving.lost) -> None:
        """What was begun and is not undone is undone, last first. Then both hosts are as before, and orders go on with nothing lost."""
        begun = [step.key for step in self.plan.steps if step.undo and (step.key, "carry out") in self.tries]
        self.undo(*(key for key in reversed(begun) if key not in self.undone))
        assert goes_on(writer), "orders are taken again"
        assert lost(self.lab, "web1", writer) == NONE_LOST
        for name, before in self.before.items():
            assert moving.facts(self.lab, name) == before
        as_new.append(True)

    def file(self, key: str, what: str) -> str:
        """Where an attempt's file lies on the host."""
        number = next(step.number for step in self.plan.steps if step.key == key)
        return f"/var/lib/standfast/changes/{self.number}/steps/{number:02d}-{key}/carry-out-1/{what}"


@pytest.fixture(scope="module")
def office(lab, tmp_path_factory):
    """One archive for all: its numbers are the names of folders on the hosts."""
    as_new.clear()
    lab.up(["web1", "web2", "node1"])
    yield tmp_path_factory.mktemp("moving")
    as_new.clear()
    for name in ("web1", "web2"):
        lab.reset(name)


@pytest.fixture
def hosts(lab, office, monkeypatch) -> Lab:
    """A pair made ready; made afresh unless the test before proved that it left both as they were."""
    if not as_new:
        for name in ("web1", "web2"):
            lab.reset(name)
        moving.make_ready(lab)
        for name in ("web1", "web2"):  # a whole move, in test_migration.py, installs it itself
            lab.must(name, "apt-get -qq -y install rsync >/dev/null 2>&1", limit_s=600)
    as_new.clear()
    Desk.open(lab, office, {}, web2=moving.NEW_HOST)
    monkeypatch.setenv("STANDFAST_INVENTORY", str(office / "inventory.yaml"))
    the_desk.forget_what_is_kept()
    yield lab
    the_desk.forget_what_is_kept()


@pytest.fixture
def ready(hosts) -> Moving:
    return Moving(hosts)


as_new: list[bool] = []
writers = itertools.count(1)


def writing(lab: Lab) -> moving.Writer:
    return moving.Writer(lab.host("web1").services["http"], name=f"w{next(writers)}")


def goes_on(writer: moving.Writer) -> bool:
    """Whether further orders are acknowledged."""
    count, end = len(writer.taken), time.monotonic() + 180
    while len(writer.taken) < count + 3 and time.monotonic() < end:
        time.sleep(0.2)
    return len(writer.taken) >= count + 3


# --- a host dies ------------------------------------------------------------------------------------------------------------

def test_the_old_host_comes_back_alone_if_the_new_one_dies_before_it_got_the_turn(lab, ready):
    with writing(lab) as writer:
        ready.up_to("fence")
        lab.cut("web2")
        ready.undo("fence")
        assert goes_on(writer)
        power_cycle(lab, "web2")
        ready.home(writer)


@pytest.mark.parametrize("way", ["on", "back"])
def test_the_new_host_dies_right_after_it_got_the_turn(lab, ready, way):
    """It has the right to serve, and it is gone: the old one may not guess. When it is back, the cutover is finished, or everything comes home."""
    with writing(lab) as writer:
        ready.up_to("fence")
        when(lab, "web2", f"/var/lib/standfast/changes/{ready.number}/saved/promoted",
             "ip link set eth0 down; systemctl kill -s KILL --kill-who=all 'standfast-chg-*'; pkill -KILL postgres")
        with pytest.raises(HostUnreachable):
            ready.attempt("open", "carry out")
        ready.refuses("fence", "undo", "it may hold what was written since")
        assert lab.must("web1", "systemctl is-active postgresql@15-main || :").strip() in ("inactive", "failed")
        for key in ("make-ready", "replication", "door-open"):  # what its way back needs is kept, whatever is asked for
            ready.refuses(key, "undo", "this host is fenced and has not come back")
        power_cycle(lab, "web2")
        if way == "on":
            ready.carry_out("open")
            assert goes_on(writer)
        for key in ("replica", "files", "tunnel", "accounts"):  # nothing of the one that may serve is taken away
            ready.refuses(key, "undo", "this host serves")
        ready.home(writer)


def test_the_old_host_stays_fenced_while_the_new_one_may_hold_orders(lab, ready):
    """The new host got the turn and took orders, then it is gone: nobody may guess. When it is back, everything comes home."""
    with writing(lab) as writer:
        ready.up_to("open")
        assert goes_on(writer)
        lab.cut("web2")
        ready.refuses("fence", "undo", "it may hold what was written since")
        assert lab.must("web1", "systemctl is-active postgresql@15-main || :").strip() in ("inactive", "failed")
        power_cycle(lab, "web2")
        ready.undo("open", "fence")
        assert goes_on(writer)
        assert moving.lost(lab, "web1", writer) == NONE_LOST, "also what only the new host had"
        ready.home(writer)


def test_the_old_host_dies_while_it_is_copied(lab, ready):
    """Nothing was stopped yet. It comes up as it was, and what was begun is taken away on both."""
    with writing(lab) as writer:
        ready.up_to("replication")
        lab.must("web1", "head -c 400M /dev/urandom >/var/lib/postgresql/15/main/ballast")  # so that copying lasts
        with ThreadPoolExecutor(1) as beside:
            copying = beside.submit(ready.attempt, "replica", "carry out")
            lab.until("web2", "[ $(du -sm /var/lib/postgresql/15/main 2>/dev/null | cut -f1) -ge 60 ] && pgrep -x pg_basebackup")
            lab.cut("web1")
            assert copying.result().result == "failed"
        ready.undo("replica")
        power_cycle(lab, "web1")
        lab.must("web1", "rm /var/lib/postgresql/15/main/ballast")
        assert goes_on(writer)
        ready.home(writer)


def test_the_old_host_dies_after_the_turn(lab, ready):
    """The new one serves and is not stopped for it; the old one does not start to serve when it comes up. Then it goes on, and home."""
    with writing(lab) as writer:
        ready.up_to("open")
        lab.cut("web1")
        ready.refuses("open", "undo", "the old host does not answer, so it cannot take the service back; nothing was stopped")
        assert lab.must("web2", "curl -fsS http://127.0.0.1/health"), "the new host serves"
        power_cycle(lab, "web1")
        assert lab.must("web1", "systemctl is-active postgresql@15-main orders || :").split() == ["inactive", "inactive"]
        ready.up_to(LAST)
        assert goes_on(writer) and moving.lost(lab, "web2", writer) == NONE_LOST
        ready.home(writer)


# --- the replica --------------------------------------------------------------------------------------------------------------

def test_a_replica_that_is_gone_stops_it_before_anybody_notices(lab, ready):
    with writing(lab) as writer:
        ready.up_to("make-ready")
        lab.must("web2", "systemctl stop postgresql@15-main")
        lab.until("web1", f"""[ "$({SQL.format('select count(*) from pg_stat_replication')})" = 0 ]""")
        ready.refuses("fence", "carry out", "no replica is connected; nothing was stopped")
        assert goes_on(writer) and not writer.refused
        ready.home(writer)


def test_a_replica_that_does_not_catch_up_ends_it_in_its_time_and_nothing_is_stopped(lab, hosts):
    ready = Moving(hosts, catch_up_minutes=1)
    with writing(lab) as writer:
        ready.up_to("replica")
        lab.must("web2", SQL.format("select pg_wal_replay_pause()"))
        lab.must("web1", SQL.format("select pg_logical_emit_message(false, 'load', repeat('x', 4000000)); select pg_switch_wal()"))
        ready.refuses("caught-up", "carry out", "and does not catch up")
        ready.refuses("fence", "carry out", "the replica has fallen behind again; nothing was stopped")
        assert goes_on(writer) and not writer.refused
        ready.home(writer)


def test_no_way_back_is_said_before_anything_is_stopped(lab, ready):
    with writing(lab) as writer:
        ready.up_to("open")
        lab.must("web2", SQL.format("select pg_drop_replication_slot(slot_name) from pg_replication_slots"))
        ready.refuses("open", "undo", "no way back keeps what was written since")
        assert goes_on(writer), "the new host goes on serving"
    assert moving.lost(lab, "web2", writer) == NONE_LOST


# --- a step is killed ---------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("key, at, before", [("replica", "web2", "replication"), ("fence", "web1", "make-ready"), ("open", "web2", "fence")],
                         ids=["replica", "fence", "open"])
def test_a_step_that_is_killed_half_way_is_finished_by_the_next_attempt(lab, ready, key, at, before):
    with writing(lab) as writer:
        ready.up_to(before)
        number = next(step.number for step in ready.plan.steps if step.key == key)
        when(lab, at, ready.file(key, "started"),
             f"sleep 0.2; systemctl kill -s KILL --kill-who=all standfast-{ready.number.lower()}-{number:02d}-carry-out-1.service")
        first = ready.attempt(key, "carry out")
        if first.result == "interrupted":
            ready.carry_out(key)
        else:
            assert first.result == "done", first.output[-800:]
        ready.home(writer)


# --- a front door elsewhere ---------------------------------------------------------------------------------------------------

def test_a_front_door_on_a_third_host_turns_and_turns_back(lab, hosts):
    file = "/etc/nginx/conf.d/door.conf"
    now = f"http://{moving.address_of(lab, 'web1')}:80"
    lab.must("node1", f"echo 'server {{ listen 81; location / {{ proxy_pass {now}; }} }}' >{file}; systemctl reload nginx")
    door = lab.must("node1", f"cat {file}")
    ready = Moving(hosts, front_door={"file": file, "now": now, "then": "http://@new@:80", "host": "node1"})
    with moving.Writer(81, host=moving.address_of(lab, "node1")) as writer:
        ready.up_to(LAST)
        assert goes_on(writer) and moving.lost(lab, "web2", writer) == NONE_LOST
        assert moving.address_of(lab, "web2") in lab.must("node1", f"cat {file}")
        ready.home(writer)
    assert lab.must("node1", f"cat {file}") == door


# --- an address of the service, the record of its name -------------------------------------------------------------------------

def test_the_services_own_address_moves_with_it_and_comes_home(lab, hosts):
    """Neighbours that know it by the old host's hardware address find the new one at once; the file that sets it moves, too."""
    address = moving.address_of(lab, "web1").rpartition(".")[0] + ".230"
    file = "/etc/network/interfaces.d/orders"
    lab.must("web1", f"""set -e; mkdir -p {file.rpartition("/")[0]}; ip address add {address}/16 broadcast + dev eth0 label eth0:1
printf 'auto eth0:1\\niface eth0:1 inet static\\n  address {address}/16\\n' >{file}; chmod 640 {file}""")
    shown = f"ip -o -4 address show to {address}/32 | sed 's/^[0-9]*: //'; cat {file}; stat -c '%a %U %Y' {file}"
    lab.must("web2", f"mkdir -p {file.rpartition('/')[0]}")
    was = lab.must("web1", shown)
    hardware = {name: lab.must(name, "cat /sys/class/net/eth0/address").strip() for name in ("web1", "web2")}

    def neighbour() -> str:
        return lab.must("node1", f"ip neigh show {address} | sed 's/.*lladdr \\([^ ]*\\).*/\\1/'").strip()

    ready = Moving(hosts, front_door=None, service_address={"address": address, "file": file, "interface": "eth0"})
    with moving.Writer(80, host=address) as writer:
        ready.up_to("make-ready")
        lab.must("node1", f"curl -fsS -o /dev/null http://{address}/health")
        assert neighbour() == hardware["web1"]
        ready.up_to("address")
        assert neighbour() == hardware["web2"], "told, not asked"
        ready.up_to(LAST)
        assert goes_on(writer) and moving.lost(lab, "web2", writer) == NONE_LOST
        assert not lab.must("web1", f"ip -o -4 address show to {address}/32; ls {file} 2>/dev/null || :")
        assert lab.must("web2", f"cat {file}; stat -c %a {file}") == f"auto eth0:1\niface eth0:1 inet static\n  address {address}/16\n640\n"
        ready.home(writer)
    assert lab.must("web1", shown) == was and neighbour() == hardware["web1"]
    assert not lab.must("web2", f"ip -o -4 address show to {address}/32; ls {file} 2>/dev/null || :")


ZONE = """set -e
DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends install bind9 bind9-dnsutils >/dev/null
cat >/var/lib/bind/bureau.example <<'END'
$TTL 60
@ SOA ns1 root 1 3600 600 86400 60
@ NS ns1
ns1 A 192.0.2.53
orders 45 A %s
orders 45 A 192.0.2.99
END
chown bind: /var/lib/bind/bureau.example
echo 'zone "bureau.example" { type primary; file "/var/lib/bind/bureau.example"; update-policy local; };' >/etc/bind/named.conf.local
systemctl restart named"""


def test_the_record_of_the_name_is_turned_on_the_name_server_and_turned_back_unless_somebody_has_changed_it(lab, hosts):
    old, new = (moving.address_of(lab, name) for name in ("web1", "web2"))
    lab.must("node1", ZONE % old, limit_s=600)
    asked = "dig +noall +answer @127.0.0.1 orders.bureau.example A | sort"
    was = lab.must("node1", asked)
    record = {"host": "node1", "name": "orders.bureau.example", "now": old, "then": new}
    with pytest.raises(Exception, match=r"^On node1 the A record of orders\.bureau\.example is not 192\.0\.2\.1 \(it is: "):
        Moving(hosts, dns_record={**record, "now": "192.0.2.1"})
    ready = Moving(hosts, dns_record=record)
    with writing(lab) as writer:
        ready.up_to(LAST)
        assert goes_on(writer) and moving.lost(lab, "web2", writer) == NONE_LOST
        assert lab.must("node1", asked) == "".join(sorted(line.replace(old, new) + "\n" for line in was.splitlines())), "one address of two, its TTL kept"
        ready.carry_out("dns-record")  # once more, as after a cut
        add, remove = (f"printf 'update {what} orders.bureau.example 45 A 192.0.2.98\\nsend\\n' | nsupdate -l" for what in ("add", "delete"))
        lab.must("node1", add)
        step = next(step for step in ready.plan.steps if step.key == "dns-record")
        held = lab.exec("node1", f"CHANGE_DIR=/var/lib/standfast/changes/{ready.number}; set -eu\n{step.undo_holds}")
        assert held[0] != 0 and "was changed since" in held[1]
        lab.must("node1", remove)
        ready.home(writer)
    assert lab.must("node1", asked) == was


# --- without a database -------------------------------------------------------------------------------------------------------

NOTES = """set -e
mkdir -p /srv/notes /srv/notes-files
cat >/srv/notes/notes.py <<'END'
import http.server, os
class Notes(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers()
    def do_POST(self):
        with open("/srv/notes-files/taken", "a") as file:
            file.write(self.rfile.read(int(self.headers["Content-Length"])).decode() + chr(10)); file.flush(); os.fsync(file.fileno())
        self.do_GET()
http.server.ThreadingHTTPServer(("", 8100), Notes).serve_forever()
END
printf '[Service]\\nExecStart=/usr/bin/python3 /srv/notes/notes.py\\n[Install]\\nWantedBy=multi-user.target\\n' >/etc/systemd/system/notes.service
systemctl enable -q --now notes
echo 'server { listen 85; location / { proxy_pass http://127.0.0.1:8100; } }' >/etc/nginx/conf.d/notes.conf; systemctl reload nginx"""


def notes_lost(lab: Lab, host: str, writer: moving.Writer) -> tuple[set[str], set[str], int]:
    acknowledged = {token for _, token in writer.taken}
    notes = lab.must(host, "cat /srv/notes-files/taken").split()
    return set(), acknowledged - set(notes), len(notes) - len(set(notes))


def test_a_service_without_a_database_moves_and_comes_home(lab, hosts):
    lab.must("web1", NOTES)
    ready = Moving(hosts, services=["notes.service"], ahead=[], cluster="", accounts=[], configuration=["/srv/notes"], data=["/srv/notes-files"],
                   front_door={"file": "/etc/nginx/conf.d/notes.conf", "now": "http://127.0.0.1:8100", "then": "http://@new@:8100"},
                   health="http://127.0.0.1:8100/")
    with moving.Writer(85, host=moving.address_of(lab, "web1")) as writer:
        ready.up_to("fence")
        for key in ("make-ready", "door-open"):
            ready.refuses(key, "undo", "this host is fenced and has not come back")
        ready.up_to(LAST)
        assert goes_on(writer) and notes_lost(lab, "web2", writer) == NONE_LOST
        assert lab.must("web1", "systemctl is-active notes || :").strip() == "inactive"
        ready.home(writer, notes_lost)


# --- room, files, clocks ------------------------------------------------------------------------------------------------------

def test_a_new_host_that_is_too_small_is_refused_and_one_that_fills_up_is_left_as_it_was(lab, hosts):
    postgres = "systemctl {} postgresql@15-main"
    lab.must("web2", postgres.format("stop"))
    lab.small_disk("web2", "/var/lib/postgresql", 150)
    lab.must("web2", postgres.format("start"))
    with pytest.raises(Exception, match=r"^web2 has \d+ MiB free on /var/lib/postgresql, and needs \d+ MiB\.$"):
        Moving(hosts)
    lab.must("web2", "mount -o remount,size=500m /var/lib/postgresql")
    ready = Moving(hosts)
    with writing(lab) as writer:
        ready.up_to("replication")
        lab.fill_disk("web2", "/var/lib/postgresql", 8192)
        outcome = ready.attempt("replica", "carry out")
        assert outcome.result == "failed" and "No space left" in outcome.output
        lab.free_disk("web2", "/var/lib/postgresql")
        assert goes_on(writer) and not writer.refused
        ready.home(writer)
    as_new.clear()  # the disk is still a small one


def test_files_that_change_while_they_are_copied_arrive_as_they_were_left_whatever_the_clocks_say(lab, ready):
    """Rewritten, grown, shrunk and removed without a pause until the fence; what differs afterwards is found, also if its time lies ahead of us."""
    lab.must("web1", f"""cat >/root/busy <<'END'
n=0; while [ ! -e /root/enough ]; do n=$((n + 1))
  head -c $((n % 7 * 3000000)) /dev/urandom >{moving.FILES}/rewritten
  echo $n >{moving.FILES}/short.$((n % 50)); rm -f {moving.FILES}/short.$(((n + 25) % 50))
  touch -d '+1 hour' {moving.FILES}/rewritten
done
END
systemd-run --quiet --collect --unit=busy sh /root/busy""")
    with writing(lab) as writer:
        ready.up_to("make-ready")
        lab.must("web1", "touch /root/enough; while systemctl is-active -q busy; do sleep 0.1; done")
        ready.up_to("compare")
        assert goes_on(writer) and moving.lost(lab, "web2", writer) == NONE_LOST
        lab.must("web1", f"cp -p {moving.FILES}/rewritten /root/kept; echo other >>{moving.FILES}/rewritten; touch -d '+1 hour' {moving.FILES}/rewritten")
        ready.refuses("compare", "carry out", "files differ from those of the other host")
        lab.must("web1", f"cp -p /root/kept {moving.FILES}/rewritten; chmod 700 {moving.FILES}")
        ready.refuses("compare", "carry out", "files differ from those of the other host")
        lab.must("web1", f"chmod 755 {moving.FILES}")
        ready.carry_out("compare")
        ready.home(writer)


@pytest.mark.parametrize("ahead", ["+1h", "-1h"])
def test_hosts_whose_clocks_differ_are_told_and_nothing_depends_on_it(lab, hosts, ahead):
    """Services and steps that start on the old host from here on read another time, and so does `date`. sshd itself does not bear the library."""
    lab.must("web1", f"""DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends install libfaketime >/dev/null
lib=$(ls /usr/lib/*/faketime/libfaketime.so.1)
printf '#!/bin/sh\\nLD_PRELOAD=%s FAKETIME=%s exec /usr/bin/date "$@"\\n' "$lib" {ahead} >/usr/local/bin/date; chmod 755 /usr/local/bin/date
systemctl set-environment LD_PRELOAD="$lib" FAKETIME={ahead}; systemctl restart orders""", limit_s=600)
    ready = Moving(hosts)
    assert any("clocks differ by 3" in reason.en for reason in ready.plan.risk.reasons)
    with writing(lab) as writer:
        ready.up_to(LAST)
        assert goes_on(writer) and moving.lost(lab, "web2", writer) == NONE_LOST
        ready.home(writer)
    as_new.clear()  # its clock still lies
