"""Hosts hardened, one first and then all others at once, against an Ansible role that puts right the same controls with the same content.

    python -m benchmarks.hardening_against_ansible [--hosts 20] [--rounds 1] [--tools DIR] [--lean]

--tools: the bin folder of an environment with ansible-core (PyPI). --lean: the role writes whole files where one will do, instead of a task for each
control. Both begin with lab nodes made afresh. Of ours the carrying out is timed, as in `fleet_against_ansible`: the security check, the plan and the
rehearsal on a node of its own come before. Ansible only writes, tests (`validate`) and reloads. Standfast also locks the hosts, compares them with what
was approved, saves what it changes, lets the host itself take back what could lock everybody out unless new logins confirm it, proves each step, reads
every control anew, compares with before, writes both papers and seals the archive. Afterwards every control of every host must pass, whoever did it.
"""

from __future__ import annotations

import argparse
import json
import os
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
from tasks.controls.banners import WARNING
from tasks.controls.passwords import FAILLOCK

LEVEL = 3
STAGING = "node99"
CONTROLS = ("H-ACC-07", "H-ACC-08", "H-BAN-01a", "H-BAN-01b", "H-BAN-01c", "H-PWD-02a", "H-PWD-02b", "H-PWD-02c", "H-PWD-02d", "H-PWD-03", "H-PWD-04a",
            "H-PWD-04b", "H-PWD-07", "H-SSH-01", "H-SSH-03", "H-SSH-04a", "H-SSH-04b", "H-SSH-05a", "H-SSH-06b", "H-SSH-06c", "H-SSH-07a", "H-SSH-11b",
            "H-SSH-12a", "H-SUD-01b", "H-SVC-04b", "H-SVC-04c", "H-SYS-06", "H-UPD-03")
SSHD = {"LoginGraceTime": "60", "ClientAliveInterval": "300", "X11Forwarding": "no", "Banner": "/etc/issue.net", "MaxAuthTries": "4",
        "MaxStartups": "10:30:60", "PermitRootLogin": "no", "MACs": "hmac-sha2-256-etm@openssh.com,hmac-sha2-512-etm@openssh.com,umac-128-etm@openssh.com",
        "KexAlgorithms": "sntrup761x25519-sha512@openssh.com,curve25519-sha256,curve25519-sha256@libssh.org,diffie-hellman-group16-sha512,"
                         "diffie-hellman-group18-sha512,diffie-hellman-group-exchange-sha256"}
LOGIN_DEFS = {"UMASK": "027", "PASS_MAX_DAYS": "90", "PASS_MIN_DAYS": "1"}
LOCKING = {"deny": "5", "unlock_time": "900", "fail_interval": "900"}
PWHISTORY = ("Name: Remember old passwords", "Default: no", "Priority: 1000", "Password-Type: Primary", "Password:",
             "\trequisite pam_pwhistory.so remember=5 use_authtok", "Password-Initial:", "\trequisite pam_pwhistory.so remember=5")


def copied(path: str, *lines: str, mode: str = "0644", **more) -> dict:
    return {"ansible.builtin.copy": {"dest": path, "content": "\n".join(lines) + "\n", "mode": mode, **more.pop("module", {})}, **more}


def lines(path: str, settings: dict[str, str], between: str, mode: str, **more) -> list[dict]:
    """A task for each setting."""
    return [{"ansible.builtin.lineinfile": {"path": path, "regexp": rf"(?i)^\s*{key}\b", "line": f"{key}{between}{value}", "create": True, "mode": mode,
                                            **more.get("module", {})}, **{key: said for key, said in more.items() if key != "module"}}
            for key, value in settings.items()]


