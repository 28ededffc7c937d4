"""A Prefect server with SQLite, its deployments and a worker on this machine: for the demo, for trying out, for tests."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

POOL = "standfast"
ROOT = Path(__file__).resolve().parents[1]
READY_LIMIT_S = 300  # the first start makes the database; what ended is noticed at once
PORTS_TRIED = 50
Say = Callable[[str], None]


class NotReady(Exception):
    """The server or the worker did not come up in time; the message says where its log is."""


def settings(home: Path, port: int, guarded: bool = False) -> dict[str, str]:
    """The environment that server, worker and clients share. See docs/decisions/0003-prefect.md for the reasons.

    guarded: the server wants a password: whoever may start flows may have any command run on the hosts.
    """
    home.mkdir(parents=True, exist_ok=True)
    home.chmod(0o700)  # the database holds what blocks hold
    key_file = home / "encryption.key"
    if not key_file.exists():
        import base64

        key_file.touch(mode=0o600)
        key_file.write_text(base64.urlsafe_b64encode(secrets.token_bytes(32)).decode())
    password = _password(home) if guarded else ""
    return {
        **({"PREFECT_SERVER_API_AUTH_STRING": password, "PREFECT_API_AUTH_STRING": password} if guarded else {}),
        "PREFECT_HOME": str(home),
        "PREFECT_PROFILES_PATH": str(home / "profiles.toml"),
        "PREFECT_API_URL": f"http://127.0.0.1:{port}/api",
        "PREFECT_UI_URL": f"http://127.0.0.1:{port}",
        "PREFECT_SERVER_API_HOST": "127.0.0.1",
        "PREFECT_SERVER_API_PORT": str(port),
        "PREFECT_SERVER_ENCRYPTION_KEY": key_file.read_text(),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
        "PREFECT_SERVER_CORS_ALLOWED_ORIGINS": f"http://127.0.0.1:{port}",
        "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
        # In memory, a restart of the server would block a host for ever or cancel a change half done.
        "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": "prefect.server.concurrency.lease_storage.filesystem",
        # A run that dies before it started must not hold its deployment's only place for the five minutes that are the default.
        "PREFECT_SERVER_CONCURRENCY_INITIAL_DEPLOYMENT_LEASE_DURATION": "60",
        "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE": "100",
        "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_READ_BATCH_SIZE": "100",
        "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_FLUSH_INTERVAL": "1",
        "PREFECT_RESULTS_LOCAL_STORAGE_PATH": str(home / "results"),
        "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30",
        "PREFECT_WORKER_QUERY_SECONDS": "2",
        "PREFECT_CLI_PROMPT": "false",
        "PREFECT_CLI_COLORS": "false",
        "PREFECT_LOGGING_LEVEL": "INFO",
    }


def _password(home: Path) -> str:
    """Made once and kept; in the form that Prefect's own page of log-in wants, user:password."""
    path = home / "password"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(f"admin:{secrets.token_urlsafe(9)}")
    return path.read_text()


