"""The lab's hosts: containers that boot systemd, and virtual machines, each with a pinned host key and a port on 127.0.0.1."""

from __future__ import annotations

import json
import re
import secrets
import socket
import subprocess
import time
from dataclasses import asdict, dataclass, field

from deployments.lab import engine, images, keys, machine
from deployments.lab.place import LABEL, LabError, folder, lab_id, say

BOOT_LIMIT_S = 180  # a few seconds, but for machines whose processors are lent to others
ADDRESS = "127.0.0.1"
# By kind: what the engine lets it use beside what every container has. Loop devices (major 7) are its disks; the engine's filter forbids swapon.
ALLOWED = {"disk": ["--device", "/dev/loop-control", "--device-cgroup-rule", "b 7:* rwm", "--security-opt", "seccomp=unconfined"]}
# Swap outlives its container: it is the machine's.
SWAP_OFF = "awk '$1 ~ \"^/srv/\" { print $1 }' /proc/swaps | xargs -r swapoff"
# What a new virtual machine is told: its name, its keys.
NAMED = "tar -x -p -C / -f - && hostname -F /etc/hostname && systemctl reset-failed && systemctl restart ssh"
CAPABILITIES = ("SYS_ADMIN", "NET_ADMIN", "SYS_PTRACE", "SYS_NICE")


@dataclass(frozen=True)
class Host:
    """A host of the lab. kind: "web" (nginx, application, PostgreSQL), "disk" (the same, and disks that can be
    enlarged), "node" (nginx alone), "tomcat", "db" (MariaDB, SNMP), "vm" (as "web", and MariaDB, with a kernel of its own). key_file: absolute.
    container: of a vm its name, and there is no container.

    services: what else of it is published, by name, and its port on the same address: "http" of a web host, "snmp" (UDP) of a db host.
    """

    name: str
    kind: str
    container: str
    address: str
    port: int
    user: str
    key_file: str
    host_key: str
    services: dict[str, int] = field(default_factory=dict)


# By kind: name, port on the host, and the port that is wanted here, to which the host's number is added.
SERVICES = {"web": {"http": ("80/tcp", 8200)}, "disk": {"http": ("80/tcp", 8250)}, "db": {"snmp": ("161/udp", 16100)},
            "vm": {"http": ("80/tcp", 8280)}}
READY = {
    "web": "curl -fsS --max-time 2 http://127.0.0.1/health",
    "disk": "curl -fsS --max-time 2 http://127.0.0.1/health",
    "node": "curl -fsS --max-time 2 -o /dev/null http://127.0.0.1/",
    "tomcat": "curl -sS --max-time 2 -o /dev/null http://127.0.0.1:8080/",
    "db": "mariadb -N -e 'select count(*) from stock.movement'",
    "vm": "curl -fsS --max-time 2 http://127.0.0.1/health && mariadb -N -e 'select 1'",
}


def kind_of(name: str) -> str:
    """The kind that a host of this name is. Raises LabError for a name the lab does not know."""
    found = re.fullmatch(r"(web|disk|node|tomcat|db|vm)[1-9][0-9]?", name)
    if not found:
        raise LabError(f"the lab has no host {name!r}; it knows web1, web2, disk1, tomcat1, db1, vm1, node1, node2 and so on, up to 99 of each")
    return found[1]


def container_of(name: str) -> str:
    return f"standfast-{lab_id()}-{name}"


def states() -> dict[str, str]:
    """Name and state ("running", "exited", …) of every host of this lab that was made and not taken down."""
    shown = engine.text("ps", "-a", "--filter", f"label={LABEL}={lab_id()}", "--format", "{{.Names}}\t{{.State}}")
    prefix = f"standfast-{lab_id()}-"
    found = {
        line.split("\t")[0].removeprefix(prefix): line.split("\t")[1] for line in shown.splitlines() if line.startswith(prefix)
    }
    machines = [name for name in known() if kind_of(name) == "vm" and machine.place(name).is_dir()]
    return found | {name: "running" if machine.Machine(name).pid() else "exited" for name in machines}


def run(host: Host, *command: str, stdin: bytes | None = None, limit_s: float = 120.0) -> subprocess.CompletedProcess[bytes]:
    """One command as root in the host, past SSH and past Standfast; output captured, whatever its exit status.

    Raises LabError when it takes longer than `limit_s` seconds.
    """
    if host.kind != "vm":
        return engine.docker("exec", *([] if stdin is None else ["-i"]), host.container, *command, stdin=stdin, limit_s=limit_s, check=False)
    try:
        return machine.Machine(host.name).run(command, stdin, limit_s)
    except subprocess.TimeoutExpired:
        raise LabError(f"`{' '.join(command)[:60]}` gave no answer on {host.name} within {limit_s:.0f} s") from None