def role(lean: bool) -> list[dict]:
    """The tasks. lean: one for each file of which we are the only writers."""
    sshd = {"module": {"validate": "/usr/sbin/sshd -t -f %s"}, "notify": "reload sshd"}
    drop_in = "/etc/ssh/sshd_config.d/00-hardening.conf"
    return [
        *({"ansible.builtin.file": {"path": path, "mode": mode}} for path, mode in {
            "/etc/cron.d": "0700", "/etc/cron.daily": "0700", "/etc/cron.hourly": "0700", "/etc/cron.weekly": "0700", "/etc/cron.monthly": "0700",
            "/etc/crontab": "0600", "/etc/ssh/sshd_config": "0600", "/etc/ssh/sshd_config.d/lab.conf": "0600"}.items()),
        copied("/etc/cron.allow", "root", mode="0640"),
        *(copied(path, *WARNING) for path in ("/etc/issue", "/etc/issue.net", "/etc/motd")),
        copied("/etc/security/limits.d/hardening.conf", "* hard core 0"),
        copied("/etc/apt/apt.conf.d/zz-hardening", 'APT::Periodic::Update-Package-Lists "1";'),
        copied("/etc/profile.d/00-hardening.sh", "readonly TMOUT=600; export TMOUT"),
        *lines("/etc/login.defs", LOGIN_DEFS, "\t", "0644"),
        copied("/etc/sudoers.d/zz-hardening", 'Defaults logfile="/var/log/sudo.log"', mode="0440", module={"validate": "/usr/sbin/visudo -cf %s"}),
        *([copied(drop_in, *(f"{key} {value}" for key, value in SSHD.items()), mode="0600", **sshd)] if lean else lines(drop_in, SSHD, " ", "0600", **sshd)),
        {"ansible.builtin.replace": {"path": "/etc/pam.d/common-auth", "regexp": r"^(auth\s.*pam_unix\.so.*) nullok\b", "replace": r"\1"}},
        *([copied("/etc/security/faillock.conf", *(f"{key} = {value}" for key, value in LOCKING.items()))] if lean
          else lines("/etc/security/faillock.conf", LOCKING, " = ", "0644")),
        *(copied(f"/usr/share/pam-configs/{name}", *(f"\t{line.strip()}" if line.startswith(" ") else line for line in text), notify="put into PAM")
          for name, text in {**FAILLOCK, "standfast-pwhistory": PWHISTORY}.items()),
        {"ansible.builtin.meta": "flush_handlers"},
        {"ansible.builtin.uri": {"url": "http://127.0.0.1/"}},
    ]


HANDLERS = [
    {"name": "reload sshd", "ansible.builtin.service": {"name": "ssh", "state": "reloaded"}},
    {"name": "put into PAM", "ansible.builtin.command": f"pam-auth-update --package --enable {' '.join(FAILLOCK)} standfast-pwhistory",
     "environment": {"DEBIAN_FRONTEND": "noninteractive"}},
]


def fresh(names: list[str]) -> None:
    lab.remove(*names, STAGING)
    lab.up([*names, STAGING])


def ansible(tools: Path, names: list[str], folder: Path, lean: bool) -> float:
    known, hosts = folder / "known_hosts", {}
    for name in names:
        host = lab.host(name)
        hosts[name] = {"ansible_host": host.address, "ansible_port": host.port, "ansible_user": host.user, "ansible_ssh_private_key_file": host.key_file,
                       "ansible_python_interpreter": "/usr/bin/python3"}
        known.open("a").write(f"[{host.address}]:{host.port} {host.host_key}\n")
    (folder / "hosts.yaml").write_text(yaml.safe_dump({"all": {"hosts": hosts, "vars": {"ansible_ssh_common_args": f"-o UserKnownHostsFile={known}"}}}))
    (folder / "play.yaml").write_text(yaml.safe_dump([
        {"hosts": "all", "gather_facts": False, "become": True, "serial": [1, "100%"], "tasks": role(lean), "handlers": HANDLERS}], allow_unicode=True))
    (folder / "ansible.cfg").write_text("[defaults]\nforks=20\n[ssh_connection]\npipelining=true\n")
    began = time.monotonic()
    done = subprocess.run([tools / "ansible-playbook", "-i", "hosts.yaml", "play.yaml"], cwd=folder, capture_output=True, text=True, timeout=1800)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-500:]
    return time.monotonic() - began


def opened(folder: Path, server: Orchestrator):
    """A desk over the lab as it is now; the customer is measured by the whole baseline."""
    from tests.live.drive import Desk

    folder.mkdir()
    desk = Desk.open(lab, folder, server.environment)
    content = yaml.safe_load((folder / "inventory.yaml").read_text())
    content["customers"][0]["baseline"] = {"level": LEVEL}
    (folder / "inventory.yaml").write_text(yaml.safe_dump(content, allow_unicode=True))
    return desk


