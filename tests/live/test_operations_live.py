"""Operations on services, databases and releases, run by the real runner on a real host (R012, R013, R169).

Every script runs as root on a host of the lab that is this module's own.
"""

from __future__ import annotations

import shlex
import subprocess
import threading
from collections.abc import Iterable, Sequence
from itertools import count
from pathlib import Path

import pytest

import tasks.running
from deployments.lab import lab
from reports.records import Cluster, Step
from tasks.operations import database, release, service

pytestmark = [pytest.mark.live, pytest.mark.long]

HOST = "web8"
CHANGE_DIR = "/var/lib/standfast/changes/CHG-20260101-001"
RUNNER = "/root/runner"
PARTS = ("probe", "holds_before", "command", "proof", "undo", "undo_proof")
CLUSTERS = (Cluster(engine="postgresql", name="15/main", version="15", port=5432, running=True),)
HEALTH = "http://127.0.0.1:8000/health"
TAKEN_BACK, RESTORED = "sh migrate_back.sh", ""  # the two ways back of a migration

_attempts = count(1)


def send(path: str, content: bytes) -> None:
    subprocess.run(
        ["docker", "exec", "-i", lab.host(HOST).container, "sh", "-c", f"umask 077; cat > {shlex.quote(path)}"],
        input=content,
        check=True,
        timeout=60,
        capture_output=True,
    )


def place(steps: Sequence[Step], version: str = "") -> None:
    """A change's folder as the carrying out makes it, without anything from earlier."""
    lab.must(HOST, f"rm -rf {CHANGE_DIR}; umask 077; mkdir -p {CHANGE_DIR}/media {CHANGE_DIR}/saved {CHANGE_DIR}/steps")
    send(RUNNER, Path(tasks.running.RUNNER).read_bytes())
    if version:
        archive = Path(lab.release(version).archive)
        send(f"{CHANGE_DIR}/media/{archive.name}", archive.read_bytes())
    writing = ["umask 077"]
    for step in steps:
        folder = f"{CHANGE_DIR}/steps/{step.number:02d}-{step.key}"
        writing.append(f"mkdir -p {folder}")
        writing += [f"printf %s {shlex.quote(getattr(step, part))} > {folder}/{part}" for part in PARTS]
    send("/root/place", "\n".join(writing).encode())
    lab.must(HOST, "sh /root/place")


def carry_out(steps: Iterable[Step], action: str = "carry-out") -> list[str]:
    """Each step's result in order; ends after the first that is neither done nor had nothing to do, with its output behind it."""
    script = ""
    for step in steps:
        attempt, command = _begin(step, action)
        script += f"""{command}
result=$(sed -n 's/^result=//p' {attempt}/result); echo "$result"
case $result in done|'nothing to do') ;; *) cat {attempt}/out; exit 0 ;; esac
"""
    lines = lab.must(HOST, script, 1200).splitlines()
    ended = next((place for place, line in enumerate(lines) if line not in ("done", "nothing to do")), None)
    return lines if ended is None else [*lines[: ended + 1], "\n".join(lines[ended + 1 :])]


def _begin(step: Step, action: str) -> tuple[str, str]:
    number = next(_attempts)
    folder = f"{CHANGE_DIR}/steps/{step.number:02d}-{step.key}"
    attempt = f"{folder}/{action}-{number}"
    return attempt, f"mkdir -p {attempt}; sh {RUNNER} {folder} {action} {number} {step.account} {step.time_limit_s} </dev/null"


def undo(steps: Iterable[Step]) -> list[str]:
    return carry_out([step for step in reversed(list(steps)) if step.undo], "undo")


def kill_within(step: Step, condition: str, action: str = "carry-out") -> bool:
    """Begin the step and kill -9 every process of it as soon as `condition`, shell text, holds; True if it was cut off."""
    attempt, command = _begin(step, action)
    script = f"""
        setsid sh -c {shlex.quote(command)} & leader=$!
        n=0; until {{ {condition}
        }}; do n=$((n + 1)); [ $n -lt 3000 ] || exit 9; [ -d /proc/$leader ] || break; sleep 0.01; done
        while pkill -KILL -s $leader; do sleep 0.05; done  # one look can miss a process that is just being born
        wait $leader
        if [ -e {attempt}/result ]; then echo ended; else echo cut; fi
    """
    return lab.must(HOST, script).split()[-1] == "cut"


