"""The command line in processes of its own that need not import everything anew: forked from one that has imported it and done nothing.

Each is a whole process with its own files, environment and exit status, which can be killed like any other.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

_forks = multiprocessing.get_context("forkserver")
_forks.set_forkserver_preload(["tests.live.imported"])


class Driver:
    """One command that runs; as much of Popen as the tests need."""

    def __init__(self, arguments: tuple[str, ...], environment: dict[str, str], out: Path, err: Path, given: str | None = None) -> None:
        self._process = _forks.Process(target=_carry_out, args=(arguments, environment, str(out), str(err), given), daemon=True)
        self._process.start()
        self.pid = self._process.pid

    def kill(self) -> None:
        self._process.kill()

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self, limit_s: float = 600) -> int:
        """Raises subprocess.TimeoutExpired."""
        self._process.join(limit_s)
        if self._process.exitcode is None:
            raise subprocess.TimeoutExpired("standfast", limit_s)
        return self._process.exitcode


def run(arguments: tuple[str, ...], environment: dict[str, str], limit_s: float, given: str | None = None) -> subprocess.CompletedProcess:
    """Run to its end. Raises subprocess.TimeoutExpired, after which nothing of it runs any more."""
    with tempfile.TemporaryDirectory() as folder:
        out, err = Path(folder) / "out", Path(folder) / "err"
        driver = Driver(arguments, environment, out, err, given)
        try:
            code = driver.wait(limit_s)
        except subprocess.TimeoutExpired:
            driver.kill()
            driver.wait(10)
            raise
        return subprocess.CompletedProcess(arguments, code, out.read_text(errors="replace"), err.read_text(errors="replace"))


def _carry_out(arguments: tuple[str, ...], environment: dict[str, str], out: str, err: str, given: str | None) -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(ROOT)
    for path, number in ((out, 1), (err, 2)):
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(file, number)
    with tempfile.TemporaryFile() as source:
        source.write((given or "").encode())
        source.seek(0)
        os.dup2(source.fileno(), 0)
    sys.stdin, sys.stdout, sys.stderr = open(0, closefd=False), open(1, "w", 1, closefd=False), open(2, "w", 1, closefd=False)
    sys.argv = ["standfast", *arguments]
    time.tzset()

    import prefect.context

    import standfast

    prefect.context.refresh_global_settings_context()  # read from the environment when Prefect was imported, which was another's
    try:
        standfast.main()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