def power_on(host: Host) -> bool:
    """False if one of its ports was taken by somebody else."""
    if host.kind == "vm":
        return machine.Machine(host.name).start([f"{protocol}:{ADDRESS}:{here}-:{there}" for protocol, here, there in _forwards(host)])
    done = engine.docker("start", host.container, check=False)
    if done.returncode != 0 and b"port is already allocated" not in done.stderr and b"address already in use" not in done.stderr:
        raise LabError(f"host {host.name} does not start: {done.stderr.decode(errors='replace').strip()}")
    return done.returncode == 0


def power_off(host: Host, orderly: bool = False) -> None:
    """As by pulling the plug; or `orderly`, as by the command poweroff."""
    if host.kind == "vm":
        machine.Machine(host.name).power_off(orderly)
    elif orderly:
        engine.docker("stop", "-t", "30", host.container)
    else:
        engine.docker("kill", host.container)


def known() -> dict[str, Host]:
    """The hosts that were made and not taken down, by name."""
    try:
        return {name: Host(**fields) for name, fields in json.loads((folder() / "hosts.json").read_text()).items()}
    except FileNotFoundError:
        return {}


def remember(hosts: dict[str, Host]) -> None:
    path = folder() / "hosts.json"
    part = path.with_suffix(".part")
    part.write_text(json.dumps({name: asdict(host) for name, host in hosts.items()}, indent=1))
    part.replace(path)


