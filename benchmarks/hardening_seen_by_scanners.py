"""Security hardening as others see it: Lynis, OpenSCAP and ssh-audit look at a host before it, after it, and after it was taken back.

    python -m benchmarks.hardening_seen_by_scanners [--host NAME] [--content FILE] [--ssh-audit FILE] [--details FILE]

The host is a default Debian 12 with sshd, nginx, PostgreSQL and MariaDB; a second one made the same way is its staging host. Everything goes through the
command line: security-check, mend, plan, rehearse, approve, carry-out, back-out. Lynis and OpenSCAP are Debian 12's own, installed before the first look.
--host: web1, a container, which has no kernel, modules and audit of its own; or vm1, a virtual machine, which has, and is rehearsed on a simulated copy.
--content: SCAP content for Debian 12 (ssg-debian12-ds.xml). Debian 12's own describes Debian 10 and 11 only; without the option that of Debian 13 is taken
    (package ssg-debian), by the host's own apt from the host's own mirror.
--ssh-audit: the program, from PyPI in an environment of its own; Debian 12's knows no policy for Debian 12. It runs from outside.
--details: a file for what each scanner still finds fault with.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import yaml

from deployments.lab import databases, hosts, lab
from deployments.lab.base_image import mirror
from deployments.lab.mirror import SUITE
from deployments.orchestrator import Orchestrator
from tasks.controls.left_off import LEFT_OFF

STAGING = {"web1": "web2", "vm1": ""}  # of each host; empty: a simulated copy
PROFILE = "xccdf_org.ssgproject.content_profile_anssi_bp28_intermediary"
POLICY = "Hardened Debian 12"
CONTENT = "/root/ssg-debian12-ds.xml"
# The customer's own limits, where ANSSI or Lynis asks for more than our baseline.
OWN = {"H-PWD-01a.length": 15, "H-PWD-01b.classes": 4, "H-PWD-02b.tries": 3, "H-SSH-03.tries": 3, "H-SSH-04c.sessions": 4, "H-SSH-05b.count": 2}
LIMIT_S = 7200  # where the processor does not help, a virtual machine takes ten times as long
AIMS = {"lynis": 82, "mended, %": 80}
NEWER = "trixie"  # the release whose content describes Debian 12
SCANNERS = "DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends install lynis openscap-scanner >/dev/null 2>&1"
UPDATES = "DEBIAN_FRONTEND=noninteractive apt-get -qq -y upgrade >/dev/null 2>&1; apt-get clean"
MARIADB = "DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends install mariadb-server >/dev/null 2>&1; systemctl is-active mariadb"


@dataclass(frozen=True)
class Seen:
    """lynis: hardening index. rules: result of each rule of the profile. audit: what ssh-audit's policy finds fault with. works: probes that are not good."""

    lynis: int
    warnings: list[str]
    suggestions: list[str]
    rules: dict[str, str]
    audit: list[str]
    works: list[str]

    def failed(self) -> set[str]:
        return {rule for rule, result in self.rules.items() if result == "fail"}


def default_host(name: str) -> None:
    """As new and up to date, with a database server more, and the role that checks read it by."""
    lab.reset(name)
    lab.must(name, UPDATES, 1800)
    # Debian's own settings of sshd, and all its keys.
    lab.must(name, "rm -f /etc/ssh/sshd_config.d/lab.conf; ssh-keygen -q -A; systemctl reload ssh")
    if lab.host(name).kind == "vm":
        return
    lab.must(name, MARIADB, 900)
    lab.must(name, "mount -o remount,rw /proc/sys")  # a container may set its own network's part of the kernel, once it can be written
    sql = (databases.ROLES / "inspect_mariadb.sql").read_text()
    sql += f"\nALTER USER '{databases.USER}'@'%' IDENTIFIED BY '{databases.password_file().read_text()}' ACCOUNT UNLOCK;\n"
    lab.must(name, f"mariadb <<'END'\n{sql}\nEND")


def scanners(host: str, content: Path | None) -> None:
    lab.must(host, SCANNERS, 900)
    if content:
        done = hosts.run(lab.host(host), "sh", "-c", f"gunzip >{CONTENT}", stdin=gzip.compress(content.read_bytes()))
        assert done.returncode == 0, done.stderr
        return
    there = mirror()
    source = there.main_list().replace(f" {SUITE} ", f" {NEWER} ")
    lab.must(host, f"""set -e; mkdir -p /root/newer/lists/partial; cd /root/newer; echo '{source.strip()}' >sources.list
    set -- -o Dir::Etc::sourcelist=/root/newer/sources.list -o Dir::Etc::sourceparts=/dev/null -o Dir::State::lists=/root/newer/lists -o APT::Sandbox::User=root
    apt-get -qq "$@" update; apt-get -qq "$@" download ssg-debian
    dpkg-deb --fsys-tarfile ssg-debian_*.deb | tar -xO ./usr/share/xml/scap/ssg/content/ssg-debian12-ds.xml >{CONTENT}; rm -rf /root/newer""", 300)


