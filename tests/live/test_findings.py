# ruff: noqa: E501 - one fault, one line
"""Finding what is wrong: faults put on real hosts and databases, every one found by the check that is there for it, and none before it was there."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass

import pytest

from reports.archive import inspections
from reports.records import Outcome
from tests.live.drive import Desk

pytestmark = pytest.mark.long

BAD = {Outcome.WARNING, Outcome.CRITICAL}


@dataclass(frozen=True)
class Fault:
    """What is done to the host, as root, and which check must say so of which object (a part of its name)."""

    name: str
    check: str
    script: str
    object: str = ""
    host: str = "web1"


KEEP = "systemd-run --quiet --collect"  # what must go on running while the host is read

HOST_FAULTS = [
    Fault("a unit failed", "CFG-05a", f"{KEEP} --remain-after-exit --unit=broken-job false || true; systemctl is-failed broken-job || "
          "{ printf '[Service]\\nExecStart=/bin/false\\n' > /etc/systemd/system/broken-job.service; systemctl daemon-reload; systemctl start broken-job || true; }", "broken-job"),
    Fault("an expected service does not run", "CFG-05b", "systemctl stop orders", "orders"),
    Fault("its health address does not answer", "MID-02", "systemctl stop orders", "health"),
    Fault("a service keeps dying", "CFG-05c", "printf '[Unit]\\nStartLimitIntervalSec=0\\n[Service]\\nExecStart=/bin/false\\nRestart=always\\nRestartSec=100ms\\n' "
          "> /etc/systemd/system/flapping.service; systemctl daemon-reload; systemctl start flapping || true; sleep 4", "flapping"),
    Fault("a port that nobody expects", "CFG-06a", f"{KEEP} python3 -m http.server --bind 0.0.0.0 8765", "8765"),
    Fault("telnet listens", "CFG-06c", f"{KEEP} python3 -m http.server --bind 0.0.0.0 23", "23"),
    Fault("a second account with uid 0", "CFG-08a", "useradd -o -u 0 -g 0 -M toor", "toor"),
    Fault("an empty password", "CFG-08b", "useradd -M openhouse; passwd -q -d openhouse", "openhouse"),
    Fault("a service account that can log in", "CFG-08c", "usermod -s /bin/bash www-data", "www-data"),
    Fault("two accounts with one number", "CFG-08d", "useradd -o -u 1000 -M twin"),
    Fault("an account that nobody uses", "CFG-08g", "useradd -m idler; echo 'idler:Long-ago-1' | chpasswd; chage -d 2020-01-01 idler; python3 -c 'import os, pwd, struct, sys, time; "
          "os.pwrite(os.open(\"/var/log/lastlog\", os.O_WRONLY | os.O_CREAT), struct.pack(\"<i32s256s\", int(time.time()) - 200 * 86400, b\"pts/0\", b\"192.0.2.7\"), "
          "292 * pwd.getpwnam(\"idler\").pw_uid)'", "idler"),
    Fault("configuration that drifted", "CLU-08", "echo '# by night' >> /etc/nginx/nginx.conf", "/etc/nginx"),
    Fault("a database says that a file cannot be read", "LOG-13a", "echo '2026-11-20 03:11:09 CST [811] ERROR:  could not read block 1811 in file \"base/16401/24577\"' "
          ">> /var/log/postgresql/postgresql-15-main.log", "damage"),
    Fault("shadow everybody may read", "CFG-09a", "chmod 644 /etc/shadow", "/etc/shadow"),
    Fault("configuration everybody may change", "CFG-09b", "chmod 666 /etc/nginx/mime.types", "mime.types"),
    Fault("a job whose script is gone", "CFG-07a", "echo '0 3 * * * root /opt/gone/backup.sh' > /etc/cron.d/nightly", "/opt/gone"),
    Fault("names cannot be looked up", "CFG-04a", "echo 'nameserver 192.0.2.53' > /etc/resolv.conf"),
    Fault("a package half installed", "CFG-02c", "mkdir -p /tmp/p/DEBIAN; printf 'Package: halfway\\nVersion: 1\\nArchitecture: all\\nMaintainer: x <x@example.org>\\n"
          "Description: x\\n' > /tmp/p/DEBIAN/control; printf '#!/bin/sh\\nexit 1\\n' > /tmp/p/DEBIAN/postinst; chmod 755 /tmp/p/DEBIAN/postinst; "
          "dpkg-deb -b /tmp/p /tmp/p.deb >/dev/null; dpkg -i /tmp/p.deb >/dev/null 2>&1 || true"),
    Fault("package lists are old", "CFG-02b", "find /var/lib/apt/lists -maxdepth 1 -type f -exec touch -d '120 days ago' {} +; touch -d '120 days ago' "
          "/var/lib/apt/lists /var/lib/apt/lists/partial /var/cache/apt/pkgcache.bin 2>/dev/null || true; rm -f /var/lib/apt/periodic/update-success-stamp"),
    Fault("passwords are let in, root too", "CFG-14b", "printf 'PermitRootLogin yes\\nPermitEmptyPasswords yes\\n' > /etc/ssh/sshd_config.d/00-fault.conf"),
    Fault("sudo for a service account", "CFG-16", "echo 'www-data ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/fault; chmod 440 /etc/sudoers.d/fault"),
    Fault("a key program is not the package's", "CFG-15", "printf x >> /usr/bin/passwd", "passwd"),
    Fault("a log of many GiB", "LOG-10b", "truncate -s 3G /var/log/huge.log", "huge.log"),
    Fault("a process near its limit of files", "CFG-11b", f"""{KEEP} -p LimitNOFILE=40 python3 -c 'import time
