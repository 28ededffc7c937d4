"""An inspection of a fleet against plain OpenSSH, pyinfra and Ansible, which run the very same script on the same hosts in the same run.

    python -m benchmarks.inspection_against_tools [--hosts 40] [--share 4] [--rounds 3] [--checks 40] [--tools DIR] [--each] [--only mitogen]

--share: so many simulated hosts share one container. --checks: about so many of the catalogue, evenly taken; 0: all.
--tools: the bin folder of an environment with ansible-core, pyinfra and perhaps mitogen (from PyPI). --each: also with a fact or task for each
command. --only: ours, the floor, and ways with one of these words in their names.
The floor is one `ssh` process a host, 40 at a time, that runs the script of all checks as root and saves its answer. Ours is the flow run against a
Prefect server: from its start until every row is in the archive, and until the report is sealed. CPU is that of our process and its children;
orchestration is what ours takes beyond the same reading and filing without Prefect, and beyond
the drawing library, which is loaded for the report while the hosts answer.
The ways take turns, because the machine may be busy with other things.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shlex
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import yaml

from deployments.lab import lab
from deployments.orchestrator import Orchestrator
from reports.archive import Archive
from tasks.checks.catalogue import host_checks
from tasks.checks.reading import _WORDS, host_script

AT_ONCE = 40
OURS = """
import asyncio, importlib, json, resource, sys, time
from concurrent.futures import ThreadPoolExecutor
from tasks.checks import catalogue
procedure, few = sys.argv[1], catalogue.host_checks()[::int(sys.argv[2])]
catalogue.host_checks = lambda: few
flow = getattr(importlib.import_module(f"flows.{procedure}"), procedure)
from flows.parts import inspection as parts
from blocks import inventory_file
from reports.archive import inspections
from tasks import desk, inspection
from tasks.requests import InspectionRequest, SecurityRequest
inventory_file._Reading._same_host = lambda *_: None  # it refuses a host under two names; simulated hosts share their containers
began, cpu = time.monotonic(), sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
filed, reading = [], []
read = inspection.read_one
def timed(*given, **more):
    reading.append(time.monotonic() - began)
    try:
        return read(*given, **more)
    finally:
        reading.append(time.monotonic() - began)
inspection.read_one = timed
charts = []
draw = parts.get_ready
def drawn():
    before = time.thread_time()
    draw(); charts.append(time.thread_time() - before)
parts.get_ready = drawn
keep = inspections.file_targets
def watched(*given):
    keep(*given); filed.append((time.monotonic() - began, sum(resource.getrusage(resource.RUSAGE_SELF)[:2]) - cpu))
inspections.file_targets = watched
request = (SecurityRequest if procedure == "security_check" else InspectionRequest)(customer="bureau", reason="benchmark")
if "bare" in sys.argv:  # the same reading and filing, and no Prefect
    number = inspection.open_inspection(procedure.replace("_", "-"), request)
    handfuls = inspection.handfuls(inspection.missing(number))
    with ThreadPoolExecutor(len(handfuls)) as pool:
        list(pool.map(lambda names: inspection.read_targets(number, names, print), handfuls))
else:
    asyncio.run(flow(request, return_state=True))
rows = inspections.newest(desk.archive(), "bureau", procedure.replace("_", "-"))
reads = inspections.reads_of(desk.archive(), rows)
assert not any(read.problem for read in reads), [read.problem for read in reads if read.problem][:1]
print(json.dumps({"rows": filed[-1][0], "cpu": filed[-1][1], "sealed": time.monotonic() - began, "targets": len(reads),
                  "first": min(reading), "last": max(reading),
                  "charts": sum(charts), "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))
"""


def fleet(count: int, share: int, folder: Path) -> Path:
    """An inventory of `count` hosts on as few containers as `share` allows."""
    names = [f"node{n}" for n in range(1, -(-count // share) + 1)]
    lab.up(names)
    for name in names:
        lab.must(name, "echo 'MaxStartups 500' > /etc/ssh/sshd_config.d/benchmark.conf; systemctl reload ssh")
    content = yaml.safe_load(lab.inventory.read_text())
    real = {host["name"]: host for host in content["hosts"] if host["name"] in names}
    content["hosts"] = [{**real[names[n % len(names)]], "name": f"sim{n + 1}"} for n in range(count)]
    for others in ("databases", "devices", "endpoints"):
        content.pop(others, None)
    content["archives"] = [{"name": "default", "database": f"sqlite:///{folder}/archive.db", "store": str(folder / "store"),
                            "signing_key": str(folder / "signing.key")}]
    Archive.open(f"sqlite:///{folder}/archive.db", folder / "store", folder / "signing.key").dispose()  # made once, not by an inspection
    path = folder / "inventory.yaml"
    path.write_text(yaml.safe_dump(content, allow_unicode=True))
    return path


def ours(procedure: str, environment: dict[str, str], every: int = 1, *how: str) -> dict:
    """One run of the flow in a process of its own: seconds until rows and report, CPU seconds, and the like. how: "bare": without Prefect."""
    done = subprocess.run([sys.executable, "-c", OURS, procedure, str(every), *how], env=environment, capture_output=True, text=True, timeout=3000)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.strip().splitlines()[-1])


def cpu_of(pid: int) -> float:
    """Seconds of CPU that a process and its children that ended have taken so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def timed(work) -> tuple[float, float]:
    """Seconds, and seconds of CPU of children that ended."""
    began, cpu = time.monotonic(), sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2])
    work()
    return time.monotonic() - began, sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2]) - cpu


