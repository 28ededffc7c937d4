"""Twenty hosts upgraded in batches, against Ansible upgrading the same packages in the same batches.

    python -m benchmarks.fleet_against_ansible [--hosts 20] [--rounds 2]

Needs `ansible-playbook` on the path (PyPI: ansible-core, in an environment of its own). Both work on the same lab nodes, made afresh before each
turn, package lists fresh on both sides, first one host as canary, then all others at once. Ansible only upgrades; Standfast also stages and checks the
media, keeps the old versions, saves the configuration, verifies and proves each step, compares with before, writes both papers and seals the archive.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml

from deployments.lab import lab
from deployments.orchestrator import Orchestrator

PLAYBOOK = """
- hosts: all
  gather_facts: false
  become: true
  serial: [1, "100%"]
  tasks:
    - ansible.builtin.apt: {name: nginx, state: latest, only_upgrade: true}
    - ansible.builtin.service: {name: nginx, state: restarted}
    - ansible.builtin.uri: {url: "http://127.0.0.1/"}
"""


def fresh(names: list[str]) -> None:
    for name in names:
        lab.reset(name)
        lab.must(name, "apt-get -qq update", 300)


def ansible(names: list[str], folder: Path) -> float:
    fresh(names)
    key = str(lab.folder / "ssh" / "id_ed25519")
    known = folder / "known_hosts"
    hosts = {}
    for name in names:
        host = lab.host(name)
        hosts[name] = {"ansible_host": host.address, "ansible_port": host.port, "ansible_user": host.user, "ansible_ssh_private_key_file": key}
        known.open("a").write(f"[{host.address}]:{host.port} {host.host_key}\n")
    (folder / "hosts.yaml").write_text(yaml.safe_dump({"all": {"hosts": hosts, "vars": {"ansible_ssh_common_args": f"-o UserKnownHostsFile={known}"}}}))
    (folder / "play.yaml").write_text(PLAYBOOK)
    (folder / "ansible.cfg").write_text("[defaults]\nforks=20\n[ssh_connection]\npipelining=true\n")
    began = time.monotonic()
    done = subprocess.run(["ansible-playbook", "-i", "hosts.yaml", "play.yaml"], cwd=folder, capture_output=True, text=True, timeout=1800)
    assert done.returncode == 0, done.stdout[-2000:]
    return time.monotonic() - began


def ours(names: list[str], folder: Path, server: Orchestrator) -> float:
    from tests.live.drive import Desk

    fresh(names)
    lab.reset("node99")
    folder.mkdir(exist_ok=True)
    desk = Desk.open(lab, folder, server.environment)
    number = desk.approved(kind="middleware", scope="listed", packages=["nginx"], hosts=names, rehearse_on="node99", canaries=1, batch_size=len(names))
    began = time.monotonic()
    done = desk.run("carry-out", number, limit_s=1800)
    assert done.returncode == 0, done.stderr[-2000:]
    return time.monotonic() - began


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--hosts", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=2)
    given = parser.parse_args()
    if shutil.which("ansible-playbook") is None:
        sys.exit("ansible-playbook is not on the path; install ansible-core from PyPI in an environment of its own")
    names = [f"node{n}" for n in range(1, given.hosts + 1)]
    lab.up([*names, "node99"])
    with tempfile.TemporaryDirectory() as home:
        server = Orchestrator(Path(home) / "prefect", port=4400)
        server.start_server(print)
        try:
            rows = []
            for n in range(given.rounds):
                (Path(home) / f"a{n}").mkdir()
                rows.append((ansible(names, Path(home) / f"a{n}"), ours(names, Path(home) / f"o{n}", server)))
        finally:
            server.stop()
    json.dump({"hosts": given.hosts, "rounds": given.rounds, "ansible, s": round(statistics.median(a for a, _ in rows), 1),
               "standfast, carrying out, s": round(statistics.median(o for _, o in rows), 1)}, sys.stdout, indent=2)
    print()


if __name__ == "__main__":
    main()