files = [open("/dev/null") for _ in range(36)]
time.sleep(900)'; sleep 1""", ""),
    Fault("a process with a library that was replaced", "CFG-03c", f"""cp "$(ldconfig -p | sed -n 's/.*libz.so.1 .*=> //p' | head -1)" /usr/local/lib/libold.so
{KEEP} python3 -c 'import ctypes, time
kept = ctypes.CDLL("/usr/local/lib/libold.so")
time.sleep(900)'; sleep 1; rm /usr/local/lib/libold.so""", ""),
    Fault("zombies", "RES-09", f"""{KEEP} python3 -c 'import os, time
for _ in range(15):
    if os.fork() == 0: os._exit(0)
time.sleep(900)'; sleep 1"""),
    Fault("a large deleted file held open", "RES-13", f"""{KEEP} python3 -c 'import os, time
kept = open("/var/tmp/gone", "wb"); kept.truncate(3 << 30); os.unlink("/var/tmp/gone")
time.sleep(900)'; sleep 1"""),
    Fault("a file system in memory is full", "RES-17", "mkdir -p /srv/full; mount -t tmpfs -o size=8m none /srv/full; head -c 8M /dev/zero > /srv/full/x || true", "/srv/full"),
    Fault("a mount of fstab is missing", "STO-03a", "echo '/dev/none /srv/data ext4 defaults 0 2' >> /etc/fstab", "/srv/data"),
    Fault("the newest backup is old", "BAK-01", "touch -d '5 days ago' /srv/old/db-*.gz", "/srv/old"),
    Fault("the newest backup is much smaller", "BAK-02", "head -c 900 /srv/backup/db-5.gz > /srv/backup/db-6.gz", "/srv/backup"),
    Fault("the newest backup cannot be read", "BAK-03", "head -c 900 /srv/backup/db-5.gz > /srv/backup/db-6.gz", "/srv/backup"),
    Fault("a backup everybody may read", "BAK-09", "chmod 644 /srv/backup/db-5.gz", "/srv/backup"),
    Fault("a host it depends on is gone", "NET-01b", "ip addr del 192.0.2.77/32 dev lo", "192.0.2.77"),
    Fault("a certificate ends in three days", "MID-03a", "openssl req -x509 -newkey rsa:2048 -nodes -days 3 -subj /CN=orders.example -keyout /etc/nginx/soon.key "
          "-out /etc/nginx/soon.crt 2>/dev/null; printf 'server { listen 8443 ssl; ssl_certificate /etc/nginx/soon.crt; ssl_certificate_key /etc/nginx/soon.key; }\\n' "
          "> /etc/nginx/conf.d/soon.conf; nginx -q -s reload; sleep 1", "soon.crt"),
    Fault("a served certificate ends in three days", "MID-03b", "true", "8443"),
    Fault("many requests fail", "MID-04c", "systemctl stop orders; n=0; while [ $n -lt 150 ]; do curl -s -o /dev/null http://127.0.0.1/health; n=$((n+1)); done"),
    Fault("a web server whose configuration is broken", "MID-04a", "echo 'no_such_directive on;' > /etc/nginx/conf.d/fault.conf", host="web2"),
    Fault("a restart waits", "CFG-03a", "touch /run/reboot-required; echo linux-image-amd64 > /run/reboot-required.pkgs", host="web2"),
]

