"""The lab's virtual machine: a host with a kernel of its own, in QEMU. Helped by the processor where it can, else emulated: the same, only slower.

Each has a folder with its disks and its console's log; what it says and does past SSH goes by QEMU's guest agent, as hypervisors do it.
"""

from __future__ import annotations

import base64
import fcntl
import hashlib
import json
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from deployments.lab import engine, images
from deployments.lab.place import LABEL, LabError, folder, lab_id, say

MEMORY_MIB, ROOT_MIB, EXTRA_MIB = 2048, 6144, 1024
PROCESSORS = 2
EXTRA = ("vdb", "vdc")  # empty disks, for file systems and volume groups that grow
START_LIMIT_S, MAKE_LIMIT_S = 900, 1200
BOOT_LOADER = """set -e
grub-install /dev/vda
update-grub
rm -f /etc/ssh/ssh_host_* /var/lib/systemd/random-seed
journalctl --rotate --vacuum-time=1s
: > /etc/machine-id
sync
"""


def place(name: str) -> Path:
    return folder() / "machines" / name


def accelerated() -> bool:
    """True if the processor helps. A device file alone does not say so: some clouds' runs foreign kernels by interpreting them."""
    flags = re.search(r"^flags\s*:(.*)$", Path("/proc/cpuinfo").read_text(), re.M)
    return bool(flags and {"vmx", "svm"} & set(flags[1].split())) and os.access("/dev/kvm", os.R_OK | os.W_OK)


def ensure() -> None:
    """QEMU is here, or is installed where that is possible.

    Raises LabError with one sentence when this machine cannot run a virtual machine.
    """
    free = re.search(r"^MemAvailable:\s+(\d+)", Path("/proc/meminfo").read_text(), re.M)
    if os.uname().machine != "x86_64" or free and int(free[1]) < (MEMORY_MIB + 512) * 1024:
        raise LabError(f"a virtual machine wants an x86-64 machine with {MEMORY_MIB + 512} MiB of memory free")
    if not shutil.which("qemu-system-x86_64") or not shutil.which("qemu-img"):
        engine.install(["qemu-system-x86", "qemu-utils"], "the virtual machine of the lab")


