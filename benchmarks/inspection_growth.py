"""Time and memory of an inspection from 10 to 400 hosts: both should grow as the hosts do (R123-R134).

    python -m benchmarks.inspection_growth [--hosts 10 40 100 400] [--containers 20]

Simulated hosts share the lab's containers. Their own work is done by the same processors, so the wall time is mostly theirs; our CPU and memory are
what counts.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.inspection_against_tools import OURS, fleet
from deployments.orchestrator import Orchestrator


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--hosts", type=int, nargs="+", default=[10, 40, 100, 400])
    parser.add_argument("--containers", type=int, default=20)
    given = parser.parse_args()
    home = Path(tempfile.mkdtemp(prefix="standfast-benchmark-"))
    server = Orchestrator(home / "prefect", port=4820)
    server.start_server(print)
    lines = []
    try:
        for count in given.hosts:
            folder = home / str(count)
            folder.mkdir()
            inventory = fleet(count, -(-count // min(count, given.containers)), folder)
            environment = {**os.environ, **server.environment, "STANDFAST_INVENTORY": str(inventory)}
            done = subprocess.run([sys.executable, "-c", OURS], env=environment, capture_output=True, text=True, timeout=3000)
            assert done.returncode == 0, done.stderr[-2000:]
            found = json.loads(done.stdout.strip().splitlines()[-1])
            lines.append(f"| {count} | {found['rows']:.1f} | {1000 * found['rows'] / count:.0f} | {1000 * found['cpu'] / count:.0f} | "
                         f"{found['sealed'] - found['rows']:.1f} | {found['memory']:.0f} |")
            print(lines[-1], flush=True)
    finally:
        server.stop()
    print("\n| Hosts | every row in the archive, s | ms a host | our CPU, ms a host | then the report, s | memory, MiB |\n|--:|--:|--:|--:|--:|--:|")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
