"""The sandbox's Docker engine, driven by the `docker` command; every call is bounded in time."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import BinaryIO

from tasks.errors import CommandFailed, HostUnreachable, OutOfTime

# Change, name of the target, which machine that is (two sites that share an engine give the same numbers and names), and when.
COPY_LABEL, TARGET_LABEL, MACHINE_LABEL, MADE_LABEL = "standfast.copy", "standfast.target", "standfast.machine", "standfast.made"


class Engine:
    """One Docker engine; `address` as DOCKER_HOST has it, empty for the command's own default."""

    def __init__(self, address: str = "") -> None:
        self.address = address

    def _line(self, arguments: Sequence[str]) -> list[str]:
        return ["docker", *(("-H", self.address) if self.address else ()), *arguments]

    def run(self, *arguments: str, stdin: bytes | None = None, timeout_s: float = 120, check: bool = True) -> str:
        """What a docker command printed, without white space around it; with `check` off, "" when it failed.

        Raises:
            CommandFailed: it failed. OutOfTime: no end in time. HostUnreachable: no engine answers.
        """
        try:
            done = subprocess.run(
                self._line(arguments),
                input=stdin,
                stdin=subprocess.DEVNULL if stdin is None else None,
                capture_output=True,
                timeout=timeout_s,
                check=False,
            )
        except FileNotFoundError:
            raise HostUnreachable("the docker command is missing on the worker; install it (on Debian: docker.io)",
                                  "执行机上没有 docker 命令；请安装（Debian 上为 docker.io）") from None
        except subprocess.TimeoutExpired:
            raise OutOfTime(
                f"docker {' '.join(arguments[:2])}: no end after {timeout_s:.0f} s; look at the sandbox's engine",
                f"docker {' '.join(arguments[:2])}：{timeout_s:.0f} 秒后仍未结束；请检查模拟环境的 Docker 引擎",
            ) from None
        if done.returncode != 0:
            if not check:
                return ""
            self.refuse(arguments, done.stderr)
        return done.stdout.decode(errors="replace").strip()

    def refuse(self, arguments: Sequence[str], err: bytes) -> None:
        words = [line for line in err.decode(errors="replace").splitlines() if line.strip()] or ["no message"]
        if "Cannot connect to the Docker daemon" in words[0] or "error during connect" in words[0]:
            raise HostUnreachable(
                f"the sandbox's Docker engine does not answer at {self.address or 'its default address'}; "
                "start it, or correct the sandbox block",
                f"模拟环境的 Docker 引擎（{self.address or '默认地址'}）没有应答；请启动，或更正模拟环境的登记",
            )
        raise CommandFailed(f"docker {' '.join(arguments[:2])}: {words[-1][:300]}", f"docker {' '.join(arguments[:2])} 失败：{words[-1][:300]}")

    def last_words(self, container: str) -> str:
        """The last line a container printed, and how it ended."""
        done = subprocess.run(
            self._line(("logs", "--tail", "5", container)),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=60,
            check=False,
        )
        lines = [line for line in done.stdout.decode(errors="replace").splitlines() if line.strip()]
        status = self.run("inspect", "-f", "{{.State.ExitCode}}", container, check=False)
        return f"{lines[-1] if lines else 'it said nothing'} (status {status})"

    def names(self, kind: str, *labels: str) -> list[str]:
        """Containers ("container"), images or networks that bear all these labels ("name" or "name=value"): their ids."""
        filters = [part for label in labels for part in ("--filter", f"label={label}")]
        if kind == "container":
            listed = self.run("ps", "-aq", "--no-trunc", *filters)
        elif kind == "image":
            listed = self.run("images", "-q", "--no-trunc", *filters)
        else:
            listed = self.run("network", "ls", "-q", "--no-trunc", *filters)
        return list(dict.fromkeys(listed.split()))

    def labels(self, kind: str, identity: str) -> dict[str, str]:
        where = {"container": "{{json .Config.Labels}}", "image": "{{json .Config.Labels}}", "network": "{{json .Labels}}"}[kind]
        return json.loads(self.run(kind, "inspect", "-f", where, identity, check=False) or "null") or {}

    @contextmanager
    def fed(self, *arguments: str, timeout_s: float) -> Iterator[BinaryIO]:
        """A docker command that reads from us: the block writes, the end of the block closes and waits.

        When the block raises, the command is killed, so that what it made so far is thrown away.

        Raises:
            CommandFailed, OutOfTime.
        """
        with tempfile.TemporaryFile() as err, tempfile.TemporaryFile() as out:
            process = subprocess.Popen(self._line(arguments), stdin=subprocess.PIPE, stdout=out, stderr=err)
            try:
                try:
                    yield process.stdin
                    process.stdin.close()
                except BrokenPipeError:
                    pass  # it ended before us: its own words say why
                process.wait(timeout=timeout_s)
            except subprocess.TimeoutExpired:
                raise OutOfTime(
                    f"docker {arguments[0]}: no end after {timeout_s:.0f} s; look at the sandbox's engine",
                    f"docker {arguments[0]}：{timeout_s:.0f} 秒后仍未结束；请检查模拟环境的 Docker 引擎",
                ) from None
            finally:
                if process.poll() is None:
                    process.kill()
                    process.wait()
            if process.returncode != 0:
                err.seek(0)
                self.refuse(arguments, err.read())

    def free_bytes(self, image: str = "") -> int:
        """Free space where the engine keeps its images; `image` is used to look when the engine is on another machine."""
        root = self.run("info", "-f", "{{.DockerRootDir}}")
        if (not self.address or self.address.startswith("unix:")) and os.path.isdir(root):
            return (lambda s: s.f_bavail * s.f_frsize)(os.statvfs(root))
        if not image:
            return 0
        shown = self.run("run", "--rm", "--network", "none", "--entrypoint", "df", image, "-Pk", "/")
        return int(shown.splitlines()[-1].split()[3]) * 1024
