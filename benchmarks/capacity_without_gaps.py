"""Whether anybody notices that a file system grows, or that a node is added: a client asks 100 times a second all the while.

    python -m benchmarks.capacity_without_gaps [--per-s 100] [--only growing node]

On lab hosts, each as a whole change, approved before: (a) XFS and btrfs grow under a page that nginx serves from them, with a writer beside it;
(b) a node that was built is added behind nginx, little traffic first, then its weight; and (c) taken out again. Told are failed requests, the
slowest answer, and how long the change took.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

from deployments.lab import engine, lab
from deployments.orchestrator import Orchestrator

WRITER = "systemd-run -q --unit=writer sh -c 'while :; do dd if=/dev/zero of={mount}/written bs=64k count=64 conv=fsync 2>/dev/null; sleep 0.1; done'"
PAGE = "mkdir -p {mount}/page; echo well >{mount}/page/index.html; chmod -R a+rX {mount}"
SERVED = """printf 'server { listen 81; root %s/page; }\\n' MOUNT >/etc/nginx/conf.d/page.conf; systemctl reload nginx"""
BALANCED = """printf 'upstream pages {\\n    server %s;\\n}\\nserver { listen 82; location / { proxy_pass http://pages; } }\\n' OLD \\
  >/etc/nginx/conf.d/pages.conf
systemctl reload nginx"""


def address_of(name: str) -> str:
    """The host as its neighbours reach it."""
    return engine.text("inspect", "-f", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", lab.host(name).container)


def opened(desk, **request) -> str:
    """A change that is approved; returns its number."""
    done = desk.run("plan", str(desk.request(**request)), "--procedure", "capacity-expansion", "--json")
    assert done.returncode == 0, done.stderr + done.stdout
    number = json.loads(done.stdout)["number"]
    done = desk.run("rehearse", number, limit_s=900)
    assert done.returncode == 0, done.stderr + done.stdout
    desk.approve(number)
    return number


def watched(desk, number: str, host: str, port: int, per_s: int) -> dict:
    """Carry it out while the client asks; returns what the client saw."""
    from tests.live.asking import Asking

    with Asking(host, port, per_s=per_s) as client:
        time.sleep(2)
        began = time.monotonic()
        done = desk.run("carry-out", number, "--json", limit_s=900)
        took = time.monotonic() - began
        time.sleep(2)
    assert done.returncode == 0, done.stderr[-2000:] + done.stdout
    return {"requests": len(client.seconds) + len(client.failed), "failed": len(client.failed), "why": client.failed[:3],
            "slowest, s": round(max(client.seconds), 2), "median, ms": round(1000 * statistics.median(client.seconds), 1), "change, s": round(took, 1)}


def growing(desk, kind: str, per_s: int) -> dict:
    mount = f"/srv/{kind}"
    lab.add_disk("disk1", mount, kind, 320)
    lab.must("disk1", PAGE.format(mount=mount) + "\n" + SERVED.replace("MOUNT", mount) + "\n" + WRITER.format(mount=mount))
    lab.enlarge_disk("disk1", mount, 512)
    number = opened(desk, hosts=["disk1"], file_system={"mount": mount, "free_mib": 380, "free_pct": 0})
    try:
        return watched(desk, number, address_of("disk1"), 81, per_s)
    finally:
        lab.exec("disk1", "systemctl stop writer")


def node(desk, per_s: int) -> tuple[dict, dict]:
    """Added, and taken out again. node1 balances and serves the page itself; node2 is new."""
    lab.must("node1", BALANCED.replace("OLD", "127.0.0.1:80"))
    number = opened(desk, hosts=[], node={"host": "node2", "balancer": "node1", "file": "/etc/nginx/conf.d/pages.conf", "group": "pages",
                                          "address": f"{address_of('node2')}:80", "packages": ["nginx"], "services": ["nginx.service"],
                                          "health": "http://127.0.0.1/", "through": "http://127.0.0.1:82/"})
    added = watched(desk, number, address_of("node1"), 82, per_s)
    back = desk.run("back-out", number, "--reason", "benchmark", "--requester", "张工", "--json")
    assert back.returncode == 6, back.stderr + back.stdout
    undoing = json.loads(back.stdout)["number"]
    desk.approve(undoing)
    return added, watched(desk, undoing, address_of("node1"), 82, per_s)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--per-s", type=int, default=100)
    parser.add_argument("--only", nargs="+", choices=["growing", "node"], default=["growing", "node"])
    given = parser.parse_args()
    names = [*(["disk1"] if "growing" in given.only else []), *(["node1", "node2"] if "node" in given.only else [])]
    for name in names:
        lab.reset(name)
    from tests.live.drive import Desk

    with tempfile.TemporaryDirectory() as home:
        server = Orchestrator(Path(home), port=4450)
        server.start_server(print)
        try:
            desk = Desk.open(lab, Path(tempfile.mkdtemp(prefix="standfast-benchmark-")), server.environment)
            rows = {}
            if "growing" in given.only:
                rows |= {kind: growing(desk, kind, given.per_s) for kind in ("xfs", "btrfs")}
            if "node" in given.only:
                rows["node added"], rows["node taken out"] = node(desk, given.per_s)
        finally:
            server.stop()
            lab.remove(*names)
    print(json.dumps(rows, indent=1))
    sys.exit(any(row["failed"] for row in rows.values()))


if __name__ == "__main__":
    main()
