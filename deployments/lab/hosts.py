"""The lab's hosts: containers that boot systemd, with a pinned host key and a port on 127.0.0.1."""

from __future__ import annotations

import json
import re
import secrets
import socket
import time
from dataclasses import asdict, dataclass, field

from deployments.lab import engine, images, keys
from deployments.lab.place import LABEL, LabError, folder, lab_id, say

BOOT_LIMIT_S = 180  # a few seconds, but for machines whose processors are lent to others
ADDRESS = "127.0.0.1"
# By kind: what the engine lets it use beside what every container has. Loop devices (major 7) are its disks; the engine's filter forbids swapon.
ALLOWED = {"disk": ["--device", "/dev/loop-control", "--device-cgroup-rule", "b 7:* rwm", "--security-opt", "seccomp=unconfined"]}
# Swap outlives its container: it is the machine's.
SWAP_OFF = "awk '$1 ~ \"^/srv/\" { print $1 }' /proc/swaps | xargs -r swapoff"
CAPABILITIES = ("SYS_ADMIN", "NET_ADMIN", "SYS_PTRACE", "SYS_NICE")


@dataclass(frozen=True)
class Host:
    """A host of the lab. kind: "web" (nginx, application, PostgreSQL), "disk" (the same, and disks that can be
    enlarged), "node" (nginx alone), "tomcat", "db" (MariaDB, SNMP). key_file: absolute.

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
SERVICES = {"web": {"http": ("80/tcp", 8200)}, "disk": {"http": ("80/tcp", 8250)}, "db": {"snmp": ("161/udp", 16100)}}
READY = {
    "web": "curl -fsS --max-time 2 http://127.0.0.1/health",
    "disk": "curl -fsS --max-time 2 http://127.0.0.1/health",
    "node": "curl -fsS --max-time 2 -o /dev/null http://127.0.0.1/",
    "tomcat": "curl -sS --max-time 2 -o /dev/null http://127.0.0.1:8080/",
    "db": "mariadb -N -e 'select count(*) from stock.movement'",
}


def kind_of(name: str) -> str:
    """The kind that a host of this name is. Raises LabError for a name the lab does not know."""
    found = re.fullmatch(r"(web|disk|node|tomcat|db)[1-9][0-9]?", name)
    if not found:
        raise LabError(f"the lab has no host {name!r}; it knows web1, web2, disk1, tomcat1, db1, node1, node2 and so on, up to 99 of each")
    return found[1]


def container_of(name: str) -> str:
    return f"standfast-{lab_id()}-{name}"


def states() -> dict[str, str]:
    """Name and state ("running", "exited", …) of every container of this lab."""
    shown = engine.text("ps", "-a", "--filter", f"label={LABEL}={lab_id()}", "--format", "{{.Names}}\t{{.State}}")
    prefix = f"standfast-{lab_id()}-"
    return {
        line.split("\t")[0].removeprefix(prefix): line.split("\t")[1] for line in shown.splitlines() if line.startswith(prefix)
    }


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
    return {"web": 2200, "tomcat": 2205, "node": 2210, "db": 2310, "disk": 2420}[kind_of(name)] + _number_of(name)


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
    kind = kind_of(name)
    image = images.ensure(kind)
    container = container_of(name)
    discard(name)
    before = known()
    host_key_file, host_key = keys.of_host(name)
    key_file, public = keys.personal()
    authorized = public.encode() + b"\n"
    accounts = {"ops": 1000, "nosudo": 1001}
    files = {
        "etc/ssh/ssh_host_ed25519_key": host_key_file.read_bytes(),
        "etc/ssh/ssh_host_ed25519_key.pub": f"{host_key} root@{name}\n".encode(),
        "etc/machine-id": f"{secrets.token_hex(16)}\n".encode(),
    }
    modes = {"etc/ssh/ssh_host_ed25519_key": 0o600, "etc/machine-id": 0o444}
    owners = {}
    for account, number in accounts.items():
        home = f"home/{account}"
        files[f"{home}/.ssh/authorized_keys"] = authorized
        modes |= {home: 0o700, f"{home}/.ssh": 0o700, f"{home}/.ssh/authorized_keys": 0o600}
        owners |= dict.fromkeys((home, f"{home}/.ssh", f"{home}/.ssh/authorized_keys"), (number, number))
    taken = {host.port for other, host in before.items() if other != name}
    wanted = before[name].port if name in before else _wanted_port(name)
    for attempt in range(20):
        port = free_port(wanted, taken)
        services = _service_ports(name, before, attempt)
        options = [f"--cap-add={capability}" for capability in CAPABILITIES]
        if "apparmor" in engine.text("info", "--format", "{{.SecurityOptions}}"):
            options += ["--security-opt", "apparmor=unconfined"]  # its default profile forbids the mounts that systemd makes
        options += ALLOWED.get(kind, [])
        for service, published in services.items():
            options += ["--publish", f"{ADDRESS}:{published}:{SERVICES[kind][service][0]}"]
        engine.docker(
            "create",
            "--name",
            container,
            "--hostname",
            name,
            "--label",
            f"{LABEL}={lab_id()}",
            "--publish",
            f"{ADDRESS}:{port}:22",
            "--cgroupns=private",
            "--tmpfs",
            "/run",
            "--tmpfs",
            "/run/lock",
            "--stop-signal",
            "SIGRTMIN+3",
            "--log-opt",
            "max-size=1m",
            *options,
            image,
        )
        engine.docker("cp", "-", f"{container}:/", stdin=images.pack(files, modes, owners))
        started = engine.docker("start", container, check=False)
        if started.returncode == 0:
            break
        engine.docker("rm", "-f", "-v", container, check=False)
        if b"port is already allocated" not in started.stderr and b"address already in use" not in started.stderr:
            raise LabError(f"host {name} does not start: {started.stderr.decode(errors='replace').strip()}")
        wanted = port + 1
    else:
        raise LabError(f"host {name} found no free port on {ADDRESS} near {wanted}")
    host = Host(name, kind, container, ADDRESS, port, "ops", str(key_file), host_key, services)
    remember({**known(), name: host})
    return host


def discard(name: str) -> None:
    """Remove the host's container, if there is one."""
    if kind_of(name) == "disk":
        engine.docker("exec", container_of(name), "sh", "-c", SWAP_OFF, check=False)
    engine.docker("rm", "-f", "-v", container_of(name), check=False)