def _base() -> Path:
    """The disk that all of them begin with, made if it is not there yet; its name has the hash of all that goes into it."""
    image = images.ensure("vm")
    maker = (images.HERE / "image" / "make-disk").read_bytes()
    digest = hashlib.sha256(b"\0".join((image.encode(), maker, BOOT_LOADER.encode(), str(ROOT_MIB).encode()))).hexdigest()[:12]
    there = folder() / "machines" / f"base-{digest}"
    if (there / "root.raw").exists():
        return there / "root.raw"
    say("making the virtual machine's disk (some minutes where the processor does not help)")
    part = there.with_suffix(".part")
    first = Machine("base", part)
    first.discard()  # what was broken off may still run
    part.mkdir(parents=True)
    source, maker_of = (f"standfast-{lab_id()}-{name}" for name in ("disk-source", "disk-maker"))
    engine.docker("rm", "-f", source, maker_of, check=False)
    try:
        engine.docker("create", "--name", source, "--label", f"{LABEL}={lab_id()}", image)
        export = subprocess.Popen(["docker", "export", source], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        made = subprocess.run(["docker", "run", "--rm", "-i", "--name", maker_of, "--label", f"{LABEL}={lab_id()}", "--volume", f"{part}:/out",
                               "--entrypoint", "sh", image, "-c", maker.decode(), "make-disk", str(ROOT_MIB)],
                              stdin=export.stdout, capture_output=True, timeout=MAKE_LIMIT_S, check=False)
        if export.wait(60) != 0 or made.returncode != 0:
            raise LabError(f"the virtual machine's disk could not be made: {made.stderr.decode(errors='replace').strip()[-300:]}")
    finally:
        engine.docker("rm", "-f", source, maker_of, check=False)
    first.power_on(["-drive", f"file={part}/root.raw,format=raw,if=virtio,cache=unsafe", "-kernel", "vmlinuz", "-initrd", "initrd",
                    "-append", "root=/dev/vda1 rw console=ttyS0 net.ifnames=0"])
    try:
        first.wait_for_agent()
        done = first.run(["sh", "-c", f"exec 2>&1\n{BOOT_LOADER}"], limit_s=START_LIMIT_S)
        if done.returncode != 0:
            raise LabError(f"the virtual machine's boot loader could not be installed: {done.stdout.decode(errors='replace').strip()[-300:]}")
        first.power_off(orderly=True)
    finally:
        first.power_off()
    for spent in ("vmlinuz", "initrd"):
        (part / spent).unlink()
    part.rename(there)
    return there / "root.raw"


class Machine:
    """One virtual machine; its folder may lie anywhere, its sockets' paths have no limit."""

    def __init__(self, name: str, there: Path | None = None) -> None:
        self.name, self.place = name, there or place(name)

    def create(self) -> None:
        """New disks; an older machine of this name goes away."""
        self.discard()
        base = _base()
        self.place.mkdir(parents=True)
        done = subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", "-b", str(base), "-F", "raw", str(self.place / "root.qcow2")],
                              capture_output=True, text=True, timeout=60, check=False)
        if done.returncode != 0:
            raise LabError(f"the disk of {self.name} could not be made: {done.stderr.strip()}")
        for disk in EXTRA:
            with open(self.place / f"{disk}.raw", "wb") as file:
                file.truncate(EXTRA_MIB << 20)

    def start(self, forwards: Sequence[str]) -> bool:
        """Power on; forwards: as QEMU's hostfwd has them. False if one of the ports is taken."""
        try:
            self.power_on(["-drive", f"file={self.place}/root.qcow2,format=qcow2,if=virtio",
                           *(word for disk in EXTRA for word in ("-drive", f"file={self.place}/{disk}.raw,format=raw,if=virtio,id={disk}"))], forwards)
        except LabError as problem:
            if "host forwarding" in str(problem):
                return False
            raise
        return True

    def power_on(self, disks: Sequence[str], forwards: Sequence[str] = ()) -> None:
        accelerator, processor = ("kvm", "host") if accelerated() else ("tcg,thread=multi", "max")
        done = subprocess.run(
            ["qemu-system-x86_64", "-name", f"standfast-{lab_id()}-{self.name}", "-accel", accelerator, "-cpu", processor, "-smp", str(PROCESSORS),
             "-m", str(MEMORY_MIB), "-nodefaults", "-no-user-config", "-display", "none", "-vga", "none", *disks,
             "-netdev", ",".join(["user,id=net", *(f"hostfwd={one}" for one in forwards)]), "-device", "virtio-net-pci,netdev=net",
             "-device", "virtio-rng-pci", "-device", "virtio-serial-pci", "-device", "virtserialport,chardev=agent,name=org.qemu.guest_agent.0",
             "-chardev", "socket,id=agent,path=agent.sock,server=on,wait=off", "-qmp", "unix:qmp.sock,server=on,wait=off",
             "-serial", "file:console.log", "-daemonize", "-pidfile", "pid"],
            cwd=self.place, stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False)
        if done.returncode != 0:
            raise LabError(f"virtual machine {self.name} does not start: {done.stderr.decode(errors='replace').strip()[-300:]}")

    def pid(self) -> int | None:
        """Of its process; None if it is off."""
        try:
            pid = int((self.place / "pid").read_text())
            return pid if f"standfast-{lab_id()}-{self.name}".encode() in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0") else None
        except (OSError, ValueError):
            return None

    def power_off(self, orderly: bool = False) -> None:
        """As by pulling the plug; or `orderly`, as by the command poweroff. Harmless when it is off."""
        if orderly and self.pid():
            try:
                self.run(["systemctl", "poweroff"])
            except LabError:
                pass  # it is down before the agent has answered; if not, the plug is pulled in the end
            if self._is_off_within(START_LIMIT_S / 2):
                return
        if pid := self.pid():
            os.kill(pid, signal.SIGKILL)
            self._is_off_within(30)

    def _is_off_within(self, limit_s: float) -> bool:
        give_up = time.monotonic() + limit_s
        while self.pid():
            if time.monotonic() > give_up:
                return False
            time.sleep(0.1)
        return True

    def discard(self) -> None:
        self.power_off()
        shutil.rmtree(self.place, ignore_errors=True)

    def enlarge(self, disk: str, mib: int) -> None:
        """Make one of the extra disks larger while the machine runs; its kernel hears of it."""
        self._monitor("block_resize", device=disk, size=mib << 20)

    def _monitor(self, command: str, **arguments: object) -> object:
        with _lines(self.place / "qmp.sock") as (send, lines):
            next(lines)
            for one in ({"execute": "qmp_capabilities"}, {"execute": command, "arguments": arguments}):
                send(one)
                answer = next(line for line in lines if "return" in line or "error" in line)
                if "error" in answer:
                    raise LabError(f"virtual machine {self.name}: {answer['error'].get('desc')}")
        return answer["return"]

    def _agent(self, command: str, limit_s: float = 30, **arguments: object) -> dict:
        """One question to the agent; others wait for its answer. What came too late for somebody else is passed over.

        Raises LabError when it does not answer.
        """
        with open(self.place / "agent.lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            token = secrets.randbits(40)
            try:
                with _lines(self.place / "agent.sock", limit_s) as (send, lines):
                    send({"execute": "guest-sync", "arguments": {"id": token}})
                    next(line for line in lines if line.get("return") == token)
                    send({"execute": command, "arguments": arguments})
                    answer = next(lines)
            except (OSError, StopIteration):
                raise LabError(f"the agent of {self.name} does not answer; see {self.place / 'console.log'}") from None
        if "error" in answer:
            raise LabError(f"the agent of {self.name}: {answer['error'].get('desc')}")
        return answer["return"]

    def run(self, command: Sequence[str], stdin: bytes | None = None, limit_s: float = 120.0) -> subprocess.CompletedProcess[bytes]:
        """One command as root, its output captured.

        Raises LabError when the agent does not answer, TimeoutExpired after `limit_s` seconds; the command goes on then.
        """
        give_up = time.monotonic() + limit_s
        given = {} if stdin is None else {"input-data": base64.b64encode(stdin).decode()}
        pid = self._agent("guest-exec", path="/usr/bin/env", arg=["HOME=/root", *command], **{"capture-output": True}, **given)["pid"]
        pause = 0.02
        while not (told := self._agent("guest-exec-status", pid=pid))["exited"]:
            if time.monotonic() > give_up:
                raise subprocess.TimeoutExpired(list(command), limit_s)
            time.sleep(pause)
            pause = min(pause * 1.5, 0.5)
        out, err = (base64.b64decode(told.get(name, "")) for name in ("out-data", "err-data"))
        return subprocess.CompletedProcess(list(command), told.get("exitcode", 128 + told.get("signal", 0)), out, err)

    def wait_for_agent(self, limit_s: float = START_LIMIT_S) -> None:
        give_up = time.monotonic() + limit_s
        while True:
            try:
                self._agent("guest-ping", limit_s=5)
                return
            except LabError:
                if time.monotonic() > give_up or not self.pid():
                    raise
                time.sleep(0.5)


@contextmanager
def _lines(path: Path, limit_s: float = 30) -> Iterator[tuple]:
    """Both ways of a socket that speaks JSON, a line each: what sends one, and those that come."""
    there = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(limit_s)
            connection.connect(f"/proc/self/fd/{there}/{path.name}")  # a socket's path has a limit, and the lab's folder has none
            with connection.makefile("rb") as answers:
                yield lambda one: connection.sendall(json.dumps(one).encode() + b"\n"), (json.loads(line) for line in answers)
    finally:
        os.close(there)
