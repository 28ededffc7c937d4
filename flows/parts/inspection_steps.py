"""The task runs of an inspection: one a handful of targets, never one a check."""

from __future__ import annotations

import os
import time

from prefect import task
from prefect.artifacts import create_link_artifact, create_markdown_artifact, create_progress_artifact, create_table_artifact
from prefect.logging import get_run_logger

from tasks import inspection, papers

# Set to "task-workers" where the flow runs: the targets are read by `standfast readers`, started on as many machines as wished.
ELSEWHERE = "STANDFAST_READERS"
SPREAD = 8  # over so many task workers a small fleet can be spread
PATIENCE_S = float(os.environ.get("STANDFAST_READERS_PATIENCE_S", inspection.HOST_LIMIT_S + 60))


@task(name="Read", task_run_name="Read {part} of {parts}: {names}", persist_result=False, retries=1, retry_delay_seconds=5)
def read(number: str, names: list[str], part: int, parts: int) -> dict[str, int]:
    """Not remembered: the archive knows which targets are read."""
    counted = inspection.read_targets(number, names, get_run_logger().info)
    _show(number)
    return counted


def readers_elsewhere() -> bool:
    return os.environ.get(ELSEWHERE) == "task-workers"


def read_elsewhere(number: str) -> None:
    """Give the handfuls to Prefect's task workers, and wait until they ended, or read no target more for `PATIENCE_S` seconds.

    A task worker that dies says nothing, so the archive is asked how far they are.
    """
    missing = inspection.missing(number)
    parts = inspection.handfuls(missing, max(1, min(inspection.HANDFUL, len(missing) // SPREAD)))
    reading = [read.delay(number, names, part, len(parts)) for part, names in enumerate(parts, start=1)]
    left, since = -1, time.monotonic()
    while reading and time.monotonic() - since < PATIENCE_S:
        reading[0].wait(timeout=5)
        if reading[0].state.is_final():
            reading.pop(0)
        if (now := len(inspection.missing(number))) != left:
            left, since = now, time.monotonic()


@task(name="Report", task_run_name="Compare, forecast, report, seal", persist_result=False, retries=1, retry_delay_seconds=5)
def report(number: str) -> dict:
    """Not remembered: called again, it goes on where it stopped."""
    found = inspection.finish(number)
    create_table_artifact(found["table"], key=f"inspection-{number.lower()}", description=found["says"])
    create_markdown_artifact(found["page"], key=f"findings-{number.lower()}", description=f"{number} · 巡检结果 / findings")
    for name, path in papers.documents(number).items():
        create_link_artifact(link=f"file://{path}", key=f"{number.lower()}-{name.replace('.', '-')}", description=f"{number} · {name}")
    return {"grade": found["grade"], "says": found["says"]}


def _show(number: str) -> None:
    """How far the reading is; a new artifact of the same key, since several handfuls end at once."""
    try:
        create_progress_artifact(inspection.share_read(number) * 100, key=f"progress-{number.lower()}", description=f"{number}: targets read")
    except Exception as problem:  # a picture of the progress must never stop a reading
        get_run_logger().warning("the progress could not be shown: %s", problem)