def wait(host: Host, limit_s: float = BOOT_LIMIT_S) -> None:
    """Wait until the host answers: sshd greets, and what it serves works.

    Raises LabError after `limit_s` seconds.
    """
    give_up = time.monotonic() + limit_s
    while True:
        if greets(host):
            done = engine.docker("exec", host.container, "sh", "-c", READY[host.kind], check=False, limit_s=15)
            if done.returncode == 0:
                return
            last = (done.stderr or done.stdout).decode(errors="replace").strip().splitlines()[-1:] or ["no message"]
        else:
            last = ["sshd does not greet"]
            if (code := engine.docker("inspect", "-f", "{{if not .State.Running}}{{.State.ExitCode}}{{end}}", host.container).stdout.decode().strip()):
                raise LabError(f"host {host.name} ended with exit code {code}; 255 with many hosts means that systemd found no inotify instance: "
                               "`sysctl -w fs.inotify.max_user_instances=1024` as root, or `make down` for hosts that are not needed")
        if time.monotonic() > give_up:
            raise LabError(
                f"host {host.name} is not ready after {limit_s:.0f} s ({last[0]}); "
                f"see `docker exec {host.container} systemctl --failed`"
            )
        time.sleep(0.2)


def greets(host: Host) -> bool:
    """True if sshd of the host says who it is on the published port."""
    try:
        with socket.create_connection((host.address, host.port), timeout=2) as connection:
            connection.settimeout(2)
            return connection.recv(4) == b"SSH-"
    except OSError:
        return False


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