def openssh(hosts: list[dict], script: bytes, folder: Path, known: Path, *options: str) -> None:
    def one(host: dict) -> None:
        done = subprocess.run(["ssh", *options, "-o", f"UserKnownHostsFile={known}", "-o", "BatchMode=yes", "-i", host["key_file"], "-p", str(host["port"]),
                               f"{host['user']}@{host['address']}", "sudo -n sh -s"], input=script, capture_output=True, timeout=300)
        assert b" complete" in done.stdout, done.stderr[-300:]
        (folder / f"{host['name']}.txt").write_bytes(done.stdout)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(one, hosts))


def ansible_inventory(hosts: list[dict], folder: Path, known: Path) -> None:
    inventory = {h["name"]: {"ansible_host": h["address"], "ansible_port": h["port"], "ansible_user": h["user"],
                             "ansible_ssh_private_key_file": h["key_file"]} for h in hosts}
    (folder / "hosts.yaml").write_text(yaml.safe_dump({"all": {"hosts": inventory, "vars": {"ansible_ssh_common_args": f"-o UserKnownHostsFile={known}"}}}))
    (folder / "ansible.cfg").write_text(f"[defaults]\nforks={AT_ONCE}\n[ssh_connection]\npipelining=true\n")


def play(tools: Path, folder: Path, tasks: list[dict], **settings: str) -> None:
    """Run these tasks on every host. settings: of Ansible, as environment variables."""
    (folder / "play.yaml").write_text(yaml.safe_dump([{"hosts": "all", "gather_facts": False, "become": True, "tasks": tasks}]))
    done = subprocess.run([tools / "ansible-playbook", "-i", "hosts.yaml", "play.yaml"], cwd=folder, env={**os.environ, **settings}, capture_output=True,
                          text=True, timeout=3000)
    assert done.returncode == 0, done.stdout[-1500:]


def ansible(tools: Path, folder: Path) -> None:
    play(tools, folder, [{"ansible.builtin.script": "script.sh", "register": "answer"},
                         {"ansible.builtin.copy": {"content": "{{ answer.stdout }}", "dest": "out-{{ inventory_hostname }}"}, "delegate_to": "localhost",
                          "become": False}])


def pyinfra(tools: Path, hosts: list[dict], folder: Path, known: Path) -> None:
    (folder / "inventory.py").write_text(f"hosts = {[(h['name'], {'ssh_hostname': h['address'], 'ssh_port': h['port'], 'ssh_user': h['user'], 'ssh_key': h['key_file'], 'ssh_known_hosts_file': str(known)}) for h in hosts]!r}\n")  # noqa: E501
    (folder / "deploy.py").write_text("from pathlib import Path\nfrom pyinfra import host\nfrom pyinfra.facts.server import Command\n"
                                      "answer = host.get_fact(Command, command=Path('script.sh').read_text(), _sudo=True)\n"
                                      "assert ' complete' in answer\nPath(f'pyinfra-{host.name}').write_text(answer)\n")
    done = subprocess.run([tools / "pyinfra", "inventory.py", "deploy.py", "-y", "--parallel", str(AT_ONCE)], cwd=folder, capture_output=True, text=True,
                          timeout=3000)
    assert done.returncode == 0, (done.stdout + done.stderr)[-1500:]


def commands(checks) -> list[str]:
    """Each check's command by itself; what it asks twice in one script it asks once here, too."""
    return [f"sh -c {shlex.quote(_WORDS + command)} 2>&1 || true" for command in dict.fromkeys(check.command for check in checks)]


def ansible_each(tools: Path, folder: Path, checks, **settings: str) -> None:
    """A command that fails in one of them, as it may with mitogen, ends nothing."""
    play(tools, folder, [{"ansible.builtin.shell": command, "register": "answer", "changed_when": False, "ignore_errors": True}
                         for command in commands(checks)], **settings)


