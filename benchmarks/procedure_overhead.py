"""A procedure's own time over the bare `apt-get` that it wraps, waiting for people left out.

    python -m benchmarks.procedure_overhead [--rounds 3] [--packages nginx]

On one lab host, in turns: (a) plain `ssh host sudo apt-get install --only-upgrade PACKAGES`; (b) the change carried out by Standfast, planned, rehearsed
and approved before. Of (b) two figures are taken: the whole of carrying out (locks, drift check, steps, verification, comparison, documents, seal), and
per step what our side took beyond what the target's own clock says the step took.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from deployments.lab import lab
from deployments.orchestrator import Orchestrator


def bare(packages: list[str]) -> float:
    """Seconds of the bare upgrade over ssh, lists fresh."""
    lab.reset("web1")
    host = lab.host("web1")
    ssh = ["ssh", "-p", str(host.port), "-i", str(lab.folder / "ssh" / "id_ed25519"), "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=no",
           "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR", "ops@127.0.0.1"]
    subprocess.run([*ssh, "sudo apt-get -qq update"], check=True, capture_output=True)
    began = time.monotonic()
    subprocess.run([*ssh, "sudo DEBIAN_FRONTEND=noninteractive apt-get -y -qq install --only-upgrade " + " ".join(packages)], check=True,
                   capture_output=True)
    return time.monotonic() - began


def ours(packages: list[str], server: Orchestrator) -> dict:
    """Seconds of carrying the same upgrade out, by part."""
    from reports.records import Plan
    from tests.live.drive import Desk

    lab.reset("web1")
    desk = Desk.open(lab, Path(tempfile.mkdtemp(prefix="standfast-benchmark-")), server.environment)
    number = desk.approved(kind="packages", scope="listed", packages=packages, rehearse_on="web2")
    began = time.monotonic()
    done = desk.run("carry-out", number)
    whole = time.monotonic() - began
    assert done.returncode == 0, done.stderr
    journal = desk.journal(number)
    begun = {e.step: e.at for e in journal if e.event == "step begun"}
    ended = {e.step: (e.at, e.detail["seconds"]) for e in journal if e.event == "step ended"}
    per_step = [(ended[n][0] - begun[n]).total_seconds() - ended[n][1] for n in begun]
    first, last = min(begun.values()), max(at for at, _ in ended.values())
    steady = sum(check.steady_s for check in desk.archive.load(number, "plan", "1", Plan).acceptance)
    accepted = max(e.at for e in journal if e.event == "accepted" and e.at > last)
    return {"whole": whole, "work": sum(s for _, s in ended.values()), "per_step": per_step,
            "before the first step": (first - journal[[e.event for e in journal].index("lock asked")].at).total_seconds(),
            "acceptance": (accepted - last).total_seconds() - steady, "after acceptance": (journal[-1].at - accepted).total_seconds()}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--packages", nargs="+", default=["nginx"])
    given = parser.parse_args()
    lab.up()
    with tempfile.TemporaryDirectory() as home:
        server = Orchestrator(Path(home), port=4400)
        server.start_server(print)
        try:
            rows = [(bare(given.packages), ours(given.packages, server)) for _ in range(given.rounds)]
        finally:
            server.stop()
    def middle(values):
        return round(statistics.median(values), 2)
    table = {
        "bare apt-get over ssh, s": middle([b for b, _ in rows]),
        "carrying out, the steps' own work, s": middle([o["work"] for _, o in rows]),
        "carrying out, whole command, s": middle([o["whole"] for _, o in rows]),
        "ours per step beyond its work, s (median)": middle([s for _, o in rows for s in o["per_step"]]),
        "ours per step beyond its work, s (worst)": round(max(s for _, o in rows for s in o["per_step"]), 2),
        "lock, drift check, delivery, s": middle([o["before the first step"] for _, o in rows]),
        "acceptance on the live system beside the time for which the plan wants it steady, s": middle([o["acceptance"] for _, o in rows]),
        "compare, documents, seal, s": middle([o["after acceptance"] for _, o in rows]),
        "rounds": given.rounds, "packages": given.packages,
    }
    json.dump(table, sys.stdout, indent=2, ensure_ascii=False)
    print()


if __name__ == "__main__":
    main()
