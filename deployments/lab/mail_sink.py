"""A real SMTP server that delivers to a folder: each message becomes `<n>-<to>.eml` in the lab's mail folder.

Runs as a process of its own, so that it outlives the command that started it:
`python -m deployments.lab.mail_sink --port 2525 --folder .lab/mail`.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import smtplib
import subprocess
import sys
import threading
import time
from pathlib import Path

from deployments.lab.place import REPOSITORY, LabError, folder, say

ADDRESS = "127.0.0.1"
START_LIMIT_S = 20


def ensure(port_from: int = 2525) -> int:
    """See to it that the sink of this lab runs; returns its port.

    Raises LabError when it cannot be started.
    """
    from deployments.lab.hosts import free_port

    state = folder() / "mail_sink.json"
    now = _running(state)
    if now:
        return now
    mail = folder() / "mail"
    mail.mkdir(parents=True, exist_ok=True)
    port = free_port(_last_port(state) or port_from, set())
    log = folder() / "log" / "mail_sink.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with open(log, "ab") as sink:
        process = subprocess.Popen(
            [sys.executable, "-m", "deployments.lab.mail_sink", "--port", str(port), "--folder", str(mail)],
            cwd=REPOSITORY,
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=sink,
            start_new_session=True,
        )
    give_up = time.monotonic() + START_LIMIT_S
    while not _greets(port):
        if process.poll() is not None or time.monotonic() > give_up:
            raise LabError(f"the mail sink does not start; see {log}")
        time.sleep(0.05)
    state.write_text(json.dumps({"pid": process.pid, "port": port}))
    say(f"mail sink on {ADDRESS}:{port}, messages in {mail}")
    return port


def stop() -> None:
    """End the sink of this lab, if it runs, and wait until its port is free again."""
    state = folder() / "mail_sink.json"
    port = _running(state)
    if port:
        os.kill(json.loads(state.read_text())["pid"], signal.SIGTERM)
        give_up = time.monotonic() + START_LIMIT_S
        while _greets(port) and time.monotonic() < give_up:
            time.sleep(0.05)


def _last_port(state: Path) -> int:
    try:
        return json.loads(state.read_text())["port"]
    except (OSError, ValueError, KeyError):
        return 0


def _running(state: Path) -> int:
    """The port of the sink that `state` speaks of, if that process is really the sink and answers; else 0."""
    try:
        told = json.loads(state.read_text())
        words = Path(f"/proc/{told['pid']}/cmdline").read_bytes().split(b"\0")
    except (OSError, ValueError, KeyError):
        return 0
    return told["port"] if b"deployments.lab.mail_sink" in words and _greets(told["port"]) else 0


def _greets(port: int) -> bool:
    try:
        with smtplib.SMTP(ADDRESS, port, timeout=2) as connection:
            return connection.noop()[0] == 250
    except (OSError, smtplib.SMTPException):
        return False


class Delivery:
    """Writes each message to the folder, one file per recipient; the file appears whole or not at all."""

    def __init__(self, mail: Path):
        self.mail = mail
        self.number = max((int(path.name.split("-")[0]) for path in mail.glob("[0-9]*-*.eml")), default=0)

    async def handle_DATA(self, server, session, envelope) -> str:
        for recipient in envelope.rcpt_tos:
            self.number += 1
            name = f"{self.number:06d}-{re.sub(r'[^A-Za-z0-9@._+-]', '_', recipient)}.eml"
            part = self.mail / f".{name}.part"
            part.write_bytes(envelope.original_content)
            part.replace(self.mail / name)
        return "250 kept"


def main() -> None:
    from aiosmtpd.controller import Controller

    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--port", type=int, required=True)
    arguments.add_argument("--folder", type=Path, required=True)
    given = arguments.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    controller = Controller(Delivery(given.folder), hostname=ADDRESS, port=given.port, enable_SMTPUTF8=True)
    controller.start()
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    ended.wait()
    controller.stop()


if __name__ == "__main__":
    main()
