"""The Docker engine: found, or installed and started where that is possible; and the few calls the lab makes of it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from deployments.lab.place import LabError, folder, say

START_LIMIT_S = 60
INSTALL_LIMIT_S = 900


def docker(
    *arguments: str, stdin: bytes | None = None, limit_s: float = 120.0, check: bool = True
) -> subprocess.CompletedProcess[bytes]:
    """Run one docker command; output captured.

    Raises LabError when it takes longer than `limit_s` seconds, or, with `check`, when it fails.
    """
    try:
        done = subprocess.run(
            ["docker", *arguments],
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            timeout=limit_s,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise LabError(
            f"`docker {' '.join(arguments[:3])}` gave no answer within {limit_s:.0f} s; look at the Docker engine"
        ) from None
    if check and done.returncode != 0:
        words = done.stderr.decode(errors="replace").strip().splitlines() or ["no message"]
        raise LabError(f"`docker {' '.join(arguments[:3])}` failed: {words[-1]}")
    return done


def text(*arguments: str, limit_s: float = 120.0) -> str:
    """What one docker command printed, without the white space around it."""
    return docker(*arguments, limit_s=limit_s).stdout.decode().strip()


def address() -> str:
    """Where the engine listens, as Standfast's sandbox block wants it."""
    return os.environ.get("DOCKER_HOST") or "unix:///var/run/docker.sock"


def answers(limit_s: float = 15.0) -> bool:
    """True if an engine answers to this account."""
    if not shutil.which("docker"):
        return False
    try:
        return docker("version", "--format", "{{.Server.Version}}", limit_s=limit_s, check=False).returncode == 0
    except LabError:
        return False


def on_debian() -> bool:
    """True on Debian, Ubuntu and what descends from them."""
    try:
        release = Path("/etc/os-release").read_text()
    except OSError:
        return False
    return "debian" in release and shutil.which("apt-get") is not None


def install(packages: Sequence[str], purpose: str) -> None:
    """Install Debian packages on this machine; only root on Debian or Ubuntu can.

    Raises LabError with one sentence that says what to install otherwise.
    """
    if os.geteuid() != 0 or not on_debian():
        raise LabError(
            f"{purpose}: install {' and '.join(packages)} "
            f"(on Debian or Ubuntu: apt-get install {' '.join(packages)}) and try again"
        )
    say(f"installing {', '.join(packages)} ({purpose})")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["apt-get", "-q", "update"], ["apt-get", "-q", "-y", "--no-install-recommends", "install", *packages]):
        watch(command, f"apt-get {command[-1] if command[-1] == 'update' else 'install'}", INSTALL_LIMIT_S, environment)


def watch(command: Sequence[str], name: str, limit_s: float, environment: dict[str, str] | None = None) -> str:
    """Run a long command; every few seconds one line says that it goes on and what it printed last. Returns what it printed.

    Raises LabError when it fails or takes longer than `limit_s` seconds.
    """
    log = folder() / "log" / f"{''.join(c if c.isalnum() else '-' for c in name)}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    said = began
    with open(log, "wb") as sink:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=sink, stderr=subprocess.STDOUT, env=environment)
        try:
            while process.poll() is None:
                now = time.monotonic()
                if now - began > limit_s:
                    raise LabError(f"{name} did not end within {limit_s:.0f} s; its output lies in {log}")
                if now - said >= 8:
                    said = now
                    say(f"{name}: {now - began:.0f} s … {_last_line(log)}")
                time.sleep(0.1)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
    if process.returncode != 0:
        raise LabError(f"{name} failed ({_last_line(log)}); its whole output lies in {log}")
    return log.read_text(errors="replace")


def _last_line(log: Path) -> str:
    lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
    return lines[-1].strip()[:100] if lines else "nothing printed yet"


def ensure() -> None:
    """See to it that a Docker engine answers: start the one that is installed, or install one, where we may.

    Raises LabError with one sentence when there is none and none can be had.
    """
    if answers():
        return
    root = os.geteuid() == 0
    if "DOCKER_HOST" in os.environ:
        raise LabError(f"no Docker engine answers at {os.environ['DOCKER_HOST']} (DOCKER_HOST); start it, or unset DOCKER_HOST")
    if Path("/var/run/docker.sock").exists() and not os.access("/var/run/docker.sock", os.W_OK):
        raise LabError(
            "this account may not use the Docker engine; "
            "add it to the group docker (usermod -aG docker NAME), log in again and try again"
        )
    if not shutil.which("dockerd") or not shutil.which("docker"):
        install(["docker.io"], "the lab's hosts are containers and need a Docker engine")
        if not shutil.which("docker"):  # from Debian 13 on the command is a package of its own
            install(["docker-cli"], "the docker command")
    if not answers():
        if not root:
            raise LabError("no Docker engine answers; start it (as root: systemctl start docker) and try again")
        _start()
    say("the Docker engine answers")


def _start() -> None:
    if Path("/run/systemd/system").is_dir():
        say("starting the Docker engine by systemd")
        subprocess.run(
            ["systemctl", "start", "docker"], stdin=subprocess.DEVNULL, capture_output=True, timeout=START_LIMIT_S, check=False
        )
        where = "journalctl -u docker"
        process = None
    else:
        log = folder() / "log" / "dockerd.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        say(f"starting the Docker engine (its log: {log})")
        with open(log, "ab") as sink:
            process = subprocess.Popen(["dockerd"], stdin=subprocess.DEVNULL, stdout=sink, stderr=sink, start_new_session=True)
        where = str(log)
    give_up = time.monotonic() + START_LIMIT_S
    while not answers(5):
        if time.monotonic() > give_up or (process is not None and process.poll() is not None):
            last = f" ({_last_line(Path(where))})" if process else ""
            raise LabError(f"the Docker engine was started and does not answer{last}; see {where}")
        time.sleep(0.3)


if __name__ == "__main__":
    try:
        ensure()
    except LabError as problem:
        sys.exit(f"lab: {problem}")
