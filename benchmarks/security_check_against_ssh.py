"""A security check of hosts against the whole baseline, against one plain `ssh` a host that runs the same script as root.

    python -m benchmarks.security_check_against_ssh [--hosts 20] [--share 1] [--rounds 3]

--share: so many simulated hosts share one container. Both ask every control of level 3. The floor saves each answer as it came; ours is the flow
against a Prefect server: from its start until every control of every host is judged and in the archive, and until the report in two languages is
sealed. The two take turns.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
from pathlib import Path

import yaml

from benchmarks.inspection_against_tools import fleet, openssh, ours, timed
from deployments.orchestrator import Orchestrator
from tasks.checks.reading import host_script
from tasks.controls.catalogue import host_controls

LEVEL = 3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--hosts", type=int, default=20)
    parser.add_argument("--share", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="standfast-benchmark-"))
    inventory = fleet(given.hosts, given.share, folder)
    content = yaml.safe_load(inventory.read_text())
    content["customers"][0]["baseline"] = {"level": LEVEL}
    inventory.write_text(yaml.safe_dump(content, allow_unicode=True))
    hosts = content["hosts"]
    known = folder / "known_hosts"
    known.write_text("".join(f"[{h['address']}]:{h['port']} {h['host_key']}\n" for h in hosts))
    controls = host_controls(LEVEL)
    script = host_script(controls, "benchmark0123456789", {"watched": hosts[0]["watched"]}).encode()
    server = Orchestrator(folder / "prefect", port=4850)
    server.start_server(lambda line: print(line, file=sys.stderr))
    environment = {**os.environ, **server.environment, "STANDFAST_INVENTORY": str(inventory)}
    floors, runs = [], []
    try:
        for round_ in range(given.rounds):
            runs.append(ours("security_check", environment))
            floors.append(timed(lambda: openssh(hosts, script, folder, known)))
            print(f"round {round_ + 1}: ssh {floors[-1][0]:.2f} s, ours {runs[-1]}", file=sys.stderr)
    finally:
        server.stop()
    floor = statistics.median(seconds for seconds, _ in floors)
    print(f"{given.hosts} hosts on {-(-given.hosts // given.share)} containers, {len(controls)} controls each, {given.rounds} rounds, medians\n")
    print("| Way | wall s | ÷ ssh | our CPU, ms a host |\n|---|--:|--:|--:|")
    print(f"| ssh, one process a host, which runs the same script | {floor:.2f} | 1.00 | "
          f"{1000 * statistics.median(cpu for _, cpu in floors) / given.hosts:.0f} |")
    for key, label in (("rows", "Standfast, until every row is in the archive"), ("sealed", "Standfast, until the report is sealed")):
        wall = statistics.median(run[key] for run in runs)
        cpu = f"{1000 * statistics.median(run['cpu'] for run in runs) / given.hosts:.0f}" if key == "rows" else ""
        print(f"| {label} | {wall:.2f} | {wall / floor:.2f} | {cpu} |")


if __name__ == "__main__":
    main()