def state() -> str:
    """Everything that a back-out must bring back: folders, link, service, answer, rows, schema, owners, roles, databases."""
    return lab.must(
        HOST,
        f"""
        find /srv/orders -printf '%p %l %U:%G %m\\n' | grep -v __pycache__ | sort
        find /srv/orders -type f ! -path '*__pycache__*' -print0 | sort -z | xargs -0 sha256sum
        systemctl is-active orders; curl -sS --max-time 5 {HEALTH}; echo; cd /
        runuser -u postgres -- pg_dump orders | grep -v -e '^.restrict' -e '^.unrestrict' | sort | sha256sum
        runuser -u postgres -- pg_dumpall -r | grep -v restrict | sha256sum
        runuser -u postgres -- psql -XAtc 'select datname, datdba, datacl, datallowconn from pg_database order by 1'
        ls -a /var/lib/postgresql
    """,
    )


def change(
    version: str, back: str = TAKEN_BACK, remove: tuple[str, ...] = (), migrate: str = "sh migrate.sh"
) -> release.ReleaseChange:
    got = lab.release(version)
    return release.ReleaseChange(
        target=HOST,
        root="/srv/orders",
        old="1.0.0",
        new=version,
        archive=Path(got.archive).name,
        sha256=got.sha256,
        service="orders.service",
        health=HEALTH,
        migrate=migrate,
        migrate_back=back,
        database="orders" if migrate else "",
        cluster="15/main" if migrate else "",
        run_as="orders",
        remove=remove,
    )


@pytest.fixture(scope="module")
def host():
    lab.up([HOST])
    lab.reset(HOST)
    yield


@pytest.fixture
def untouched(host) -> str:
    """The host as the test finds it; the test leaves it so."""
    lab.must(HOST, f"systemctl reset-failed orders; curl -fsS --retry 20 --retry-connrefused --retry-delay 1 {HEALTH}")
    before = state()
    assert '"version": "1.0.0"' in before
    yield before
    assert state() == before


@pytest.mark.parametrize("back", [TAKEN_BACK, RESTORED], ids=["taken back", "restored"])
def test_a_release_goes_up_is_not_done_twice_and_comes_down_as_it_was(untouched, back):
    lab.must(HOST, "for old in 0.7 0.8 0.9; do cp -a /srv/orders/releases/1.0.0 /srv/orders/releases/$old; done")
    steps = release.steps(1, change("1.1.0", back, remove=("0.8", "0.7")), clusters=CLUSTERS)
    with_old = state()
    place(steps, "1.1.0")
    assert set(carry_out(steps)) == {"done"}
    assert '"version": "1.1.0"' in state()
    assert lab.must(HOST, "ls /srv/orders/releases").split() == ["0.9", "1.0.0", "1.1.0"]
    pid = lab.must(HOST, "systemctl show -p MainPID orders")
    assert carry_out(steps)[:-2] == ["nothing to do"] * (len(steps) - 2)
    assert lab.must(HOST, "systemctl show -p MainPID orders") == pid
    assert set(undo(steps)) == {"done"}
    assert state() == with_old
    assert set(undo(steps)) == {"done"}
    assert state() == with_old
    lab.must(HOST, "rm -rf /srv/orders/releases/0.?")


@pytest.mark.parametrize("back", [TAKEN_BACK, RESTORED], ids=["taken back", "restored"])
def test_it_can_be_backed_out_after_each_changing_step(untouched, back):
    steps = release.steps(1, change("1.1.0", back), clusters=CLUSTERS)
    for done, step in enumerate(steps, start=1):
        if step.key not in ("migrate-database", "switch-release", "restart-service"):
            continue
        place(steps, "1.1.0")
        assert set(carry_out(steps[:done])) == {"done"}
        assert set(undo(steps[: done + 1])) == {"done"}, step.key  # the next one was not begun; its undo must not mind
        assert state() == untouched, step.key