def look(host: str, audit: str) -> Seen:
    """All scanners once; and people's own ways in."""
    scap = f"oscap xccdf eval --progress --profile {PROFILE} {CONTENT} 2>/dev/null || [ $? = 2 ]"
    with ThreadPoolExecutor() as pool:
        said = pool.submit(lab.must, host, scap, LIMIT_S)
        lab.must(host, "rm -f /var/log/lynis*; lynis audit system --quick --no-colors >/root/lynis.out 2>&1 || true", LIMIT_S)
    told = lab.must(host, "cat /var/log/lynis-report.dat; rm -f /var/log/lynis* /root/lynis.out")
    index = re.search(r"^hardening_index=(\d+)", told, re.M)
    listed = {kind: re.findall(rf"^{kind}\[\]=(.*?)\|?$", told, re.M) for kind in ("warning", "suggestion")}
    rules = dict(re.findall(r"^xccdf_org.ssgproject.content_rule_(\S+):(\w+)$", said.result(), re.M))
    assert index and rules, told[-500:] + said.result()[-500:]
    return Seen(int(index[1]), listed["warning"], listed["suggestion"], rules, audited(host, audit), not_working(host))


def audited(name: str, program: str) -> list[str]:
    policies = subprocess.run([program, "-L"], capture_output=True, text=True).stdout
    policy = next(name for name in re.findall(r'"([^"]+)"', policies) if name.startswith(f"{POLICY} ("))
    host = lab.host(name)
    done = subprocess.run([program, "-n", "-P", policy, f"{host.address}:{host.port}"], capture_output=True, text=True, timeout=120)
    return [] if done.returncode == 0 else [line.strip() for line in done.stdout.splitlines() if line.strip().startswith("*")] or [done.stdout[-300:]]


def not_working(name: str) -> list[str]:
    """Log-in, sudo, sftp, web and databases, as people and applications use them."""
    host = lab.host(name)
    known = lab.folder / "known-by-scanners"
    known.write_text(f"[{host.address}]:{host.port} {host.host_key}\n")
    options = ["-i", host.key_file, "-o", f"UserKnownHostsFile={known}", "-o", "BatchMode=yes"]
    ssh = ["ssh", *options, "-p", str(host.port), f"{host.user}@{host.address}"]
    ways = {"sudo": [*ssh, "sudo -n true"], "web": [*ssh, "curl -fsS http://127.0.0.1/health"], "PostgreSQL": [*ssh, "sudo -n -u postgres psql -c 'select 1'"],
            "MariaDB": [*ssh, "sudo -n mariadb -e 'select 1'"],
            "sftp": ["sftp", *options, "-P", str(host.port), "-b", "/dev/stdin", f"{host.user}@{host.address}"]}
    return [name for name, command in ways.items()
            if subprocess.run(command, input="ls /\n", capture_output=True, text=True, timeout=60).returncode != 0]


def desk_of(server: Orchestrator, folder: Path, host: str = "web1"):
    """A desk whose inventory also has the MariaDB of the host and its staging host."""
    from tests.live.drive import Desk

    desk = Desk.open(lab, folder, server.environment)
    path = folder / "inventory.yaml"
    content = yaml.safe_load(path.read_text())
    role = next(one for one in content["databases"] if one["name"] == f"{host}-postgresql")
    for name in {host, STAGING[host]} - {one["name"].removesuffix("-mariadb") for one in content["databases"]} - {""}:
        content["databases"].append({**role, "name": f"{name}-mariadb", "kind": "mariadb", "port": 3306, "database": "mysql", "through": name})
    content["customers"][0]["baseline"] = {"level": 3, "limits": OWN}
    path.write_text(yaml.safe_dump(content, allow_unicode=True))
    return desk


def score(desk, host: str) -> tuple[str, float]:
    """Number of a new security check, and its score in per cent."""
    from reports.archive import inspections

    done = desk.run("security-check", "bureau", *(word for name in (host, f"{host}-postgresql", f"{host}-mariadb") for word in ("--target", name)), "--json")
    assert done.returncode in (0, 7, 8), done.stderr[-2000:] + done.stdout
    number = json.loads(done.stdout)["number"]
    archive = desk.archive
    rows = [row for row in inspections.rows_of(archive, inspections.newest(archive, "bureau", "security-check"))]
    archive.dispose()
    good, all_of = (sum(row.outcome.value in of for row in rows) for of in (("ok",), ("ok", "warning", "critical", "unknown")))
    return number, round(100 * good / all_of, 1)