PSQL = "su postgres -c \"psql -q -v ON_ERROR_STOP=1 orders\" <<'END'\n{}\nEND\n"


def sql(text: str) -> str:
    return PSQL.format(text)


def maria(text: str) -> str:
    return f"mariadb stock <<'END'\n{text}\nEND\n"


DATABASE_FAULTS = [
    Fault("a session idle in its transaction", "PG-03", f"{KEEP} sh -c \"(echo 'begin; select 1;'; sleep 900) | su postgres -c 'psql -q orders'\"; sleep 3"),
    Fault("a session blocks another", "PG-04", sql("create table fought (a int primary key); insert into fought values (1);") +
          f"{KEEP} sh -c \"(echo 'begin; update fought set a = 1;'; sleep 900) | su postgres -c 'psql -q orders'\"; sleep 1; "
          f"{KEEP} sh -c \"echo 'update fought set a = 1;' | su postgres -c 'psql -q orders'\"; sleep 4"),
    Fault("two indexes that are the same", "PG-33", sql("create table twice (a int primary key, b int); create index twice_1 on twice (b); create index twice_2 on twice (b);"), "twice"),
    Fault("an invalid index", "PG-34", sql("create table inv (a int primary key, b int); create index inv_b on inv (b); "
                                           "update pg_index set indisvalid = false where indexrelid = 'inv_b'::regclass;"), "inv_b"),
    Fault("a foreign key without an index", "PG-36", sql("create table parent (a int primary key); insert into parent select generate_series(1, 20000); "
          "create table child (c int primary key, a int references parent); insert into child select g, g from generate_series(1, 20000) g; analyze;"), "child"),
    Fault("a table without a primary key", "PG-38", sql("create table keyless (a int); insert into keyless select generate_series(1, 10);"), "keyless"),
    Fault("an unlogged table", "PG-39", sql("create unlogged table fleeting (a int primary key);"), "fleeting"),
    Fault("fsync is off", "PG-11", sql("alter system set fsync = off;") + sql("select pg_reload_conf();"), "fsync"),
    Fault("a setting waits for a restart", "PG-10", sql("alter system set max_connections = 150;") + sql("select pg_reload_conf();"), "max_connections"),
    Fault("one superuser more", "PG-47", sql("create role boss superuser login;"), "boss"),
    Fault("a sequence near its end", "PG-23", sql("create sequence short as smallint; select setval('short', 32000); grant select on short to standfast_inspect;"), "short"),
    Fault("dead rows that nobody clears", "PG-30", sql("create table littered (a int primary key) with (autovacuum_enabled = off); "
          "insert into littered select generate_series(1, 60000); delete from littered where a > 5000;") + "sleep 2", "littered"),
    Fault("a slot that nobody reads", "PG-16", sql("select pg_create_physical_replication_slot('forgotten', true);"), "forgotten"),
    Fault("a mistake in a configuration file", "PG-19", "echo \"no_such_setting = 1\" > /etc/postgresql/15/main/conf.d/fault.conf; chown postgres /etc/postgresql/15/main/conf.d/fault.conf"),
    Fault("anybody is let in", "PG-27", "echo 'host all all 0.0.0.0/0 trust' >> /etc/postgresql/15/main/pg_hba.conf"),
    Fault("MyISAM", "MY-31", maria("create table old_engine (a int primary key) engine=MyISAM; insert into old_engine values (1);"), "old_engine", "db1"),
    Fault("no key", "MY-32", maria("create table keyless (a int) engine=InnoDB; insert into keyless values (1);"), "keyless", "db1"),
    Fault("a redundant index", "MY-33", maria("create table twice (a int primary key, b int, c int, key one (b), key two (b, c));"), "twice", "db1"),
    Fault("a counter near its end", "MY-23", maria("create table small (a tinyint auto_increment primary key); insert into small values (125);"), "small", "db1"),
    Fault("an account without a password", "MY-50", maria("create user 'open'@'%';"), "open", "db1"),
    Fault("a long transaction", "MY-03", f"{KEEP} sh -c \"(echo 'begin; update article set price = price;'; sleep 900) | mariadb stock\"; sleep 4", "", "db1"),
    Fault("a session waits for another", "MY-10", f"{KEEP} sh -c \"echo 'set innodb_lock_wait_timeout = 600; update article set price = 1;' | mariadb stock\"; sleep 4", "", "db1"),
]