def test_a_broken_release_fails_and_is_backed_out(untouched):
    steps = release.steps(1, change("1.2.0", migrate=""))
    place(steps, "1.2.0")
    results = carry_out(steps)
    assert results[-2] == "failed" and "did not give 3 good answers" in results[-1]
    assert set(undo(steps[: len(results) - 1])) == {"done"}


# What is waited for before the kill: the first trace of each act, or its middle.
CUTS = [
    ("unpack-release", '[ -e "$S/unpack.begun" ]'),
    ("unpack-release", "[ -e /srv/orders/releases/1.1.0.part ]"),
    ("unpack-release", '[ -e "$S/manifest" ]'),
    ("unpack-release", "[ -e /srv/orders/releases/1.1.0 ]"),
    ("stop-service", '[ -e "$S/stop.begun" ]'),
    ("dump-database", "[ -e /var/lib/postgresql/.standfast-proof ]"),
    ("dump-database", "[ -e /var/lib/postgresql/.standfast-proof/.s.PGSQL.5432 ]"),
    ("migrate-database", '[ -e "$S/migrate.begun" ]'),
    ("migrate-database", "pgrep -f '[m]igrate[.]sh' >/dev/null"),
    ("migrate-database", '[ -e "$S/schema.after" ]'),
    ("switch-release", "[ -L /srv/orders/current.new ]"),
    ("switch-release", "readlink /srv/orders/current | grep -q 1.1.0"),
    ("restart-service", '[ -e "$S/restart.begun" ]'),
    ("restart-service", "curl -s http://127.0.0.1:8000/health | grep -q 1.1.0"),
]


@pytest.mark.parametrize("back", [TAKEN_BACK, RESTORED], ids=["taken back", "restored"])
def test_killed_anywhere_it_is_finished_by_running_it_again(untouched, back):
    steps = release.steps(1, change("1.1.0", back), clusters=CLUSTERS)
    place(steps, "1.1.0")
    cut = set()
    for step in steps:
        for key, condition in CUTS:
            if key == step.key and kill_within(step, f"S={CHANGE_DIR}/saved/release; {condition}"):
                cut.add(key)
        results = carry_out([step])
        assert results[0] in ("done", "nothing to do"), (step.key, results)
    assert cut >= {"unpack-release", "dump-database", "migrate-database", "restart-service"}  # the others are over in no time
    assert '"version": "1.1.0"' in state()
    assert set(undo(steps)) == {"done"}


@pytest.mark.parametrize("back", [TAKEN_BACK, RESTORED], ids=["taken back", "restored"])
def test_killed_anywhere_it_can_be_backed_out(untouched, back):
    steps = release.steps(1, change("1.1.0", back), clusters=CLUSTERS)
    for key in dict.fromkeys(key for key, _ in CUTS):
        if key not in {step.key for step in steps}:
            continue
        condition = [condition for other, condition in CUTS if other == key][1 if key != "stop-service" else 0]
        place(steps, "1.1.0")
        at = next(place for place, step in enumerate(steps) if step.key == key)
        assert set(carry_out(steps[:at])) == {"done"}
        kill_within(steps[at], f"S={CHANGE_DIR}/saved/release; {condition}")
        assert set(undo(steps[: at + 1])) == {"done"}, key
        assert state() == untouched, key


def test_a_back_out_that_is_killed_is_finished_by_running_it_again(untouched):
    steps = release.steps(1, change("1.1.0", RESTORED), clusters=CLUSTERS)
    place(steps, "1.1.0")
    assert set(carry_out(steps)) == {"done"}
    for step in (step for step in reversed(steps) if step.undo):
        if step.key == "migrate-database":
            aside = "select 1 from pg_database where datname like 'standfast_%'"
            assert kill_within(step, f'cd /; [ "$(runuser -u postgres -- psql -XAtc "{aside}")" = 1 ]', "undo")
        elif step.key == "restart-service":
            kill_within(step, "! systemctl is-active -q orders", "undo")
        assert carry_out([step], "undo") == ["done"], step.key