def approved(desk, names: list[str]) -> str:
    """A hardening of these controls on these hosts, up to its approval; the number."""
    done = desk.run("security-check", "bureau", *(word for name in names for word in ("--target", name)), "--json", limit_s=1800)
    assert done.returncode in (7, 8), done.stderr[-2000:]
    wishes = [word for control in CONTROLS for word in ("--check", control)]
    done = desk.run("mend", json.loads(done.stdout)["number"], "--requester", "张工", "--rehearse-on", STAGING, "--json", *wishes, limit_s=600)
    assert done.returncode == 0, done.stderr[-2000:]
    number = json.loads(done.stdout)[0]["number"]
    for phase in ("plan", "rehearse"):
        done = desk.run(phase, number, limit_s=1800)
        assert done.returncode == 0, done.stderr[-2000:] + done.stdout[-2000:]
    desk.approve(number)
    return number


def ours(names: list[str], desk) -> dict[str, float]:
    """Seconds of the whole command, and of its parts as the journal has them."""
    number = approved(desk, names)
    began = time.monotonic()
    done = desk.run("carry-out", number, limit_s=1800)
    seconds = time.monotonic() - began
    assert done.returncode == 0, done.stderr[-2000:]
    journal = desk.journal(number)
    steps = [entry for entry in journal if entry.event in ("step begun", "step ended")]
    at = {event: next(entry.at for entry in reversed(journal) if entry.event == event) for event in ("targets prepared", "compared with before", "closed")}
    hosts = {entry.target for entry in steps}
    return {"all": seconds, "steps a host": sum(entry.event == "step ended" for entry in steps) / len(hosts),
            "steps": (steps[-1].at - at["targets prepared"]).total_seconds(), "controls read anew": (at["compared with before"] - steps[-1].at).total_seconds(),
            "compared and filed": (at["closed"] - at["compared with before"]).total_seconds()}


def must_pass(names: list[str], folder: Path) -> None:
    """Every control of every host, read by our own reading, whoever did the hardening."""
    os.environ["STANDFAST_INVENTORY"] = str(folder / "inventory.yaml")
    from reports.records import Outcome
    from tasks import desk
    from tasks.controls.catalogue import host_controls
    from tasks.findings import read_again

    desk.forget_what_is_kept()
    asked = [control for control in host_controls(LEVEL) if control.id in CONTROLS]
    with ThreadPoolExecutor(20) as pool:
        for name, found in zip(names, pool.map(lambda name: read_again(desk.host(name), asked), names), strict=True):
            bad = [(control, row.object, row.en) for control, reading in found.items() for row in reading.rows if row.outcome is not Outcome.OK]
            assert len(found) == len(CONTROLS) and not bad, (name, bad)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--hosts", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--tools", type=Path, default=None)
    parser.add_argument("--lean", action="store_true")
    given = parser.parse_args()
    tools = given.tools or Path(shutil.which("ansible-playbook") or ".").parent
    if not (tools / "ansible-playbook").exists():
        sys.exit("ansible-playbook is not on the path; install ansible-core from PyPI in an environment of its own, and name its bin folder by --tools")
    names = [f"node{n}" for n in range(1, given.hosts + 1)]
    rows: list[tuple[float, dict[str, float]]] = []
    with tempfile.TemporaryDirectory() as home:
        server = Orchestrator(Path(home) / "prefect", port=4450)
        server.start_server(lambda line: print(line, file=sys.stderr))
        try:
            for n in range(given.rounds):
                theirs, own = (Path(home) / f"{who}{n}" for who in ("theirs", "ours"))
                fresh(names)
                opened(theirs, server)
                seconds = ansible(tools, names, theirs, given.lean)
                print(f"round {n + 1}: ansible {seconds:.1f} s", file=sys.stderr)
                must_pass(names, theirs)
                fresh(names)
                rows.append((seconds, ours(names, opened(own, server))))
                print(f"round {n + 1}: ours {rows[-1][1]}", file=sys.stderr)
                must_pass(names, own)
        finally:
            server.stop()
    parts = {name: round(statistics.median(row[name] for _, row in rows), 1) for name in rows[0][1]}
    json.dump({"hosts": given.hosts, "controls": len(CONTROLS), "tasks of the role": len(role(given.lean)) - 1,
               "ansible, s": round(statistics.median(theirs for theirs, _ in rows), 1), "standfast, carrying out, s": parts.pop("all"), "of that": parts},
              sys.stdout, indent=2)
    print()


if __name__ == "__main__":
    main()