SOON = {"PG-03.idle": {"warning": 2, "critical": 600}, "PG-04.waiting": {"warning": 2, "critical": 600}, "MY-03.open": {"warning": 2, "critical": 600},
        "MY-10.waiting": {"warning": 2, "critical": 600}, "PG-30.share": {"warning": 10, "critical": 50}}
EXPECTED = {"units": ["orders.service", "nginx.service"], "ports": [22, 80, 8443], "urls": ["http://127.0.0.1/health"], "peers": ["192.0.2.77:22"],
            "backups": [{"path": "/srv/backup", "every_h": 24}, {"path": "/srv/old", "every_h": 24}], "time_zone": "Etc/UTC"}
BACKUPS = """mkdir -p /srv/backup; chmod 700 /srv/backup; umask 077; for n in 1 2 3 4 5; do head -c 60000 /dev/urandom | gzip > /srv/backup/db-$n.gz
touch -d "$((5 - n)) days ago" /srv/backup/db-$n.gz; done; touch /srv/backup/db-5.gz; cp -a /srv/backup /srv/old
ip addr add 192.0.2.77/32 dev lo"""


def read(desk: Desk, *arguments: str) -> dict[tuple[str, str], dict[str, tuple[Outcome, str]]]:
    """By target and check: object -> outcome and words."""
    done = desk.run("inspect", "bureau", *arguments, limit_s=900)
    assert done.returncode in (0, 7, 8, 9), done.stderr[-2000:] + done.stdout
    archive = desk.archive
    newest = inspections.newest(archive, "bureau", "database-inspection" if "--databases" in arguments else "system-inspection")
    found: dict = {}
    for target in inspections.reads_of(archive, newest):
        assert target.problem is None, target.problem
        for row in target.rows:
            found.setdefault((target.target, row.check), {})[row.object] = (row.outcome, row.says.en)
    archive.dispose()
    return found


def judge(faults: list[Fault], before: dict, after: dict, name_of) -> None:
    missed, false = [], []
    for fault in faults:
        target = name_of(fault.host)
        bad = {name: said for name, said in after.get((target, fault.check), {}).items() if said[0] in BAD and fault.object in name + said[1]}
        was = {name: said for name, said in before.get((target, fault.check), {}).items() if said[0] in BAD and fault.object in name + said[1]}
        if was:
            false.append((fault.name, fault.check, was))
        elif not bad:
            missed.append((fault.name, fault.check, after.get((target, fault.check))))
    assert not missed and not false, f"{len(missed)} missed of {len(faults)}: {missed}\nalarms before the fault: {false}"


def test_every_fault_of_a_host_is_found(lab, fresh_web1, server, tmp_path):
    lab.reset("web2")
    lab.must("web1", BACKUPS)
    desk = Desk.open(lab, tmp_path, server.environment, web1={"expected": EXPECTED}, web2={"expected": {"time_zone": "Etc/UTC"}})
    before = read(desk, "--target", "web1", "--target", "web2")
    try:
        for fault in HOST_FAULTS:
            code, said = lab.exec(fault.host, fault.script)
            assert code == 0, (fault.name, said[-500:])
        judge(HOST_FAULTS, before, read(desk, "--target", "web1", "--target", "web2"), lambda host: host)
    finally:
        lab.reset("web1")
        lab.reset("web2")