@pytest.mark.parametrize(
    ("make", "word"),
    [
        ("mkdir w; echo x > w/a; tar -czf r.tar.gz --transform 's,^w/a,../evil,' w/a", "leaves its folder"),
        ("echo x > a; tar -czPf r.tar.gz /root/bad/a", "leaves its folder"),
        ("mkdir w; ln -s /etc/passwd w/a; echo > w/b; tar -czf r.tar.gz w", "symbolic links that leave"),
        ("mkdir w; ln -s ../../../../etc w/a; echo > w/b; tar -czf r.tar.gz w", "symbolic links that leave"),
        ("mkdir w; echo > w/a; ln w/a w/b; tar -czf r.tar.gz w", "no file, folder or symbolic link"),
        ("mkdir w; mkfifo w/a; tar -czf r.tar.gz w", "no file, folder or symbolic link"),
        ("mkdir w; tar -czf r.tar.gz w", "the archive is empty"),
    ],
)
def test_an_archive_that_reaches_out_of_its_folder_is_refused(untouched, make, word):
    lab.must(HOST, f"rm -rf /root/bad; mkdir /root/bad; cd /root/bad; {make}")
    digest = lab.must(HOST, "sha256sum /root/bad/r.tar.gz").split()[0]
    bad = release.ReleaseChange(HOST, "/srv/orders", "1.0.0", "9.9", "r.tar.gz", digest, "orders.service", HEALTH)
    step = release.unpack_step(1, bad)
    place([step])
    lab.must(HOST, f"cp /root/bad/r.tar.gz {CHANGE_DIR}/media/")
    results = carry_out([step])
    assert results[0] == "failed" and word in results[1]
    assert undo([step]) == ["done"]


def test_an_archive_without_a_top_folder_and_with_links_inside_is_unpacked_as_it_is(untouched):
    lab.must(
        HOST,
        """rm -rf /root/good; mkdir -p /root/good/bin /root/good/lib; cd /root/good
        echo x > bin/tool; chmod 6755 bin/tool; ln -s ../lib bin/lib; echo y > 'lib/two words'; tar -czf ../r.tar.gz .""",
    )
    digest = lab.must(HOST, "sha256sum /root/r.tar.gz").split()[0]
    step = release.unpack_step(
        1, release.ReleaseChange(HOST, "/srv/orders", "1.0.0", "9.9", "r.tar.gz", digest, "orders.service", HEALTH)
    )
    place([step])
    lab.must(HOST, f"cp /root/r.tar.gz {CHANGE_DIR}/media/")
    assert carry_out([step]) == ["done"]
    assert (
        lab.must(HOST, "cd /srv/orders/releases/9.9; stat -c '%n %a %U' bin/tool; cat 'bin/lib/two words'")
        == "bin/tool 755 root\ny\n"
    )
    assert undo([step]) == ["done"]


def test_somebody_elses_folder_of_that_version_is_left_alone(host):
    step = release.unpack_step(1, change("1.1.0"))
    place([step], "1.1.0")
    lab.must(HOST, "mkdir /srv/orders/releases/1.1.0; echo mine > /srv/orders/releases/1.1.0/file")
    assert carry_out([step])[0] == "foreign"
    assert undo([step]) == ["done"]
    assert lab.must(HOST, "cat /srv/orders/releases/1.1.0/file; rm -r /srv/orders/releases/1.1.0") == "mine\n"


def test_another_archive_than_the_approved_one_is_refused(untouched):
    steps = release.steps(1, change("1.1.0", migrate=""))
    place(steps, "1.1.0")
    lab.must(HOST, f"for medium in {CHANGE_DIR}/media/*; do echo more >> $medium; done")
    results = carry_out(steps)
    assert results[0] == "failed" and "not the one that was approved" in results[1]