def hardened(desk, host: str, check: str, audit: str) -> tuple[str, Seen]:
    """The change's number, and what the scanners saw before it: they look while it is planned and rehearsed, which leaves the host as it is."""
    staging = ("--rehearse-on", STAGING[host]) if STAGING[host] else ()
    done = desk.run("mend", check, "--requester", "张工", "--operator", "test", *staging, "--json")
    assert done.returncode == 0, done.stderr[-3000:] + done.stdout
    number = json.loads(done.stdout)[0]["number"]
    with ThreadPoolExecutor() as pool:
        seen = pool.submit(look, host, audit)
        for command in ("plan", "rehearse"):
            done = desk.run(command, number, limit_s=LIMIT_S)
            assert done.returncode == 0, done.stderr[-3000:] + done.stdout[-3000:]
            print(f"{command}: done", flush=True)
    desk.approve(number)
    done = desk.run("carry-out", number, "--json", limit_s=LIMIT_S)
    assert done.returncode == 0, done.stderr[-3000:] + desk.run("status", number).stdout
    return number, seen.result()


def taken_back(desk, number: str) -> None:
    asked = desk.run("back-out", number, "--reason", "benchmark", "--requester", "张工", "--json", limit_s=LIMIT_S)
    assert asked.returncode == 6, asked.stderr[-3000:] + asked.stdout
    second = json.loads(asked.stdout)["number"]
    desk.approve(second)
    done = desk.run("carry-out", second, limit_s=LIMIT_S)
    assert done.returncode == 0, done.stderr[-3000:] + desk.run("status", second).stdout


def table(looks: dict[str, Seen], scores: dict[str, float]) -> str:
    """As in the README. Rules are those that failed before; new ones that a package brings with it are counted apart."""
    before, after, back = looks["before"], looks["after"], looks["taken back"]
    failed = before.failed()
    passes = {name: sorted(rule for rule in failed if seen.rules.get(rule) == "pass") for name, seen in looks.items()}
    off = {rule for one in LEFT_OFF for rule in one.rule.split(", ")}

    def worse(seen: Seen) -> list[str]:
        return [rule for rule, result in before.rules.items() if result == "pass" and seen.rules.get(rule) == "fail"]

    new = sorted(rule for rule in after.failed() if before.rules.get(rule) not in ("pass", "fail"))
    rows = [
        ("our own controls, passed", *(f"{scores[name]} %" for name in looks), ""),
        ("Lynis, hardening index", *(str(seen.lynis) for seen in looks.values()), str(AIMS["lynis"])),
        ("OpenSCAP, ANSSI BP-028 intermediary: of the rules that failed before, pass", *(f"{len(passes[name])} of {len(failed)}" for name in looks),
         f"{AIMS['mended, %']} %"),
        ("of those that are not left off on purpose", *(f"{len(set(passes[name]) - off)} of {len(failed - off)}" for name in looks), ""),
        ("rules that passed before and fail", "", str(len(worse(after))), str(len(worse(back))), "0"),
        ("rules that did not apply before and fail", "", str(len(new)), "", ""),
        (f"ssh-audit, policy {POLICY}", *("passes" if not seen.audit else f"{len(seen.audit)} faults" for seen in looks.values()), "passes"),
        ("log-in, sudo, sftp, web, PostgreSQL, MariaDB", *(", ".join(seen.works) + " not good" if seen.works else "good" for seen in looks.values()), "good"),
    ]
    lines = ["| Hardening of a default Debian 12 | before | after | taken back | aim |", "|---|--:|--:|--:|--:|"]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--host", choices=STAGING, default="web1")
    parser.add_argument("--content", type=Path)
    parser.add_argument("--ssh-audit", default=shutil.which("ssh-audit"))
    parser.add_argument("--details", type=Path)
    given = parser.parse_args()
    if not given.ssh_audit:
        sys.exit("ssh-audit is not on the path; install it from PyPI in an environment of its own and name it with --ssh-audit")
    host = given.host
    names = [name for name in (host, STAGING[host]) if name]
    lab.up([])
    with ThreadPoolExecutor() as pool:
        list(pool.map(default_host, names))
    scanners(host, given.content)
    looks: dict[str, Seen] = {}
    scores: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as home:
        server = Orchestrator(Path(home), port=4400)
        server.start_server(print)
        try:
            desk = desk_of(server, Path(tempfile.mkdtemp(prefix="standfast-benchmark-")), host)
            check, scores["before"] = score(desk, host)
            number, looks["before"] = hardened(desk, host, check, given.ssh_audit)
            print(f"before: Lynis {looks['before'].lynis}; {number} is carried out", flush=True)
            _, scores["after"] = score(desk, host)
            looks["after"] = look(host, given.ssh_audit)
            print(f"after: Lynis {looks['after'].lynis}", flush=True)
            taken_back(desk, number)
            _, scores["taken back"] = score(desk, host)
            looks["taken back"] = look(host, given.ssh_audit)
        finally:
            server.stop()
            if given.details:
                given.details.write_text(json.dumps({name: asdict(seen) for name, seen in looks.items()}, indent=1))
    print(table(looks, scores))


if __name__ == "__main__":
    main()