class Orchestrator:
    """Server and worker as child processes of this one; ended by their own ids, nothing else is."""

    def __init__(self, home: Path, port: int = 4200, *, guarded: bool = False) -> None:
        self.home = home
        # Held while this one lives: two that start at the same time must not take one port, and each other's server for their own.
        self._claim, self.port = claim_port(port)
        self.environment = settings(home, self.port, guarded)
        self._children: dict[str, subprocess.Popen] = {}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def password(self) -> str:
        """What the UI asks for; empty: it asks for nothing."""
        return self.environment.get("PREFECT_API_AUTH_STRING", "")

    def use_here(self) -> None:
        """Make this process a client of the server; before Prefect is imported."""
        os.environ.update(self.environment)

    def start_server(self, say: Say) -> None:
        """Start the server and wait until it answers.

        Raises:
            NotReady: it did not within the limit, or it ended.
        """
        say(f"starting the Prefect server on {self.url}")
        child = self._start("server", [sys.executable, "-m", "prefect", "server", "start"])
        began, said = time.monotonic(), 0.0
        while time.monotonic() - began < READY_LIMIT_S:
            try:
                with urllib.request.urlopen(f"{self.url}/api/health", timeout=2) as answer:
                    if answer.status == 200:
                        return
            except OSError:
                pass
            if child.poll() is not None:
                break
            if time.monotonic() - began - said > 10:
                said = time.monotonic() - began
                say(f"waiting for the Prefect server, {said:.0f} s")
            time.sleep(0.3)
        raise NotReady(f"The Prefect server did not come up; its log is {self.log('server')}")

    def deploy(self, say: Say) -> None:
        """Make the work pool and all deployments of prefect.yaml; harmless when done again."""
        say("registering work pool and deployments")
        self._prefect("work-pool", "create", POOL, "--type", "process", "--overwrite")
        self._prefect("--no-prompt", "deploy", "--all")

    def start_worker(self, say: Say, name: str = "worker") -> None:
        say("starting a worker")
        self._start(name, [sys.executable, "-m", "prefect", "worker", "start", "--pool", POOL, "--name", f"standfast-{name}"])

    def kill(self, name: str, *, with_children: bool = False) -> None:
        """End a child without warning, with what it started or alone, as a power cut would (for trying what happens)."""
        child = self._children.pop(name)
        os.killpg(child.pid, signal.SIGKILL) if with_children else child.kill()
        child.wait()

    def stop(self) -> None:
        """End worker and server, in this order, and wait for them."""
        for name in reversed(list(self._children)):
            child = self._children.pop(name)
            if child.poll() is None:
                child.send_signal(signal.SIGINT)
                try:
                    child.wait(15)
                except subprocess.TimeoutExpired:
                    child.kill()
                    child.wait()
        self._claim.close()

    def pid(self, name: str) -> int:
        return self._children[name].pid

    def log(self, name: str) -> Path:
        return self.home / f"{name}.log"

    def _start(self, name: str, command: list[str]) -> subprocess.Popen:
        with self.log(name).open("ab") as log:
            # A group of its own: Ctrl-C in the terminal must not kill them before a running step was let go.
            child = subprocess.Popen(command, cwd=ROOT, env={**os.environ, **self.environment}, stdin=subprocess.DEVNULL,
                                     stdout=log, stderr=subprocess.STDOUT, start_new_session=True)
        self._children[name] = child
        return child

    def _prefect(self, *arguments: str) -> None:
        done = subprocess.run([sys.executable, "-m", "prefect", *arguments], cwd=ROOT, env={**os.environ, **self.environment},
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=180)
        with self.log("deploy").open("a") as log:
            log.write(done.stdout + done.stderr)
        if done.returncode != 0:
            raise NotReady(f"prefect {' '.join(arguments[:3])} failed: {(done.stderr or done.stdout).strip()[-300:]}")


def claim_port(wanted: int) -> tuple[socket.socket, int]:
    """A free port from the wanted one on, and its claim: the UDP port of the same number, which nobody who asks so can have meanwhile."""
    for port in range(wanted, wanted + PORTS_TRIED):
        claim = socket.socket(type=socket.SOCK_DGRAM)
        try:
            claim.bind(("127.0.0.1", port))
            if free_port(port, 1) == port:
                return claim, port
        except (OSError, NotReady):
            pass
        claim.close()
    raise NotReady(f"None of the ports {wanted} to {wanted + PORTS_TRIED - 1} is free; end what uses them")


def free_port(wanted: int, tried: int = PORTS_TRIED) -> int:
    """The wanted port if it is free on loopback, else the next free one."""
    for port in range(wanted, wanted + tried):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue
    raise NotReady(f"None of the ports {wanted} to {wanted + tried - 1} is free; end what uses them")