def test_a_dump_is_proven_while_somebody_writes(host):
    lab.must(
        HOST, """cd /; runuser -u postgres -- psql -q orders -c 'create table if not exists written (n bigserial, t text)'"""
    )
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():
            lab.must(
                HOST,
                "cd /; for n in 1 2 3 4 5 6 7 8 9 10; do echo \"insert into written (t) select 'x' from generate_series(1, 50);"
                ' delete from written where n % 7 = 0; select pg_sleep(0.02);"; done'
                " | runuser -u postgres -- psql -q orders >/dev/null",
            )

    writer = threading.Thread(target=write)
    writer.start()
    try:
        step = database.dump_step(1, HOST, [], clusters=CLUSTERS)
        place([step])
        assert carry_out([step]) == ["done"]
    finally:
        stop.set()
        writer.join()
    assert lab.must(HOST, f"cd {CHANGE_DIR}/saved/dump/15-main; ls *.dump; stat -c '%a %U' orders.dump").split() == [
        "orders.dump",
        "postgres.dump",
        "600",
        "root",
    ]
    assert lab.must(HOST, "ls -a /var/lib/postgresql").split() == [".", "..", "15"]
    rows = int(lab.must(HOST, "cd /; runuser -u postgres -- psql -XAtc 'select count(*) from written' orders"))
    dumped = lab.must(HOST, f"cat {CHANGE_DIR}/saved/dump/15-main/orders.rows")
    assert f"public.written|{rows}|" not in dumped  # it was written to meanwhile, and the proof did not mind
    lab.must(HOST, "cd /; runuser -u postgres -- psql -q orders -c 'drop table written'")


def test_a_dump_that_is_altered_is_not_restored(host):
    step = database.dump_step(1, HOST, ["orders"], clusters=CLUSTERS)
    place([step])
    assert carry_out([step]) == ["done"]
    lab.must(HOST, f"printf x >> {CHANGE_DIR}/saved/dump/15-main/orders.dump")
    send("/root/restore", database.restore_script("orders", "15/main").encode())
    code, said = lab.exec(HOST, f"cd /; CHANGE_DIR={CHANGE_DIR} sh -eu /root/restore")
    assert code == 1 and "missing or damaged; nothing was touched" in said
    assert carry_out([step]) == ["done"]  # PARTIAL: taken anew


def test_a_restore_brings_back_rows_owner_privileges_and_settings(untouched):
    ask = "cd /; runuser -u postgres -- psql -XAtq"
    lab.must(
        HOST,
        f"""{ask} -c "create role reader" -c "grant connect on database orders to reader" \
            -c "alter database orders set work_mem = '5MB'" """,
    )
    facts = f"""{ask} -c "select datname, datdba::regrole, datacl, setconfig from pg_database d
        left join pg_db_role_setting on setdatabase = d.oid
        order by 1" """
    before = lab.must(HOST, facts)
    step = database.dump_step(1, HOST, ["orders"], clusters=CLUSTERS)
    place([step])
    assert carry_out([step]) == ["done"]
    lab.must(
        HOST,
        ask
        + """ orders -c "delete from orders" -c "alter database orders owner to reader" -c "alter database orders reset all" """,
    )
    send("/root/restore", database.restore_script("orders", "15/main").encode())
    send("/root/equal", database.equal_to_dump_script("orders", "15/main").encode())
    assert lab.exec(HOST, f"cd /; CHANGE_DIR={CHANGE_DIR} sh -eu /root/equal")[0] == 1
    lab.must(HOST, f"cd /; export CHANGE_DIR={CHANGE_DIR}; sh -eu /root/restore && sh -eu /root/equal")
    assert lab.must(HOST, facts) == before
    lab.must(
        HOST,
        ask
        + """ -c "alter database orders reset all" -c "revoke connect on database orders from reader" -c "drop role reader" """,
    )


def test_no_room_for_the_dump_is_said_before_anything_is_written(host):
    step = database.dump_step(1, HOST, ["orders"], clusters=CLUSTERS)
    place([step])
    lab.small_disk(HOST, "/var/lib/standfast", 16)
    try:
        results = carry_out([step])
        assert results[0] == "failed" and "make room first" in results[1]
    finally:
        lab.whole_disk(HOST, "/var/lib/standfast")