def pyinfra_each(tools: Path, hosts: list[dict], folder: Path, known: Path, checks) -> None:
    (folder / "commands.json").write_text(json.dumps(commands(checks)))
    (folder / "each.py").write_text("import json\nfrom pathlib import Path\nfrom pyinfra import host\nfrom pyinfra.facts.server import Command\n"
                                    "asked = json.loads(Path('commands.json').read_text())\n"
                                    "answers = [host.get_fact(Command, command=command, _sudo=True) for command in asked]\n"
                                    "Path(f'each-{host.name}').write_text(repr(answers))\n")
    done = subprocess.run([tools / "pyinfra", "inventory.py", "each.py", "-y", "--parallel", str(AT_ONCE)], cwd=folder, capture_output=True, text=True,
                          timeout=3000)
    assert done.returncode == 0, (done.stdout + done.stderr)[-1500:]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--hosts", type=int, default=40)
    parser.add_argument("--share", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--checks", type=int, default=0)
    parser.add_argument("--each", action="store_true")
    parser.add_argument("--tools", type=Path, default=None)
    parser.add_argument("--only", default="", help="run ours, the floor, and ways with one of these words in their names, separated by commas")
    given = parser.parse_args()
    tools = given.tools or Path(shutil.which("ansible-playbook") or ".").parent
    folder = Path(tempfile.mkdtemp(prefix="standfast-benchmark-"))
    inventory = fleet(given.hosts, given.share, folder)
    hosts = yaml.safe_load(inventory.read_text())["hosts"]
    known = folder / "known_hosts"
    known.write_text("".join(f"[{h['address']}]:{h['port']} {h['host_key']}\n" for h in hosts))
    every = len(host_checks()) // given.checks if given.checks else 1
    checks = host_checks()[::every]
    script = host_script(checks, "benchmark0123456789").encode()
    (folder / "script.sh").write_bytes(b"#!/bin/sh\n" + script)
    server = Orchestrator(folder / "prefect", port=4800)
    server.start_server(print)
    environment = {**os.environ, **server.environment, "STANDFAST_INVENTORY": str(inventory)}
    rows: dict[str, list[dict]] = {"ours": [], "bare": []}

    ways = {"ssh, one process a host (the floor)": lambda: openssh(hosts, script, folder, known),
            "ssh with curve25519": lambda: openssh(hosts, script, folder, known, "-o", "KexAlgorithms=curve25519-sha256")}
    if (tools / "pyinfra").exists():
        ways["pyinfra, one fact"] = lambda: pyinfra(tools, hosts, folder, known)
    if (tools / "ansible-playbook").exists():
        ansible_inventory(hosts, folder, known)
        ways["ansible, one script task"] = lambda: ansible(tools, folder)
    if given.each:
        ways["pyinfra, a fact for each command"] = lambda: pyinfra_each(tools, hosts, folder, known, checks)
        ways["ansible, a task for each command"] = lambda: ansible_each(tools, folder, checks)
        if strategy := next(tools.parent.glob("lib/python*/site-packages/ansible_mitogen/plugins/strategy"), None):
            ways["ansible with mitogen, a task for each command"] = lambda: ansible_each(
                tools, folder, checks, ANSIBLE_STRATEGY="mitogen_linear", ANSIBLE_STRATEGY_PLUGINS=str(strategy))
    if words := [word for word in given.only.split(",") if word]:
        ways = {name: way for name, way in ways.items() if "floor" in name or any(word in name for word in words)}
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    try:
        for round_ in range(given.rounds):
            before = cpu_of(server.pid("server"))
            rows["ours"].append(ours("system_inspection", environment, every))
            rows["ours"][-1]["server"] = cpu_of(server.pid("server")) - before
            rows["bare"].append(ours("system_inspection", environment, every, "bare"))
            for name, way in ways.items():
                times[name].append(timed(way))
                print(f"round {round_ + 1}: {name}: {times[name][-1][0]:.2f} s", file=sys.stderr)
            print(f"round {round_ + 1}: ours: {rows['ours'][-1]}", file=sys.stderr)
    finally:
        server.stop()

    def middle(values) -> float:
        return statistics.median(values)
    floor = middle(t for t, _ in times["ssh, one process a host (the floor)"])
    print(f"{given.hosts} hosts on {-(-given.hosts // given.share)} containers, {len(checks)} checks each, {given.rounds} rounds, medians\n")
    print("| Way | wall s | ÷ floor | our CPU, ms a host |\n|---|--:|--:|--:|")
    for key, label in (("rows", "Standfast, until every row is in the archive"), ("sealed", "Standfast, until the report is sealed")):
        wall = middle(r[key] for r in rows["ours"])
        cpu = f"{1000 * middle(r['cpu'] for r in rows['ours']) / given.hosts:.0f}" if key == "rows" else ""
        print(f"| {label} | {wall:.2f} | {wall / floor:.2f} | {cpu} |")
    for name, found in times.items():
        wall = middle(t for t, _ in found)
        print(f"| {name} | {wall:.2f} | {wall / floor:.2f} | {1000 * middle(c for _, c in found) / given.hosts:.0f} |")
    around, bare = (middle(r["first"] + r["rows"] - r["last"] for r in rows[who]) for who in ("ours", "bare"))
    print(f"\nbefore the first connection and after the last answer, until the rows are in the archive: {around:.2f} s (without Prefect: {bare:.2f} s)")
    spent = middle(r["cpu"] - r["charts"] for r in rows["ours"]) - middle(r["cpu"] for r in rows["bare"])
    print(f"CPU of orchestration: {spent:.2f} s a run, {1000 * spent / given.hosts:.1f} ms a host; of the Prefect server meanwhile, with what it does "
          f"by itself: {middle(r['server'] for r in rows['ours']):.2f} s")
    print(f"memory of our process: {middle(r['memory'] for r in rows['ours']):.0f} MiB")


if __name__ == "__main__":
    main()
