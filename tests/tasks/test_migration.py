"""The plan of a migration: what stands in the way, the order of its steps across the hosts, and every script as shell text (R010, R011, R013)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import re
import shutil
import subprocess
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from blocks.host_access import HostAccess
from deployments.lab import engine
from reports.documents import render_plan_page
from reports.records import Acceptance, ChangeRecord, Plan, Port, Rehearsal, StepOutcome, Survey, Text
from tasks import peers
from tasks.errors import ProcedureError
from tasks.operations import moved_base
from tasks.operations.moved_postgresql import peer_must
from tasks.operations.owned import OWNED
from tasks.operations.peer_access import IS_POSITION
from tasks.planning.migration import paths_of, plan_migration, what_moves
from tasks.planning.migration_facts import ClusterFacts, Facts, facts_script, parse_facts
from tasks.requests import MigrationRequest

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
PATHS = ["/etc/orders", "/srv/orders", "/srv/files", "/etc/postgresql/15/main", "/etc/systemd/system/orders.service"]
ORDERS = moved_base.Account("orders", 998, 997, "orders", "/srv/orders", "/bin/false")
OLD = Facts(packages={"postgresql-15": "15.18-1", "nginx": "1.22"}, accounts={"orders": ORDERS},
            paths=dict.fromkeys(PATHS, 1024), units={"orders.service": ("loaded", "enabled", "active")}, glibc="2.36", installs=(("rsync", "3.2.7-1", ""),),
            cluster=ClusterFacts(5432, "/var/lib/postgresql/15/main", 100_000, 0, 0, "replica", 10, True, ("orders",)))
ROOM = dict.fromkeys([*PATHS, "/var/lib/postgresql/15/main"], ("/", 10_000_000))
NEW = Facts(room=ROOM, glibc="2.36", rsync=True, installs=(("postgresql-15", "15.18-1", ""),))
PARTS = ("command", "proof", "undo", "undo_proof", "undo_holds")


def request(**changes) -> MigrationRequest:
    return MigrationRequest(**{
        "customer": "bureau", "source": "web1", "destination": "web2", "hosts": ["web1", "web2"], "services": ["orders.service"], "cluster": "15/main",
        "accounts": ["orders"], "configuration": ["/etc/orders", "/srv/orders"], "data": ["/srv/files"], "health": "http://127.0.0.1:8000/health",
        "front_door": {"file": "/etc/nginx/sites-available/orders", "now": "http://127.0.0.1:8000", "then": "http://@new@:80"},
        "requester": "张工", "reason": "换机", **changes})


def survey(name: str, **changes) -> Survey:
    return Survey(**{"target": name, "when": "before 1", "taken_at": NOW, "os_id": "debian", "os_version": "12", "os_name": "Debian 12", "kernel": "6.1",
                     "architecture": "x86_64", "package_manager": "apt", **changes})


def made(asked: MigrationRequest | None = None, old: Facts = OLD, new: Facts = NEW, zone: Facts | None = None, **surveys) -> Plan:
    asked = asked or request()
    both = {name: survey(name, **surveys.get(name, {})) for name in asked.hosts}
    check = Acceptance(target="web1", title=Text(zh="应答", en="Answers"), command="true")
    return plan_migration("CHG-20261123-001", asked, both, old, new, ("ops", "ops"), ((check,), ()), NOW, zone=zone)


def keys(plan: Plan) -> list[tuple[str, str]]:
    return [(step.target, step.key) for step in plan.steps]


def test_nothing_interrupts_before_the_replica_has_caught_up_and_comparison_follows_the_switch():
    plan = made()
    assert plan.in_order and not plan.blockers and plan.batches == (("web1", "web2"),)
    order = [key for _, key in keys(plan)]
    assert [step.key for step in plan.steps if step.interrupts] == ["fence", "open"] == order[order.index("make-ready") + 1:order.index("digests")]
    assert order[-1] == "door-closed" and order.index("compare") < order.index("tunnel-closed")
    assert keys(plan)[:3] == [("web1", "packages-old"), ("web2", "packages-new"), ("web2", "accounts")]
    assert [step.key for step in plan.steps if step.changes and not step.undo] == [], "whatever changes something can be taken back"


def test_a_front_door_on_a_third_host_has_a_step_of_its_own_and_on_the_old_host_it_turns_while_that_stops():
    here, door = made(), {**request().front_door.model_dump(), "host": "web3"}
    there = made(request(front_door=door, hosts=["web1", "web2", "web3"]))
    assert ("web3", "front-door") in keys(there) and "front-door" not in dict(map(reversed, keys(here)))
    fences = [next(step for step in plan.steps if step.key == "fence") for plan in (here, there)]
    assert [("nginx" in fence.command, "nginx" in fence.undo, bool(fence.undo_holds)) for fence in fences] == [(True, True, True), (False, False, False)]
    left_out = f"--exclude={door['file']}"  # the new host would lead its own users to itself
    assert [[key for key in ("files", "open", "compare") if left_out in next(step for step in plan.steps if step.key == key).command]
            for plan in (here, there)] == [["open", "compare"], []]


def test_a_service_without_a_database_has_the_same_cutover_and_no_step_of_one():
    plan = made(request(cluster=""), replace(OLD, cluster=None))
    assert not plan.blockers and "WAL" not in plan.back_out.en
    order = [key for _, key in keys(plan)]
    assert order[order.index("files"):order.index("settle")] == ["files", "make-ready", "fence", "open", "compare"]
    assert not re.search(r"psql|pg_ctl|runuser", "".join(getattr(step, part) for step in plan.steps for part in PARTS))


@pytest.mark.parametrize("asked", [{}, {"cluster": ""}], ids=["database", "files"])
def test_every_step_says_what_will_be_true_after_it(asked):
    steps = made(request(**asked)).steps
    for language in ("zh", "en"):
        said = [step.expected.say(language) for step in steps if not step.key.startswith("packages-")]
        assert len(set(said)) == len(said) and all(len(one) > (12 if language == "zh" else 40) for one in said)
    assert ("数据库" in "".join(step.expected.zh for step in steps)) == ("cluster" not in asked)


@pytest.mark.parametrize("asked", [{}, {"cluster": ""}], ids=["database", "files"])
def test_every_script_is_whole_shell_and_no_gap_is_left(asked):
    for step in made(request(**asked)).steps:
        for part in PARTS:
            text = getattr(step, part)
            read = subprocess.run(["sh", "-n"], input=text, capture_output=True, text=True)
            assert read.returncode == 0, (step.key, part, read.stderr)
            assert not re.findall(r"@[a-z_]+@", text), (step.key, part)


def test_the_new_host_is_never_undone_while_it_may_be_the_one_that_serves():
    for step in made().steps:
        if step.target == "web2" and step.undo and step.key not in ("tunnel-closed", "open", "settle"):
            before, guard, rest = step.undo.partition("this host serves, and the old one has not taken the service back")
            assert guard and rest and not re.search(r"rm -rf|userdel|groupdel|purge|systemctl|mv |dropcluster", before), step.key


def test_the_old_host_keeps_what_the_way_back_needs_until_it_has_come_back():
    plan = made()
    fenced = next(step.number for step in plan.steps if step.key == "fence")
    for step in plan.steps:
        if step.target == "web1" and step.undo and step.number < fenced:
            before, guard, _ = step.undo.partition("this host is fenced and has not come back")
            assert guard and not re.search(r"rm -rf|purge|systemctl|drop", before), step.key


def test_a_new_host_that_is_gone_in_the_cutover_is_not_waited_for():
    assert {step.key for step in made().steps if step.patience_s} == {"open"}


def test_no_decision_compares_the_clocks_of_two_hosts():
    """Positions in the WAL and files that are there decide. A clock is read for the key's end, which the same host's sshd reads, and for a name."""
    clocks = r"\bdate\b|now\(\)|current_timestamp|clock_timestamp|-newer|-mmin|-mtime|\btouch -[dr]|--update\b|\brsync [^|]* -[a-zA-Z]*u"
    for step in made().steps:
        for part in PARTS:
            lines = [line for line in getattr(step, part).splitlines() if re.search(clocks, line)]
            assert all(re.search(r"expiry-time=|\.served-\$\(date", line) for line in lines), (step.key, part, lines)
    compare = next(step for step in made().steps if step.key == "compare").command
    assert "-cnewer" in compare, "the time of a file's change came with it from the other host; that of its arrival is this host's own"


def test_the_key_is_for_two_ports_one_command_one_address_and_some_hours():
    opened = next(step for step in made().steps if step.key == "door-open").command
    line = next(line for line in opened.splitlines() if line.startswith('line="restrict'))
    assert "permitopen" in line and "5432" in line and 'from=' in opened and "expiry-time=" in opened and 'command=' in opened


def test_ports_that_are_taken_on_either_host_are_left_alone():
    taken = {"web2": {"ports": (Port(protocol="tcp", address="127.0.0.1", port=320),)}}
    tunnel = next(step for step in made(**taken).steps if step.key == "tunnel").command
    assert "127.0.0.1:320:" not in tunnel and "127.0.0.1:321:" in tunnel


BAD = {
    "room": ({}, {}, {"room": dict.fromkeys(ROOM, ("/", 100_000))}, "web2 has 97 MiB free on /, and needs 3"),
    "room for files": ({}, {"paths": dict.fromkeys(PATHS, 50_000)}, {"room": {**ROOM, "/srv/files": ("/srv", 40_000)}}, "39 MiB free on /srv, and needs 48"),
    "not running": ({}, {"units": {"orders.service": ("loaded", "enabled", "inactive")}}, {}, "orders.service does not run on web1"),
    "its own nature": ({"configuration": ["/etc/ssh/sshd_config"]}, {}, {}, "belongs to the host itself"),
    "no such path": ({"data": ["/srv/none"]}, {}, {}, "/srv/none is not there on web1"),
    "no such service": ({"services": ["none.service"]}, {}, {}, "web1 has no service none.service"),
    "no such account": ({"accounts": ["none"]}, {}, {}, "web1 has no account none"),
    "number taken": ({}, {}, {"people": {"somebody": "998"}}, "is somebody else's"),
    "other number": ({}, {}, {"people": {"orders": "1234"}}, "is somebody else's"),
    "no forwarding": ({}, {"forwards": False}, {}, "forwards no ports"),
    "apt refuses": ({}, {}, {"refusal": "it would remove nginx"}, "it would remove nginx"),
    "would replace": ({}, {}, {"installs": (("libpq5", "2", "1"),)}, "would replace libpq5"),
    "no cluster": ({}, {"cluster": None}, {}, "No PostgreSQL 15/main runs on web1"),
    "database there": ({}, {}, {"cluster": replace(OLD.cluster, bases=("shop",))}, "holds databases already: shop"),
    "unlogged": ({}, {"cluster": replace(OLD.cluster, unlogged=2)}, {}, "2 unlogged tables"),
    "table spaces": ({}, {"cluster": replace(OLD.cluster, spaces=1)}, {}, "table spaces of its own"),
    "no tls": ({}, {"cluster": replace(OLD.cluster, tls=False)}, {}, "does not offer TLS"),
    "names of two lines": ({}, {"cluster": replace(OLD.cluster, odd_names=1)}, {}, "The names of 1 databases on web1 have signs that cannot be printed"),
    "no replication": ({}, {"cluster": replace(OLD.cluster, lets_replicate=False)}, {}, "allows no replication"),
}


@pytest.mark.parametrize("asked, old, new, says", BAD.values(), ids=BAD)
def test_what_stands_in_the_way_is_one_sentence_before_anything_is_touched(asked, old, new, says):
    plan = made(request(**asked), replace(OLD, **old), replace(NEW, **new))
    assert says in " ".join(blocker.en for blocker in plan.blockers) and not plan.steps
    assert all(blocker.zh for blocker in plan.blockers)


def test_clocks_that_differ_are_said_and_do_not_stop_it():
    assert made().risk.level == "medium"
    plan = made(web2={"clock_offset_s": 42.0})
    assert plan.risk.level == "high" and any("differ by 42 s" in reason.en for reason in plan.risk.reasons) and plan.steps


ADDRESS = {"address": "192.0.2.80", "file": "/etc/network/interfaces.d/orders", "interface": "ens3"}
SETTING = "auto eth0:1\niface eth0:1 inet static\n  address 192.0.2.80/24\n"
HAS_ADDRESS = replace(OLD, addresses=(("eth0", "192.0.2.10/24"), ("eth0", "192.0.2.80/24")), setting=("644", SETTING))
FREE = replace(NEW, addresses=(("ens3", "192.0.2.20/24"),), interfaces=("lo", "ens3"), setting_folder=True)


def test_the_services_address_leaves_with_the_fence_and_arrives_once_the_new_host_is_open():
    plan = made(request(front_door=None, service_address=ADDRESS), HAS_ADDRESS, FREE)
    order = [key for _, key in keys(plan)]
    assert order.index("address") == order.index("open") + 1 and not plan.blockers
    fence, arrives = (next(step for step in plan.steps if step.key == key) for key in ("fence", "address"))
    assert "192.0.2.80" in fence.command and "192.0.2.80" in fence.undo and ADDRESS["file"] in fence.touches
    assert SETTING.replace("eth0", "ens3") in arrives.command and "192.0.2.80/24" in arrives.command
    assert "People switch" not in plan.impact.en


@pytest.mark.parametrize("old, new, words", [
    (OLD, FREE, "web1 does not have the address 192.0.2.80."),
    (replace(HAS_ADDRESS, setting=("", "")), FREE, "does not set 192.0.2.80; name the file that does."),
    (replace(HAS_ADDRESS, setting=("644", SETTING + "  address 192.0.2.10/24\n")), FREE, "also sets 192.0.2.10; give 192.0.2.80 a file of its own first."),
    (HAS_ADDRESS, replace(FREE, addresses=(("ens3", "192.0.2.80/24"),)), "web2 has the address 192.0.2.80 already."),
    (HAS_ADDRESS, replace(FREE, setting=("644", SETTING)), "is there on web2 already."),
    (HAS_ADDRESS, replace(FREE, setting_folder=False), "web2 has no folder /etc/network/interfaces.d: it sets its addresses by other means than web1."),
    (HAS_ADDRESS, NEW, "web2 has no interface ens3.")],
    ids=["not there", "no file", "file of more", "on both", "file on both", "no folder", "no interface"])
def test_an_address_that_cannot_move_is_told_before_anything_is_touched(old, new, words):
    plan = made(request(service_address=ADDRESS), old, new)
    assert not plan.steps and any(words in blocker.en for blocker in plan.blockers), plan.blockers


RECORD = {"host": "ns1", "name": "orders.bureau.example", "now": "192.0.2.10", "then": "192.0.2.20"}


def test_the_record_of_the_name_turns_last_on_its_name_server():
    plan = made(request(front_door=None, dns_record=RECORD, hosts=["web1", "web2", "ns1"]), zone=Facts(records=("192.0.2.10",), tools=True))
    order = keys(plan)
    assert order[order.index(("web2", "open")) + 1] == ("ns1", "dns-record") and "TTL" in plan.impact.en and "People switch" not in plan.impact.en
    assert next(step for step in plan.steps if step.key == "dns-record").title.en == "Point orders.bureau.example to 192.0.2.20 instead of 192.0.2.10"


@pytest.mark.parametrize("zone, words", [
    (Facts(), "ns1 has no dig or nsupdate; install bind9-dnsutils."),
    (Facts(tools=True, records=("192.0.2.7",)), "is not 192.0.2.10 (it is: 192.0.2.7)."),
    (Facts(tools=True, records=("192.0.2.10", "192.0.2.20")), "points to 192.0.2.20 already.")], ids=["no tools", "another", "both"])
def test_a_record_that_cannot_turn_is_told_before_anything_is_touched(zone, words):
    plan = made(request(dns_record=RECORD, hosts=["web1", "web2", "ns1"]), zone=zone)
    assert not plan.steps and any(words in blocker.en for blocker in plan.blockers), plan.blockers


def test_without_a_front_door_people_are_told_and_the_old_hosts_checks_are_not_asked():
    plan = made(request(front_door=None, afterwards=["改 DNS 记录"]))
    assert not any("nginx" in step.command for step in plan.steps) and "People switch" in plan.impact.en and "改 DNS 记录" in plan.impact.zh
    assert {check.target for check in plan.acceptance} == {"web2"} and {check.target for check in made().acceptance} == {"web1", "web2"}


@pytest.mark.parametrize("changes", [
    {"services": []}, {"services": ["orders; id"]}, {"cluster": "main"}, {"configuration": ["/etc"]}, {"data": ["/srv/../etc/shadow"]},
    {"data": ["relative/x"]}, {"health": "http://x/'$(id)"}, {"front_door": {"file": "/etc/nginx/x", "now": "a\nb", "then": "c"}},
    {"service_address": {**ADDRESS, "address": "192.0.2.300"}}, {"dns_record": {**RECORD, "name": "orders; rm -rf /"}},
    {"dns_record": {**RECORD, "then": "2001:db8::1"}}], ids=str)
def test_bad_input_is_refused_by_the_form(changes):
    with pytest.raises(ValidationError):
        request(**changes)


def test_the_facts_read_back_what_the_script_tells():
    told = "\n".join(["package\tnginx\t1.22\tii ", "person\torders\t998", "group\torders\t997",
                      "account\torders\t998\t997\torders\t/srv/orders\t/bin/false\torders www",
                      "path\t/srv/orders\t12", "unit\torders.service\tloaded\tenabled\tactive", "room\t/srv/orders\t1000\t/srv",
                      "glibc\t2.36", "install\trsync\t3.2.7\t",
                      "cluster\t5432\t/var/lib/postgresql/15/main\t100\t0\t0\treplica\t9\t1\torders\ton\t2", "end"])
    facts = parse_facts(told)
    assert facts.accounts["orders"].groups == ("www",) and facts.cluster.bases == ("orders",)
    assert facts.cluster.tls and facts.cluster.odd_names == 2
    assert facts.room == {"/srv/orders": ("/srv", 1000)}
    assert facts.installs == (("rsync", "3.2.7", ""),) and not facts.rsync
    for broken in ("", told.rpartition("\n")[0]):
        with pytest.raises(ValueError, match="cut off"):
            parse_facts(broken)
    script = facts_script(user="ops", **what_moves(request()).asked, data="/var/lib/x", wished=["rsync", "nginx=1.22"])
    assert subprocess.run(["sh", "-n"], input=script, text=True).returncode == 0
    assert not re.search(r"\b(rm|mv|tee|touch|install -d)\b", script), "it only reads"


def test_paths_come_once_and_the_databases_configuration_comes_along():
    assert paths_of(request(data=["/srv/files", "/etc/orders"])) == ["/etc/orders", "/srv/orders", "/etc/postgresql/15/main", "/srv/files"]


def test_the_page_tells_of_both_hosts_in_both_languages():
    plan = made()
    record = ChangeRecord(number=plan.change, procedure=plan.procedure, customer="bureau", customer_name=Text(zh="某局", en="Bureau"),
                          provider_name=Text(zh="公司", en="Provider"), language="zh", requester="张工", reason="换机", opened_at=NOW, plan=plan)
    for language, words in (("zh", "步骤按编号在主机之间逐一执行"), ("en", "one step at a time across them")):
        page = render_plan_page(record, language)
        assert words in page and "web1" in page and "web2" in page
    outcomes = tuple(StepOutcome(number=s.number, key=s.key, target=s.target, title=s.title, result="done", seconds=s.number) for s in plan.steps)
    rehearsal = Rehearsal(change=plan.change, plan=plan.fingerprint(), place="simulated copy", started_at=NOW, finished_at=NOW, passed=True, outcomes=outcomes)
    promised = sum(step.number for step in plan.steps if step.interrupts)
    for language, words in (("zh", "预计中断时长"), ("en", "Expected interruption")):
        page = render_plan_page(record.model_copy(update={"rehearsal": rehearsal}), language)
        assert next(line for line in page.splitlines() if words in line).count(f"{promised} ") == 1


# --- MariaDB

MARIA = {"version": "10.11.18-MariaDB-0+deb12u1-log", "port": "3306", "datadir": "/var/lib/mysql/", "socket": "/run/mysqld/mysqld.sock", "log_bin": "ON",
         "log_bin_basename": "/var/lib/mysql/mariadb-bin", "binlog_format": "MIXED", "server_id": "1", "event_scheduler": "ON", "size_kib": "100000",
         "innodb_change_buffering": "none", "innodb_log_group_home_dir": "./", "innodb_undo_directory": "./", "expire_logs_days": "10.000000",
         "listens": "yes", "unit": "active", "followers": "0", "follows": "0", "elsewhere": "0", "wsrep_on": "OFF"}
OLD_M = replace(OLD, cluster=None, mariadb=MARIA, packages={"mariadb-server": "1:10.11.18-0", "nginx": "1.22"}, paths={**OLD.paths, "/etc/mysql": 40},
                installs=(("rsync", "3.2.7-1", ""), ("mariadb-backup", "1:10.11.18-0", "")))
NEW_M = replace(NEW, room={**ROOM, "/var/lib/mysql": ("/", 10_000_000)},
                installs=(("mariadb-server", "1:10.11.18-0", ""), ("mariadb-backup", "1:10.11.18-0", "")))


def moving_mariadb(asked: dict | None = None, old: Facts = OLD_M, new: Facts = NEW_M) -> Plan:
    return made(request(**{"cluster": "", "mariadb": True, **(asked or {})}), old, new)


def test_mariadb_moves_by_the_same_steps_as_postgresql():
    plan = moving_mariadb()
    assert not plan.blockers and keys(plan) == keys(made())
    assert "10 days" in plan.back_out.en and "保留 10 天" in plan.back_out.zh
    moves = what_moves(request(cluster="", mariadb=True))
    assert moves.missing(OLD_M) == ["rsync", "mariadb-backup=1:10.11.18-0"] and "mariadb-backup=1:10.11.18-0" in moves.wished(OLD_M)
    has_it = replace(OLD_M, rsync=True, packages={**OLD_M.packages, "mariadb-backup": "1:10.11.18-0"})
    assert moves.missing(has_it) == [] and "packages-old" not in [key for _, key in keys(moving_mariadb(old=has_it))]
    assert paths_of(request(cluster="", mariadb=True)) == ["/etc/orders", "/srv/orders", "/etc/mysql", "/srv/files"]


def test_every_script_of_mariadb_is_whole_shell_and_no_gap_is_left():
    for step in moving_mariadb().steps:
        for part in PARTS:
            text = getattr(step, part)
            read = subprocess.run(["sh", "-n"], input=text, capture_output=True, text=True)
            assert read.returncode == 0, (step.key, part, read.stderr)
            assert not re.findall(r"(?<!@)@[a-z_]+@", text) and "\0" not in text, (step.key, part)


def test_a_new_host_with_mariadb_is_never_undone_while_it_may_be_the_one_that_serves():
    for step in moving_mariadb().steps:
        if step.target == "web2" and step.undo and step.key not in ("tunnel", "tunnel-closed", "open", "settle"):
            before, guard, rest = step.undo.partition("this host serves, and the old one has not taken the service back")
            assert guard and rest and not re.search(r"rm -rf|userdel|groupdel|purge|systemctl|mv |dropcluster", before), step.key


def test_the_way_home_is_read_at_a_socket_of_its_own():
    """On the way back the new server listens where only the old host looks; nobody else can wait there."""
    shut = next(step for step in moving_mariadb().steps if step.key == "open").undo
    assert "hidden=/run/mysqld/chg-20261123-001.sock" in shut and "skip_networking = ON\\nsocket = %s" in shut
    back = next(step for step in moving_mariadb().steps if step.key == "fence").undo
    assert "127.0.0.1:320:/run/mysqld/chg-20261123-001.sock" in back 
    key = shut.partition("line=")[2].partition("\n")[0]
    assert 'permitopen=\\"[/run/mysqld/chg-20261123-001.sock]:*\\"' in key and "3306" not in key


def test_passwords_are_in_no_script_and_in_no_binary_log():
    for step in moving_mariadb().steps:
        for part in PARTS:
            for line in getattr(step, part).splitlines():
                assert "identified by" not in line or "identified by password '%s'" in line and "$(verifier <" in line
    give = next(step for step in moving_mariadb().steps if step.key == "replication").command
    assert "set sql_log_bin = 0" in give and "grant replication slave on *.*" in give and "grant all" not in give


BAD_MARIADB = {
    "not running": ({"version": None}, {}, "No MariaDB runs on web1"),
    "mysql": ({"version": "8.0.36"}, {}, "is no MariaDB"),
    "no binary log": ({"log_bin": "OFF"}, {}, "The binary log on web1 is off"),
    "statements": ({"binlog_format": "STATEMENT"}, {}, "binlog_format on web1 is STATEMENT"),
    "filtered": ({"filters": "test"}, {}, "leaves databases out (test)"),
    "filters of a replica": ({"replicates": "replicate_ignore_db"}, {}, "makes a replica leave things out (replicate_ignore_db)"),
    "other engine": ({"other_engine": "shop.old"}, {}, "not InnoDB cannot be replicated safely (the first: shop.old)"),
    "change buffer": ({"innodb_change_buffering": "all"}, {}, "innodb_change_buffering on web1 is on"),
    "names": ({"odd_names": "3"}, {}, "have backslashes or signs that cannot be printed (3 of them)"),
    "socket": ({"socket": "/run/a b\"c"}, {}, "has no socket at a plain path"),
    "galera": ({"wsrep_on": "ON"}, {}, "member of a Galera cluster"),
    "itself a replica": ({"follows": "1"}, {}, "web1 is itself a replica"),
    "has replicas": ({"followers": "2"}, {}, "Other servers replicate from web1"),
    "data elsewhere": ({"elsewhere": "1"}, {}, "outside its data directory"),
    "log elsewhere": ({"innodb_log_group_home_dir": "/fast/redo"}, {}, "outside its data directory"),
    "tls only": ({"require_secure_transport": "ON"}, {}, "wants TLS on every connection"),
    "no network": ({"listens": ""}, {}, "does not listen at 127.0.0.1:3306"),
    "other unit": ({"unit": "inactive"}, {}, "is not run by mariadb.service"),
    "socket unit": ({"activated": "active"}, {}, "mariadb.socket is active on web1"),
    "socket unit there": ({}, {"activated": "active"}, "mariadb.socket is active on web2"),
    "database there": ({}, {"version": "10.11.18-MariaDB", "bases": "shop"}, "holds databases already: shop"),
    "data there": ({}, {"leftover": "yes"}, "data of a MariaDB that does not run"),
    "room": ({"size_kib": "99000000"}, {}, "MiB free on /, and needs"),
}


@pytest.mark.parametrize("old, new, says", BAD_MARIADB.values(), ids=BAD_MARIADB)
def test_what_stands_in_mariadbs_way_is_one_sentence_before_anything_is_touched(old, new, says):
    here = {name: value for name, value in {**MARIA, **old}.items() if value is not None}
    plan = moving_mariadb(old=replace(OLD_M, mariadb=here), new=replace(NEW_M, mariadb=new))
    assert says in " ".join(blocker.en for blocker in plan.blockers) and not plan.steps
    assert all(blocker.zh for blocker in plan.blockers)


def test_a_tool_that_would_replace_something_on_the_old_host_stops_it():
    plan = moving_mariadb(old=replace(OLD_M, installs=(("mariadb-client-core", "2", "1"),)))
    assert "On web1 this would replace mariadb-client-core" in plan.blockers[0].en


def test_settings_of_the_running_server_that_do_not_come_along_are_told():
    plan = moving_mariadb(old=replace(OLD_M, mariadb={**MARIA, "runtime": "max_connections sort_buffer_size"}))
    assert plan.risk.level == "high" and "max_connections, sort_buffer_size" in plan.risk.reasons[-1].en


def test_one_server_moves_with_one_change():
    with pytest.raises(ValidationError, match="not both"):
        request(mariadb=True)


def test_the_facts_of_mariadb_are_read_back():
    facts = parse_facts("mariadb\tversion\t10.11.18-MariaDB\nmariadb\tbases\tshop stock\nmariadb\tactivated\nend")
    assert facts.mariadb == {"version": "10.11.18-MariaDB", "bases": "shop stock", "activated": ""} and facts.cluster is None
    script = facts_script(user="ops", **what_moves(request(cluster="", mariadb=True)).asked)
    assert subprocess.run(["sh", "-n"], input=script, text=True).returncode == 0
    assert not re.search(r"\b(rm|mv|tee|touch|install -d)\b", script), "it only reads"
    assert "maria()" not in facts_script(user="ops", **what_moves(request()).asked)


# --- hosts, accounts and names that mean harm

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPqV+ab/c= standfast-CHG-20261123-001-web2"
NO_KEYS = {
    "two lines": f"{KEY}\nssh-ed25519 AAAAother=", "two keys": f"{KEY}\n{KEY}", "a line before": f"ssh-ed25519 AAAA x\n{KEY}",
    "no mark": KEY.rpartition(" ")[0],
    "other mark": KEY.replace("web2", "web1"), "empty": "", "mark alone": "standfast-CHG-20261123-001-web2", "options": f'command="id" {KEY}',
    "other kind": KEY.replace("ed25519", "rsa"), "line end": f"{KEY}\n"}


def test_a_host_says_its_key_and_nothing_else():
    assert peers.key_of("web2", "CHG-20261123-001", KEY) == KEY


@pytest.mark.parametrize("said", NO_KEYS.values(), ids=NO_KEYS)
def test_what_is_no_key_of_this_change_is_written_nowhere(said):
    with pytest.raises(ProcedureError, match="does not say the key"):
        peers.key_of("web2", "CHG-20261123-001", said)


def test_the_plan_says_where_data_go_and_another_address_is_refused():
    there = {"web1": "[192.0.2.7]:22", "web2": "[192.0.2.8]:2222"}
    plan = plan_migration("CHG-20261123-001", request(), {name: survey(name) for name in there}, OLD, NEW, ("ops", "ops"), ((), ()), NOW, there)
    assert plan.ways == there and "web2 [192.0.2.8]:2222" in plan.impact.en and "web2 [192.0.2.8]:2222" in plan.impact.zh
    assert plan.fingerprint() != plan.model_copy(update={"ways": {**there, "web2": "[192.0.2.66]:22"}}).fingerprint()
    moved = HostAccess.model_construct(name="web2", address="192.0.2.66", port=22, peer_address="", peer_port=0)
    with pytest.raises(ProcedureError, match=r"reach web2 at \[192.0.2.8\]:2222, by the inventory now at \[192.0.2.66\]:22"):
        peers.introduce([moved], "CHG-20261123-001", there)


def answer_of(tmp_path, monkeypatch=None) -> str:
    """The forced command as the plan writes it, for a door in this folder."""
    opened = next(step for step in made().steps if step.key == "door-open").command
    text = opened.partition("<<'END'\n")[2].partition("\nEND\n")[0]
    return text.replace("/var/lib/standfast-door/CHG-20261123-001", str(tmp_path))


SAID = {"0/0": True, "16/B374D848": True, "never": True, "files": True, "0-1-27,1-2-3": True, "": True,
        "0/0'; copy t to program 'id": False, "0/0\ncopy": False, "a/b": False, "0/": False, "0/0 or 1": False, "0-1-": False, "0/0,1/1": False}


@pytest.mark.parametrize("said, good", SAID.items(), ids=[repr(said) for said in SAID])
def test_only_a_position_is_noted_on_either_side(tmp_path, said, good):
    done = subprocess.run(["sh", "-c", answer_of(tmp_path)], env={**os.environ, "SSH_ORIGINAL_COMMAND": f"returned {said}"}, capture_output=True, text=True)
    assert (done.returncode == 0) is good and (tmp_path / "returned").exists() is good
    read = subprocess.run(["sh", "-eu", "-c", IS_POSITION + 'is_position "$1"', "-", said], capture_output=True, text=True)
    assert (read.returncode == 0) is good


def test_every_position_from_elsewhere_is_looked_at_before_it_becomes_sql():
    for plan in (made(), moving_mariadb()):
        for step in plan.steps:
            for part in PARTS:
                text = getattr(step, part)
                for told in re.findall(r"(\w+)=\$\((?:ask fenced|far -c IDENTIFY|cat \S*/fenced\))", text):
                    assert f'is_position "${told}"' in text, (step.key, part)
        assert 'is_position "$left"' in next(step for step in plan.steps if step.key == "fence").undo


def test_the_files_server_hands_out_what_moves_and_nothing_else(tmp_path):
    """With rsync itself, by the rules that the plan writes."""
    if not shutil.which("rsync"):
        engine.install(["rsync"], "rsync")
    for name in ("etc/orders/a", "etc/orders/b/c", "etc/ordersx/no", "etc/shadow", "srv/orders/d", "srv/other/no", "srv/files/e"):
        (tmp_path / "old" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "old" / name).write_text(name)
    (tmp_path / "old/srv/files/link").symlink_to("/etc/shadow")
    opened = next(step for step in made().steps if step.key == "door-open").command
    (tmp_path / "rules").write_text(opened.partition("rsync.paths\" <<'END'\n")[2].partition("END\n")[0])
    subprocess.run(["rsync", "-a", f"--exclude-from={tmp_path}/rules", f"{tmp_path}/old/", f"{tmp_path}/got/"], check=True)
    got = sorted(str(path.relative_to(tmp_path / "got")) for path in (tmp_path / "got").rglob("*") if not path.is_dir())
    assert got == ["etc/orders/a", "etc/orders/b/c", "srv/files/e", "srv/files/link", "srv/orders/d"]
    assert "refuse options = copy-links" in opened and "read only = yes" in opened


def test_two_secrets_and_no_key_that_opens_more():
    for plan in (made(), moving_mariadb()):
        opened = next(step for step in plan.steps if step.key == "door-open").command
        assert 'cat "$door/files"' in opened and 'cat "$door/secret"; }' not in opened
        assert "permitlisten" in opened and "mark=standfast-CHG-20261123-001-web2" in opened
        closed = next(step for step in plan.steps if step.key == "door-closed").command
        assert '"$door/secret" "$door/files"' in closed


def test_a_closed_door_takes_one_key_away_and_no_other(tmp_path):
    keys = tmp_path / "authorized_keys"
    others = "ssh-ed25519 AAAA somebody\nssh-rsa BBBB\n"
    keys.write_text(f"{others}restrict {KEY}\n")
    closed = next(step for step in made().steps if step.key == "door-closed").command
    script = closed[closed.index("mark="):closed.index("systemctl stop")]
    subprocess.run(["sh", "-eu", "-c", f"keys={keys}\n{script}"], check=True)
    assert keys.read_text() == others


def test_the_database_gets_what_it_checks_a_password_by():
    """RFC 7677, 5802: from password and salt comes the stored key, which Python reckons anew."""
    give = next(step for step in made().steps if step.key == "replication").command
    perl = give[give.index("verifier() {"):]
    said = subprocess.run(["sh", "-eu", "-c", perl[:perl.index("\n}\n") + 3] + "verifier"], input="pencil", capture_output=True, text=True, check=True).stdout
    mechanism, salt, keys = said.split("$")
    rounds, salt = salt.split(":")
    salted = hashlib.pbkdf2_hmac("sha256", b"pencil", base64.b64decode(salt), int(rounds))
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    assert (mechanism, int(rounds)) == ("SCRAM-SHA-256", 4096)
    assert keys == f"{base64.b64encode(stored).decode()}:{base64.b64encode(hmac.digest(salted, b'Server Key', 'sha256')).decode()}"
    maria = next(step for step in moving_mariadb().steps if step.key == "replication").command
    line = next(line for line in maria.splitlines() if line.startswith("verifier()"))
    said = subprocess.run(["sh", "-eu", "-c", f"{line}\nverifier"], input="pencil", capture_output=True, text=True, check=True).stdout
    assert said == "*" + hashlib.sha1(hashlib.sha1(b"pencil").digest()).hexdigest().upper()


def test_a_replica_believes_only_who_knows_the_password():
    assert peer_must(15)["must_script"] == "sslmode=require channel_binding=require" and peer_must(17)["must_script"] == "require_auth=scram-sha-256"
    plan = made()
    replica = next(step for step in plan.steps if step.key == "replica").command
    follow = next(step for step in plan.steps if step.key == "fence")
    assert "export PGSSLMODE=require PGCHANNELBINDING=require" in replica and "password=%s sslmode=require channel_binding=require" in follow.undo
    assert "nologin password null" in follow.command.partition("systemctl stop orders.service")[0], "the password opens nothing once the port is free"


def test_root_writes_nothing_where_the_databases_account_owns_the_folder():
    """A redirection, chown, cp, sed -i into data folder or configuration would follow that account's links."""
    theirs = r"(\$data|\$config|\$file|\$farm|\$private)\b"
    writes = re.compile(rf"(?<![<0-9])>>?\s*\"?{theirs}|\b(chown|chmod|cp|tee|sed -i|ln|touch|install)\b[^|;&]*{theirs}|\bmv\b(?! -T)[^|;&]*{theirs}")
    for plan in (made(), moving_mariadb()):
        for step in plan.steps:
            for part in PARTS:
                text = getattr(step, part).replace(OWNED, "")
                for line in text.splitlines():
                    safe = re.search(r"as_owner (cp|ln|touch|mv)|install -d -o postgres -g postgres -m 700 \$private$", line)
                    assert safe or not writes.search(line.partition("#")[0]), (step.key, part, line)


def test_names_of_databases_are_called_by_number_and_no_text_is_made_of_them():
    for key in ("open", "digests"):
        text = next(step for step in made().steps if step.key == key).command
        assert "PGDATABASE=" in text and not re.search(r'psql [^\n]*-d "\$|\bsed "s\||\\! ', text)
        assert "textin(record_out(t.*))" in text and "::text, 0" not in text
        assert "search_path=pg_catalog" in text