def test_every_fault_of_a_database_is_found(lab, fresh_web1, server, tmp_path):
    lab.reset("db1")
    try:
        desk = Desk.open(lab, tmp_path, server.environment)
        text = (tmp_path / "inventory.yaml").read_text()
        import yaml

        content = yaml.safe_load(text)
        for database in content["databases"]:
            prefix = "PG" if database["kind"] == "postgresql" else "MY"
            database["limits"] = {name: limit for name, limit in SOON.items() if name.startswith(prefix)}
        (tmp_path / "inventory.yaml").write_text(yaml.safe_dump(content, allow_unicode=True))
        targets = ("--databases", "--target", "web1-postgresql", "--target", "db1-mariadb")
        before = read(desk, *targets)
        for fault in DATABASE_FAULTS:
            code, said = lab.exec(fault.host, fault.script)
            assert code == 0, (fault.name, said[-500:])
        names = {"web1": "web1-postgresql", "db1": "db1-mariadb"}
        judge(DATABASE_FAULTS, before, read(desk, *targets), names.__getitem__)
    finally:
        lab.reset("web1")
        lab.remove("db1")


def test_killed_in_the_middle_it_reads_only_what_is_missing_and_compares_with_last_time(lab, fresh_web1, server, tmp_path):
    """Also: a host that cannot be reached stands in the report, and a fault that came is new, one that went is fixed."""
    desk = Desk.open(lab, tmp_path, server.environment)
    first = desk.run("inspect", "bureau", limit_s=900)
    assert first.returncode in (7, 8, 9), first.stderr[-2000:]
    lab.must("web1", "useradd -o -u 0 -g 0 -M toor")
    lab.cut("web2")
    try:
        driver = desk.begin("inspect", "bureau")
        desk_number = wait_for_rows(desk, 1)
        driver.kill()
        driver.wait()
        again = desk.run("inspect", "--number", desk_number, limit_s=900)
        assert again.returncode == 8, again.stderr[-2000:] + again.stdout
    finally:
        lab.mend("web2")
    archive = desk.archive
    this = inspections.inspection_of(archive, desk_number)
    reads = {read.target: read for read in inspections.reads_of(archive, this)}
    assert reads["web2"].problem and reads["web1"].problem is None
    assert len([e for e in archive.evidence(desk_number) if e.name.startswith("report-zh")]) == 4
    assert archive.verify().ok
    html = next(archive.read_evidence(e).decode() for e in archive.evidence(desk_number) if e.name == "report-zh.html")
    assert "toor" in html and "web2" in html
    archive.dispose()


def wait_for_rows(desk: Desk, count: int) -> str:
    """Until the newest open inspection has read so many targets; its number."""
    import time

    for _ in range(600):
        archive = desk.archive
        newest = inspections.newest(archive, "bureau", "system-inspection")
        if newest and archive.change(newest.number).closure is None and len(inspections.targets_filed(archive, newest)) >= count:
            return newest.number
        archive.dispose()
        time.sleep(0.2)
    raise AssertionError("no target was read")


def test_bad_input_is_one_sentence(lab, server, tmp_path):
    desk = Desk.open(lab, tmp_path, server.environment, web1={"limits": {"RES-01.used": {"warning": 95, "critical": 90}}})
    for arguments, says in (
        (("nobody",), "nobody"),
        (("bureau", "--target", "web99"), "web99"),
        (("bureau", "--label", "no-such-label"), "nothing to inspect"),
        (("bureau", "--target", "web1"), "RES-01.used"),
        (("--number", "INS-20200101-001"), "INS-20200101-001"),
    ):
        done = desk.run("inspect", *arguments)
        assert done.returncode == 4 and says in done.stdout + done.stderr and "Traceback" not in done.stderr, (arguments, done.stdout, done.stderr[-800:])
    assert subprocess.run(["grep", "-c", "INS-", str(tmp_path / "archive.db")], capture_output=True).stdout.strip() in (b"0", b"")
