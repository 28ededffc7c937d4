"""Reads one network device over SSH for an inspection: a few commands of its vendor's command line that only look (R127)."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from blocks.network_device import NetworkDevice
from reports.records import CheckRow, TargetRead, Text
from tasks.checks.devices.console import PROMPT, WHOLE
from tasks.checks.kinds import DeviceCheck, Known, Limits, Row, unknown
from tasks.checks.reading import check_rows, judged
from tasks.errors import HostUnreachable, OutOfTime, ProcedureError, UnreadableOutput
from tasks.redaction import redact
from tasks.remote import Console

COMMAND_LIMIT_S = 30  # for what one command prints
TIME_LIMIT_S = 180    # for one device


def read_console(access: NetworkDevice, checks: Sequence[DeviceCheck], limits: Mapping[str, Limits],
                 known_for: Callable[[str], Known]) -> tuple[TargetRead, str]:
    """Ask one device all commands of its checks, each once, and judge the answers. Nothing is raised for what the device does or does not do.

    Returns the reading, and all answers as text. The reading's `problem` says in one sentence why nothing could be asked.
    """
    began, read_at, vendor = time.monotonic(), datetime.now(UTC), access.vendor or ""
    secrets, about = access.secrets(), {}
    rows: list[CheckRow] = []
    problem, answers = None, {}
    try:
        answers = _ask(access, vendor, [*dict.fromkeys([*(check.commands[vendor] for check in checks), *access.commands])])
    except ProcedureError as refused:
        problem = Text(zh=redact(refused.text.zh, secrets), en=redact(refused.text.en, secrets))
    for check in checks if answers else ():
        answer = answers[check.commands[vendor]]
        if isinstance(answer, Row):
            rows += check_rows(access.name, check, (answer,))
            continue
        rows += check_rows(access.name, check, judged(check, answer, limits[check.id], replace(known_for(check.id), now=read_at, kind=f"SSH {vendor}")))
        try:
            about |= check.about(check.parse(answer)) if check.about else {}
        except (ValueError, TypeError, LookupError, ArithmeticError, AttributeError):
            continue  # its row says so
    about = {"address": f"{access.address}:{access.port}", **about} if answers else {}
    raw = "".join(answer if isinstance(answer, str) else f"# {vendor} {command}: {answer.en}\n" for command, answer in answers.items())
    return TargetRead(target=access.name, kind="network", read_at=read_at, seconds=round(time.monotonic() - began, 3), problem=problem,
                      about={name: redact(value, secrets)[:200] for name, value in about.items()}, rows=tuple(rows)), redact(raw, secrets)


def _ask(access: NetworkDevice, vendor: str, commands: Sequence[str]) -> dict[str, str | Row]:
    """What each command printed, or what must be said instead. Raises what opening the console raises."""
    answers: dict[str, str | Row] = {}
    deadline = time.monotonic() + TIME_LIMIT_S
    with Console(access) as console:
        gone = None
        for command in (WHOLE[vendor], *commands):
            left = min(COMMAND_LIMIT_S, deadline - time.monotonic())
            if gone is None and left <= 0:
                gone = unknown(f"{TIME_LIMIT_S} 秒内没有读完", f"it was not read within {TIME_LIMIT_S} s")
            if gone is not None:
                answers[command] = gone
                continue
            try:
                printed = console.prompt if command == PROMPT else console.ask(command, timeout_s=left)
                answers[command] = f"# {vendor} {command}\n{redact(printed, access.secrets())}\nend\n"
            except (OutOfTime, HostUnreachable, UnreadableOutput) as problem:
                # Where the answer of one command ends is no longer known, so nothing more is asked.
                gone = answers[command] = unknown(f"无法读取:{problem.text.zh}", f"it could not be read: {problem.text.en}")
    answers.pop(WHOLE[vendor])
    return answers
