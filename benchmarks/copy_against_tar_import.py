"""A simulated copy against the plainest way there is: `ssh host tar | docker import` (R174: at most 1.3 times its time).

    python benchmarks/copy_against_tar_import.py [--host web1] [--rounds 3]

Both ways take turns, because the machine may be busy with other things, and both read the host with the same low priority.
The plain way copies everything, secrets and a database that will not start; the copy ends when the host's services run in it.
Reports seconds and MiB of each round and the medians.
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

from blocks.host_access import HostAccess
from blocks.sandbox import Sandbox
from tasks.lifecycle import read_survey
from tasks.sandbox.engine import Engine
from tasks.simulated_copy import make_copy, remove_copy

LAB = Path(os.environ.get("STANDFAST_LAB") or Path(__file__).parents[1] / ".lab")
NUMBER, PLAIN = "CHG-BENCH", "standfast-bench-plain:1"


def plain(host: HostAccess, engine: Engine) -> tuple[float, int]:
    """Seconds and bytes of `ssh tar | docker import`."""
    with tempfile.NamedTemporaryFile("w") as known:
        known.write(host.known_host_line() + "\n")
        known.flush()
        command = [
            "ssh",
            "-o",
            f"UserKnownHostsFile={known.name}",
            "-o",
            "BatchMode=yes",
            "-i",
            host.key_file or "",
            "-p",
            str(host.port),
            f"{host.user}@{host.address}",
            "sudo -n nice -n 10 ionice -c3 tar -C / -cf - --one-file-system --numeric-owner --xattrs --acls "
            "--exclude=./proc/* --exclude=./sys/* --exclude=./dev/* --exclude=./run/* --exclude=./tmp/* . 2>/dev/null",
        ]
        began = time.monotonic()
        tar = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        done = subprocess.run(
            ["docker", "-H", engine.address, "import", "-", PLAIN],
            stdin=tar.stdout,
            capture_output=True,
            timeout=1800,
            check=True,
        )
        tar.wait(timeout=30)
        seconds = time.monotonic() - began
    size = int(engine.run("image", "inspect", "-f", "{{.Size}}", done.stdout.decode().strip()))
    engine.run("rmi", "-f", PLAIN)
    return seconds, size


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--host", default="web1")
    options.add_argument("--rounds", type=int, default=3)
    chosen = options.parse_args()
    host = HostAccess(
        **next(h for h in yaml.safe_load((LAB / "inventory.yaml").read_text())["hosts"] if h["name"] == chosen.host)
    )
    sandbox = Sandbox()
    engine = Engine(sandbox.engine)
    survey = read_survey(host, "before")
    times: dict[str, list[float]] = {"plain": [], "copied": [], "serving": []}
    for number in range(1, chosen.rounds + 1):
        seconds, size = plain(host, engine)
        times["plain"].append(seconds)
        marks: dict[str, float] = {}
        began = time.monotonic()

        def say(line: str, marks: dict[str, float] = marks, began: float = began) -> None:
            marks[line] = time.monotonic() - began
            print(f"  {marks[line]:6.1f} s  {line}", flush=True)

        try:
            _, copy = make_copy(host, sandbox, number=NUMBER, survey=survey, say=say)
        finally:
            remove_copy(sandbox, number=NUMBER, host=host, say=lambda _: None)
        times["copied"].append(marks["the copy starts"])
        times["serving"].append(copy.seconds)
        print(
            f"round {number}: plain {seconds:.1f} s, {size >> 20} MiB; copy {marks['the copy starts']:.1f} s to copied, "
            f"{copy.seconds:.1f} s to serving, {copy.bytes_read >> 20} MiB of {copy.bytes_in_use >> 20} MiB in use",
            flush=True,
        )
    middle = {name: statistics.median(values) for name, values in times.items()}
    print(
        f"medians: plain {middle['plain']:.1f} s, "
        f"copied {middle['copied']:.1f} s ({middle['copied'] / middle['plain']:.2f} times), "
        f"serving {middle['serving']:.1f} s ({middle['serving'] / middle['plain']:.2f} times)"
    )


if __name__ == "__main__":
    main()
