"""The task runs of an inspection: one a handful of targets, never one a check."""

from __future__ import annotations

from prefect import task
from prefect.artifacts import create_link_artifact, create_markdown_artifact, create_progress_artifact, create_table_artifact
from prefect.logging import get_run_logger

from tasks import inspection, inspection_papers, papers


@task(name="Read", task_run_name="Read {part} of {parts}: {names}", persist_result=False, retries=1, retry_delay_seconds=5)
def read(number: str, names: list[str], part: int, parts: int) -> dict[str, int]:
    """Not remembered: the archive knows which targets are read."""
    counted = inspection.read_targets(number, names, get_run_logger().info)
    _show(number)
    return counted


@task(name="Report", task_run_name="Compare, forecast, report, seal", persist_result=False, retries=1, retry_delay_seconds=5)
def report(number: str) -> dict:
    """Not remembered: called again, it goes on where it stopped."""
    found = inspection.finish(number)
    create_table_artifact(found["table"], key=f"inspection-{number.lower()}", description=found["says"])
    create_markdown_artifact(inspection_papers.summary_page(number), key=f"findings-{number.lower()}", description=f"{number} · 巡检结果 / findings")
    for name, path in papers.documents(number).items():
        create_link_artifact(link=f"file://{path}", key=f"{number.lower()}-{name.replace('.', '-')}", description=f"{number} · {name}")
    return {"grade": found["grade"], "says": found["says"]}


def _show(number: str) -> None:
    """How far the reading is; a new artifact of the same key, since several handfuls end at once."""
    try:
        create_progress_artifact(inspection.share_read(number) * 100, key=f"progress-{number.lower()}", description=f"{number}: targets read")
    except Exception as problem:  # a picture of the progress must never stop a reading
        get_run_logger().warning("the progress could not be shown: %s", problem)
