"""A migration under write load: seconds of refused writes, and its time against plain pg_basebackup and pgcopydb.

    python -m benchmarks.migration_downtime [--gib 0.1] [--without-rehearsal]

On two lab hosts. A client posts orders through the front door, one after the other; each is acknowledged once it is committed and written
to a file. The downtime is the longest time between two acknowledged orders. Afterwards the new host is asked for every acknowledged order: none may be missing.
Before it, on the same pair through such a tunnel, an empty folder is filled by plain pg_basebackup, and an empty database by pgcopydb clone
(if apt has it).
--without-rehearsal carries the same steps out without a flow around them; for sizes at which a copy takes too long.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path

from deployments.lab import lab
from deployments.orchestrator import Orchestrator
from tests.live import moving
from tests.live.drive import Desk

ROWS_PER_GIB = 7_000_000  # of the table below, with its index


def fill(gib: float) -> float:
    """Make the old host's database that large; returns its size in GiB."""
    lab.must("web1", f"""su postgres -c "psql -q orders -c 'create table archive as select n, md5(n::text) || md5((n + 1)::text) as text
      from generate_series(1, {int(gib * ROWS_PER_GIB)}) as n' -c 'create index on archive (n)' -c checkpoint" """, limit_s=3600)
    return int(lab.must("web1", "su postgres -c \"psql -At -c 'select sum(pg_database_size(oid)) from pg_database'\"")) / 2**30


def bare() -> dict[str, float]:
    """Seconds of the plain tools, from the new host, through a tunnel of its own."""
    host = lab.host("web1")
    inside = lab.must("web1", "hostname -I").split()[0]
    key = Path(host.key_file).read_text()
    lab.must("web1", "su postgres -c \"psql -q -c \\\"create role bench login superuser password 'bench'\\\"\"")
    lab.must("web2", f"""install -d -m 700 /root/bench; cat >/root/bench/key <<'END'
{key}END
chmod 600 /root/bench/key
ssh -f -N -i /root/bench/key -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -L 127.0.0.1:28500:127.0.0.1:5432 ops@{inside} \
  >/dev/null 2>&1 </dev/null""")
    times = {}
    try:
        began = time.monotonic()
        lab.must("web2", "PGPASSWORD=bench pg_basebackup -h 127.0.0.1 -p 28500 -U bench -D /root/bench/data -X stream -c fast", limit_s=7200)
        times["plain pg_basebackup, s"] = round(time.monotonic() - began, 1)
        if lab.exec("web2", "apt-get -qq -y install pgcopydb >/dev/null 2>&1", limit_s=300)[0] == 0:
            lab.must("web2", "su postgres -c 'createdb bench'")
            began = time.monotonic()
            code, out = lab.exec("web2", """cd /tmp; su postgres -c "pgcopydb clone --no-owner --no-acl --dir /tmp/pgcopydb --restart \
              --source postgres://bench:bench@127.0.0.1:28500/orders --target 'postgres:///bench?host=/var/run/postgresql'" 2>&1""", limit_s=7200)
            times["pgcopydb clone, s"] = round(time.monotonic() - began, 1) if code == 0 else f"failed: {out.strip().splitlines()[-1][:200]}"
            lab.must("web2", "su postgres -c 'dropdb bench'; apt-get -qq -y purge pgcopydb >/dev/null 2>&1; rm -rf /tmp/pgcopydb")
    finally:
        lab.exec("web2", "pkill -f 28500:127.0.0.1; rm -rf /root/bench")
        lab.exec("web1", "su postgres -c \"psql -q -c 'drop role bench'\"")
    return times


def with_the_flow(desk: Desk) -> dict[str, float]:
    """The whole command, planned, rehearsed and approved before."""
    done = desk.run("plan", str(desk.request(**moving.request())), "--procedure", "system-migration", "--json")
    number = json.loads(done.stdout)["number"]
    done = desk.run("rehearse", number, limit_s=7200)
    assert done.returncode == 0, done.stderr[-2000:] + done.stdout[-2000:]
    desk.approve(number)
    began = time.monotonic()
    done = desk.run("carry-out", number, limit_s=7200)
    assert done.returncode == 0, done.stderr[-2000:]
    return {"whole command, s": round(time.monotonic() - began, 1),
            **{f"step {e.step}, s": e.detail["seconds"] for e in desk.journal(number, "step ended")}}


def steps_alone() -> dict[str, float]:
    """Every step, without a flow around them."""
    from tasks import carrying_out, lifecycle, peers, running
    from tasks import desk as the_desk
    from tasks.procedures import system_migration

    request = system_migration.complete(system_migration.Request(**moving.request()))
    number = lifecycle.open_change("system-migration", request.model_dump(mode="json"))
    plan = lifecycle.make_plan(number, 1, print)
    lifecycle.require_no_blockers(plan)
    hosts = [the_desk.host(name) for name in plan.targets]
    for host in hosts:
        running.deliver(host, plan, {})
    peers.introduce(hosts, number)
    began, times = time.monotonic(), {}
    for step in plan.steps:
        outcome = carrying_out.carry_out_step(number, step, lambda line: None)
        assert outcome.result in ("done", "nothing to do"), (step.key, outcome.problem.en, outcome.output[-500:])
        times[f"{step.key}, s"] = outcome.seconds
    return {"whole, s": round(time.monotonic() - began, 1), **times}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--gib", type=float, default=0.1)
    parser.add_argument("--without-rehearsal", action="store_true")
    given = parser.parse_args()
    lab.up()
    for name in ("web1", "web2"):
        lab.reset(name)
    moving.make_ready(lab)
    table: dict = {"database, GiB": round(fill(given.gib), 2), **bare()}
    home = Path(tempfile.mkdtemp(prefix="standfast-benchmark-"))
    server = Orchestrator(home / "prefect", port=4400)
    if not given.without_rehearsal:
        server.start_server(print)
    try:
        new_host = {"acceptance": [], "databases": [], "releases": []}
        desk = Desk.open(lab, home, {} if given.without_rehearsal else server.environment, web2=new_host)
        os.environ["STANDFAST_INVENTORY"] = str(home / "inventory.yaml")
        with moving.Writer(lab.host("web1").services["http"]) as writer:
            table |= steps_alone() if given.without_rehearsal else with_the_flow(desk)
            time.sleep(1)
    finally:
        if not given.without_rehearsal:
            server.stop()
    in_database, in_file, twice = moving.lost(lab, "web2", writer)
    table |= {"longest time between two acknowledged orders, s": round(writer.longest_gap_s(), 2), "orders acknowledged": len(writer.taken),
              "orders refused": len(writer.refused), "acknowledged and missing in the database": len(in_database),
              "acknowledged and missing in the file": len(in_file), "orders twice": twice}
    json.dump(table, sys.stdout, indent=2, ensure_ascii=False)
    print()


if __name__ == "__main__":
    main()
