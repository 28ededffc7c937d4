"""Whether a database notices that it is inspected: transactions a second and their delay, with and without inspections going on (R135).

    python -m benchmarks.database_under_inspection [--rounds 3] [--seconds 20]

pgbench works on a lab host's PostgreSQL with two clients. In every other turn the whole catalogue of database checks is read all the time, with
a second between two readings; a customer's database is read once a quarter. The reader's own processor time, which on a lab comes from the same
processors as the database's, is spent in the quiet turns, too, by a process that does nothing else.
"""

from __future__ import annotations

import argparse
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from deployments.lab import lab

READER = """
import os, sys, time
from blocks import lookup
from tasks.checks.catalogue import database_checks
from tasks.checks.kinds import Known
from tasks import desk
from tasks.databases import read_database
access = lookup.find_database("web1-postgresql")
checks = database_checks(access.kind)
limits = {check.id: check.limits for check in checks}
count, until = 0, time.monotonic() + float(sys.argv[1])
began = time.process_time()
while time.monotonic() < until:
    read = read_database(access, checks, limits, lambda check: Known(now=desk.now(), expected=access.expected))
    assert not read.problem, read.problem
    count += 1
    time.sleep(1)
print(count, time.process_time() - began)
"""
IDLER = """
import sys, time
share, until = float(sys.argv[2]), time.monotonic() + float(sys.argv[1])
while time.monotonic() < until:
    begun = time.process_time()
    while time.process_time() - begun < share / 10:
        pass
    time.sleep(max(0, 0.1 - share / 10))
"""


def load(seconds: int) -> tuple[float, float]:
    """Transactions a second, and milliseconds within which 95 of 100 were done."""
    said = lab.must("web1", f"cd /tmp && rm -f delays.*; runuser -u postgres -- /usr/lib/postgresql/15/bin/pgbench -n -c 2 -T {seconds} -l "
                            "--log-prefix=delays bench 2>&1; sort -n -k3,3 delays.* | awk '{a[NR]=$3} END {print \"p95\", a[int(NR*0.95)]}'", seconds + 60)
    return float(re.search(r"tps = ([0-9.]+)", said)[1]), int(re.search(r"p95 (\d+)", said)[1]) / 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=20)
    given = parser.parse_args()
    lab.reset("web1")
    lab.must("web1", "cd /tmp && runuser -u postgres -- createdb bench && "
                     "runuser -u postgres -- /usr/lib/postgresql/15/bin/pgbench -q -i -s 10 bench 2>&1", 300)
    environment = {**os.environ, "STANDFAST_INVENTORY": str(lab.inventory)}
    turns: dict[str, list[tuple[float, float]]] = {"quiet": [], "inspected": []}
    share, readings = 0.2, 0
    with tempfile.TemporaryDirectory() as home:
        code = {"inspected": Path(home) / "reader.py", "quiet": Path(home) / "idler.py"}
        code["inspected"].write_text(READER)
        code["quiet"].write_text(IDLER)
        for _ in range(given.rounds):
            for turn in ("inspected", "quiet"):
                arguments = [str(given.seconds + 4), *([] if turn == "inspected" else [str(share)])]
                beside = subprocess.Popen([sys.executable, str(code[turn]), *arguments], stdout=subprocess.PIPE, text=True,
                                          env={**environment, "PYTHONPATH": os.getcwd()})
                time.sleep(4)  # its start
                turns[turn].append(load(given.seconds))
                said = beside.communicate(timeout=60)[0]
                if turn == "inspected":
                    readings, cpu = int(said.split()[0]), float(said.split()[1])
                    share = cpu / (given.seconds + 4)
                print(turn, turns[turn][-1], file=sys.stderr)
    print(f"{readings} readings in {given.seconds} s, {given.rounds} rounds, medians\n\n| | transactions a second | 95 of 100 within, ms |\n|---|--:|--:|")
    for turn, found in turns.items():
        print(f"| {turn} | {statistics.median(t for t, _ in found):.0f} | {statistics.median(d for _, d in found):.1f} |")


if __name__ == "__main__":
    main()