def test_postgresql_goes_a_minor_version_up_and_down_and_keeps_its_data(host):
    dump = database.dump_step(1, HOST, [], clusters=CLUSTERS)
    check = database.data_check_step(2, HOST, clusters=CLUSTERS)
    place([dump, check])
    old = lab.must(HOST, "dpkg-query -W -f '${Version}' postgresql-15")
    lab.must(HOST, f"cd /root; apt-get -q download postgresql-15={old} postgresql-client-15={old} libpq5={old}", 300)
    assert carry_out([dump, check]) == ["done", "done"]
    install = "DEBIAN_FRONTEND=noninteractive apt-get -q -y -o Dpkg::Options::=--force-confold"
    lab.must(HOST, f"{install} install --only-upgrade postgresql-15 postgresql-client-15 libpq5", 600)
    new = lab.must(HOST, "dpkg-query -W -f '${Version}' postgresql-15")
    assert new != old
    assert carry_out([check]) == ["done"]
    lab.must(
        HOST,
        f"{install} --allow-downgrades install /root/postgresql-15_*.deb /root/postgresql-client-15_*.deb /root/libpq5_*.deb",
        600,
    )
    assert lab.must(HOST, "dpkg-query -W -f '${Version}' postgresql-15") == old
    assert carry_out([check]) == ["done"]
    lab.must(
        HOST,
        "cd /; runuser -u postgres -- psql -q -c 'alter system set max_connections = 90' -c 'select pg_reload_conf()' >/dev/null",
    )
    lab.until(
        HOST,
        """cd /; runuser -u postgres -- psql -XAtc 'select 1 from pg_settings where pending_restart' | grep -q 1""",
    )
    results = carry_out([check])
    assert results[0] == "failed" and "max_connections" in results[1]
    lab.must(
        HOST, "cd /; runuser -u postgres -- psql -q -c 'alter system reset all' -c 'select pg_reload_conf()' >/dev/null; sleep 1"
    )
    lab.must(HOST, "cd /; runuser -u postgres -- psql -q orders -c 'create table lost as select * from orders; '")
    place([dump, check])
    assert carry_out([dump]) == ["done"]
    lab.must(HOST, "cd /; runuser -u postgres -- psql -q orders -c 'delete from lost where id % 2 = 0'")
    results = carry_out([check])
    assert results[0] == "failed" and "public.lost has 2500 rows, it had 5000" in results[1]
    lab.must(HOST, "cd /; runuser -u postgres -- psql -q orders -c 'drop table lost'")


@pytest.mark.parametrize(
    ("name", "spoil", "mend"),
    [
        ("nginx", "echo 'nonsense;' > /etc/nginx/conf.d/bad.conf", "rm /etc/nginx/conf.d/bad.conf"),
        ("ssh", "echo Nonsense > /etc/ssh/sshd_config.d/bad.conf", "rm /etc/ssh/sshd_config.d/bad.conf"),
        (
            "postgresql@15-main",
            "echo nonsense = 1 > /etc/postgresql/15/main/conf.d/bad.conf",
            "rm /etc/postgresql/15/main/conf.d/bad.conf",
        ),
        (
            "postgresql@15-main",
            "echo nonsense >> /etc/postgresql/15/main/pg_hba.conf",
            "sed -i /^nonsense/d /etc/postgresql/15/main/pg_hba.conf",
        ),
        (
            "postgresql",
            "echo \"work_mem = 'x'\" > /etc/postgresql/15/main/conf.d/bad.conf",
            "rm /etc/postgresql/15/main/conf.d/bad.conf",
        ),
    ],
)
def test_a_configuration_test_finds_what_only_the_next_start_would(host, name, spoil, mend):
    send("/root/configuration", service.config_test(name).encode())
    lab.must(HOST, "cd /; sh -eu /root/configuration")
    lab.must(HOST, spoil)
    try:
        assert lab.exec(HOST, "cd /; sh -eu /root/configuration")[0] != 0
    finally:
        lab.must(HOST, mend)
    lab.must(HOST, "cd /; sh -eu /root/configuration")


def test_waiting_for_steady_answers_ends_at_its_limit(host):
    for script, code in (
        (service.wait_steady(HEALTH, names="1.0.0", within_s=20), 0),
        (service.wait_steady(HEALTH, names="1.0", within_s=3), 1),
    ):
        send("/root/steady", script.encode())
        assert lab.exec(HOST, "timeout 15 sh -eu /root/steady")[0] == code
