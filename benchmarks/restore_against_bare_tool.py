"""A database restored from its backup against what one would type: tar over ssh, restore_command, start (aim: at most 1.2 times its time).

    python -m benchmarks.restore_against_bare_tool [--host web1] [--gib 0.2] [--rounds 3]        # --gib 5 for the real thing

Both begin with the same packed base backup and log on this machine and end when the server answers on the restored data. Ours also checks every file's
digest on arrival, builds beside the data in use, syncs, shuts down cleanly and proves it; users are shut out only during the switch, which is told, too.
The database is filled with rows that do not pack to nothing. Each round is undone; both ways take turns.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import yaml

LAB = Path(os.environ.get("STANDFAST_LAB") or Path(__file__).parents[1] / ".lab")
ROWS_PER_GIB = 1 << 20  # of 1 KiB
DATA = "/var/lib/postgresql/15/main"


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--host", default="web1")
    options.add_argument("--gib", type=float, default=0.2)
    options.add_argument("--rounds", type=int, default=3)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        content = yaml.safe_load((LAB / "inventory.yaml").read_text())
        next(host for host in content["hosts"] if host["name"] == chosen.host)["wal_kept_mib"] = 16384
        content["archives"] = [{"name": "default", "database": f"sqlite:///{folder}/archive.db", "store": f"{folder}/store", "signing_key": f"{folder}/key"}]
        Path(folder, "inventory.yaml").write_text(yaml.safe_dump(content, allow_unicode=True))
        os.environ["STANDFAST_INVENTORY"] = f"{folder}/inventory.yaml"
        measure(chosen.host, chosen.gib, chosen.rounds, Path(folder))


def measure(name: str, gib: float, rounds: int, folder: Path) -> None:
    from tasks import backing_up, backup_store, desk, running
    from tasks.planning.restore import plan_proof
    from tasks.remote import connected
    from tasks.requests import BackupRequest

    host = desk.host(name)

    def on_host(script: str, limit_s: int = 3600) -> str:
        with connected(host) as remote:
            return remote.run(f"set -eu\n{script}", timeout_s=limit_s).need("benchmark", name)

    on_host(f"""su postgres -c "psql -q -c 'drop database if exists filled' -c 'create database filled'"
su postgres -c "psql -q filled -c \\"create table filled as select n, (select string_agg(md5((n * 31 + k)::text), '') from generate_series(1, 30) k) as words
  from generate_series(1, {int(gib * ROWS_PER_GIB)}) n\\"" """)
    number = backing_up.open_backup(BackupRequest(customer=host.customer, hosts=[name]))
    began = time.monotonic()
    backup = backing_up.take(number, name, lambda line: None)
    packed = {file.kind: backup_store.folder(name, number) / file.name for file in backup.files}
    print(f"backup taken in {time.monotonic() - began:.1f} s; base {packed['base'].stat().st_size >> 20} MiB packed, "
          f"{next(f.unpacked_kib for f in backup.files if f.kind == 'base') >> 10} MiB unpacked", flush=True)
    point = backup.servers[0].point
    times: dict[str, list[float]] = {"bare": [], "ours": [], "switch": []}
    for count in range(1, rounds + 1):
        times["bare"].append(bare(host, packed, point, folder, on_host))
        media = {file.name: backup_store.medium_of(backup, file) for file in backup.files if file.kind in ("base", "log")}
        plan = plan_proof(backup, media)
        plan = plan.model_copy(update={"change": f"CHG-20260101-{count:03d}", "steps": tuple(step for step in plan.steps if step.key != "unpack-files")})
        began = time.monotonic()
        running.deliver(host, plan, {name_: backup_store.path_of(medium) for name_, medium in media.items()})
        for step in plan.steps:
            outcome = running.attempt(host, plan.change, step, "carry out", 1, lambda line: None)
            if outcome.result != "done":
                raise SystemExit(f"{step.key}: {outcome.problem.en}")
        times["ours"].append(time.monotonic() - began)
        times["switch"].append(outcome.seconds)
        for step in reversed(plan.steps):
            if step.undo:
                running.attempt(host, plan.change, step, "undo", 1, lambda line: None)
        on_host(f"rm -rf {DATA}.after-* /var/lib/standfast/changes/{plan.change}")
        print(f"round {count}: bare {times['bare'][-1]:.1f} s, ours {times['ours'][-1]:.1f} s, of these the switch {times['switch'][-1]:.1f} s", flush=True)
    middle = {key: statistics.median(values) for key, values in times.items()}
    print(f"medians: bare {middle['bare']:.1f} s, ours {middle['ours']:.1f} s ({middle['ours'] / middle['bare']:.2f} times), switch {middle['switch']:.1f} s")
    on_host("""su postgres -c "psql -q -c 'drop database filled'" """)


def bare(host, packed: dict[str, Path], point: str, folder: Path, on_host) -> float:
    """Seconds of what the manual says: stop, move away, unpack through ssh, restore_command, start, wait."""
    known = folder / "known_hosts"
    known.write_text(host.known_host_line() + "\n")
    ssh = ["ssh", "-o", f"UserKnownHostsFile={known}", "-o", "BatchMode=yes", "-i", host.key_file or "", "-p", str(host.port), f"{host.user}@{host.address}"]

    def over_ssh(script: str, source: Path | None = None) -> None:
        with (source or Path(os.devnull)).open("rb") as stdin:
            subprocess.run([*ssh, f"sudo -n sh -euc '{script}'"], stdin=stdin, check=True, capture_output=True, timeout=7200)

    began = time.monotonic()
    over_ssh(f"systemctl stop postgresql@15-main; mv {DATA} {DATA}.bare; install -d -m 700 -o postgres -g postgres {DATA} /var/lib/postgresql/log")
    over_ssh(f"runuser -u postgres -- tar -xzf - -C {DATA}", packed["base"])
    over_ssh("runuser -u postgres -- tar -xzf - -C /var/lib/postgresql/log", packed["log"])
    recovery = f"restore_command = 'cp /var/lib/postgresql/log/%f %p'\nrecovery_target_name = '{point}'\nrecovery_target_action = promote\n"
    on_host(f"""cat >>{DATA}/postgresql.auto.conf <<'SETTINGS'
{recovery}SETTINGS
touch {DATA}/recovery.signal; chown postgres: {DATA}/recovery.signal
systemctl start postgresql@15-main
until [ "$(su postgres -c "psql -XAtqc 'select not pg_is_in_recovery()'" 2>/dev/null)" = t ]; do sleep 0.1; done""")
    seconds = time.monotonic() - began
    on_host(f"systemctl stop postgresql@15-main; rm -rf {DATA} /var/lib/postgresql/log; mv {DATA}.bare {DATA}; systemctl start postgresql@15-main")
    return seconds


if __name__ == "__main__":
    main()
