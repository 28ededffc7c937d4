"""Where the lab keeps what it makes, and how it speaks of its progress."""

from __future__ import annotations

import fcntl
import hashlib
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
LABEL = "standfast.lab"


class LabError(Exception):
    """The lab cannot do what was asked; the message is one sentence that says why and what to do."""


def folder() -> Path:
    """The lab's folder: `.lab` in the repository, or what STANDFAST_LAB names."""
    return Path(os.environ.get("STANDFAST_LAB") or REPOSITORY / ".lab").resolve()


def lab_id() -> str:
    """Six hexadecimal digits that tell this clone's containers from those of other clones on the same machine."""
    return hashlib.sha256(str(folder()).encode()).hexdigest()[:6]


def say(sentence: str) -> None:
    """One line of progress on standard error; standard output stays free for results."""
    print(f"lab: {sentence}", file=sys.stderr, flush=True)


@contextmanager
def only_one(limit_s: float = 1800.0) -> Iterator[None]:
    """Hold the lab's lock: two processes that bring up the same lab would trip over each other.

    Raises LabError when another process holds it for longer than `limit_s`.
    """
    folder().mkdir(parents=True, exist_ok=True)
    with open(folder() / "lock", "w") as lock:
        give_up = time.monotonic() + limit_s
        told = False
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > give_up:
                    raise LabError(
                        f"another process has been working on the lab for {limit_s:.0f} s; "
                        f"end it (it holds {folder() / 'lock'}) and try again"
                    ) from None
                if not told:
                    say("waiting for another process that is working on the lab")
                    told = True
                time.sleep(0.1)
        yield