def free_port(wanted: int, taken: set[int], kind: int = socket.SOCK_STREAM) -> int:
    """`wanted`, or the next port on 127.0.0.1 that nobody listens on. Raises LabError after a thousand."""
    for port in range(wanted, wanted + 1000):
        if port in taken:
            continue
        with socket.socket(socket.AF_INET, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((ADDRESS, port))
                return port
            except OSError:
                continue
    raise LabError(f"no port is free on {ADDRESS} from {wanted} to {wanted + 999}; end what uses them and try again")


def _number_of(name: str) -> int:
    return int(re.sub(r"\D", "", name))


def _wanted_port(name: str) -> int:
    return {"web": 2200, "tomcat": 2205, "node": 2210, "db": 2310, "disk": 2420, "vm": 2430}[kind_of(name)] + _number_of(name)


def _service_ports(name: str, before: dict[str, Host], later: int) -> dict[str, int]:
    """Free ports for what else the host publishes, those it had before if nobody took them; later: how many tries found theirs taken."""
    taken = {port for other, host in before.items() if other != name for port in host.services.values()}
    had = before[name].services if name in before else {}
    return {service: free_port(had.get(service, wanted + _number_of(name)) + later, taken, socket.SOCK_DGRAM if inside.endswith("/udp") else socket.SOCK_STREAM)
            for service, (inside, wanted) in SERVICES.get(kind_of(name), {}).items()}


def create(name: str) -> Host:
    """Make the host from its image and start it; an older one of the same name goes away. It boots while this returns.

    The host keeps its key and, if nobody took them, its ports.
    """
    kind, before = kind_of(name), known()
    if kind == "vm":
        machine.ensure()
    image = images.ensure(kind)
    discard(name)
    key_file, _ = keys.personal()
    _, host_key = keys.of_host(name)
    taken = {host.port for other, host in before.items() if other != name}
    wanted = before[name].port if name in before else _wanted_port(name)
    for attempt in range(20):
        port = free_port(wanted, taken)
        host = Host(name, kind, name if kind == "vm" else container_of(name), ADDRESS, port, "ops", str(key_file), host_key,
                    _service_ports(name, before, attempt))
        if kind == "vm":
            machine.Machine(name).create()
        else:
            _make_container(host, image)
        if power_on(host):
            break
        discard(name)
        wanted = port + 1
    else:
        raise LabError(f"host {name} found no free port on {ADDRESS} near {wanted}")
    if kind == "vm":
        machine.Machine(name).wait_for_agent()
        done = run(host, "sh", "-c", NAMED, stdin=images.pack(*_own_files(host)))
        if done.returncode != 0:
            raise LabError(f"host {name} does not take its name and its keys: {done.stderr.decode(errors='replace').strip()[-300:]}")
    remember({**known(), name: host})
    return host


def _own_files(host: Host) -> tuple[dict[str, bytes], dict[str, int], dict[str, tuple[int, int]]]:
    """What tells this host from others of its kind, as images.pack takes it: files, modes, owners."""
    authorized = keys.personal()[1].encode() + b"\n"
    files = {
        "etc/ssh/ssh_host_ed25519_key": keys.of_host(host.name)[0].read_bytes(),
        "etc/ssh/ssh_host_ed25519_key.pub": f"{host.host_key} root@{host.name}\n".encode(),
    }
    if host.kind == "vm":
        files |= {"etc/hostname": f"{host.name}\n".encode(), "etc/hosts": f"127.0.0.1\tlocalhost\n127.0.1.1\t{host.name}\n".encode()}
    else:
        files["etc/machine-id"] = f"{secrets.token_hex(16)}\n".encode()
    modes, owners = {"etc/ssh/ssh_host_ed25519_key": 0o600, "etc/machine-id": 0o444}, {}
    for account, number in {"ops": 1000, "nosudo": 1001}.items():
        home = f"home/{account}"
        files[f"{home}/.ssh/authorized_keys"] = authorized
        modes |= {home: 0o700, f"{home}/.ssh": 0o700, f"{home}/.ssh/authorized_keys": 0o600}
        owners |= dict.fromkeys((home, f"{home}/.ssh", f"{home}/.ssh/authorized_keys"), (number, number))
    return files, modes, owners


def _forwards(host: Host) -> list[tuple[str, int, int]]:
    """What is published: protocol, port here, port on the host."""
    inside = {name: port.partition("/")[::2] for name, (port, _) in SERVICES.get(host.kind, {}).items()}
    return [("tcp", host.port, 22), *((inside[name][1], port, int(inside[name][0])) for name, port in host.services.items())]


def _make_container(host: Host, image: str) -> None:
    options = [f"--cap-add={capability}" for capability in CAPABILITIES]
    if "apparmor" in engine.text("info", "--format", "{{.SecurityOptions}}"):
        options += ["--security-opt", "apparmor=unconfined"]  # its default profile forbids the mounts that systemd makes
    options += ALLOWED.get(host.kind, [])
    for protocol, here, there in _forwards(host):
        options += ["--publish", f"{ADDRESS}:{here}:{there}/{protocol}"]
    engine.docker(
        "create", "--name", host.container, "--hostname", host.name, "--label", f"{LABEL}={lab_id()}", "--cgroupns=private",
        "--tmpfs", "/run", "--tmpfs", "/run/lock", "--stop-signal", "SIGRTMIN+3", "--log-opt", "max-size=1m", *options, image,
    )
    engine.docker("cp", "-", f"{host.container}:/", stdin=images.pack(*_own_files(host)))


def discard(name: str) -> None:
    """Remove the host's container or virtual machine, if there is one."""
    if kind_of(name) == "vm":
        machine.Machine(name).discard()
        return
    if kind_of(name) == "disk":
        engine.docker("exec", container_of(name), "sh", "-c", SWAP_OFF, check=False)
    engine.docker("rm", "-f", "-v", container_of(name), check=False)


def wait(host: Host, limit_s: float | None = None) -> None:
    """Wait until the host answers: sshd greets, and what it serves works.

    Raises LabError after `limit_s` seconds; None: as long as its kind may take to boot.
    """
    if limit_s is None:
        limit_s = machine.START_LIMIT_S if host.kind == "vm" else BOOT_LIMIT_S
    give_up = time.monotonic() + limit_s
    while True:
        if greets(host):
            done = run(host, "sh", "-c", READY[host.kind], limit_s=60 if host.kind == "vm" else 15)
            if done.returncode == 0:
                return
            last = (done.stderr or done.stdout).decode(errors="replace").strip().splitlines()[-1:] or ["no message"]
        else:
            last = ["sshd does not greet"]
            _require_running(host)
        if time.monotonic() > give_up:
            raise LabError(
                f"host {host.name} is not ready after {limit_s:.0f} s ({last[0]}); "
                f"see what `systemctl --failed` says there"
            )
        time.sleep(0.2)


def _require_running(host: Host) -> None:
    """Raises LabError when the host has ended: it is not waited for."""
    if host.kind == "vm":
        if not machine.Machine(host.name).pid():
            raise LabError(f"host {host.name} ended; its console's last words are in {machine.place(host.name) / 'console.log'}")
    elif code := engine.docker("inspect", "-f", "{{if not .State.Running}}{{.State.ExitCode}}{{end}}", host.container).stdout.decode().strip():
        raise LabError(f"host {host.name} ended with exit code {code}; 255 with many hosts means that systemd found no inotify instance: "
                       "`sysctl -w fs.inotify.max_user_instances=1024` as root, or `make down` for hosts that are not needed")


def greets(host: Host) -> bool:
    """True if sshd of the host says who it is on the published port."""
    try:
        with socket.create_connection((host.address, host.port), timeout=2) as connection:
            connection.settimeout(2)
            return connection.recv(4) == b"SSH-"
    except OSError:
        return False


def remove_machines() -> None:
    """End every virtual machine of this lab; their disks go."""
    for name in [name for name in known() if kind_of(name) == "vm"]:
        discard(name)
        remember({other: host for other, host in known().items() if other != name})


def remove_all() -> int:
    """Remove every container of this lab, and nothing else; returns how many containers there were."""
    containers = engine.text("ps", "-aq", "--filter", f"label={LABEL}={lab_id()}").split()
    if containers:
        say(f"removing {len(containers)} containers")
        for name in states():
            if re.fullmatch(r"disk\d+", name):
                discard(name)
        engine.docker("rm", "-f", "-v", *containers, check=False)
    remember({})
    return len(containers)
