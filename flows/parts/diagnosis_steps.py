"""The task runs of a diagnosis."""

from __future__ import annotations

from prefect import task
from prefect.artifacts import create_link_artifact, create_markdown_artifact, create_table_artifact
from prefect.logging import get_run_logger

from flows.parts.steps import say
from reports.records import Closure, Text
from tasks import diagnosis_papers, papers, remote_diagnosis
from tasks.errors import NoLeave


@task(name="Read", task_run_name="Read {part} of {parts}: {names}", persist_result=False, retries=1, retry_delay_seconds=5)
def read(number: str, names: list[str], part: int, parts: int) -> None:
    """Checks first, then logs. Not remembered: the archive knows what is read. Without a leave nothing is."""
    try:
        remote_diagnosis.read_checks(number, names, say())
        remote_diagnosis.read_logs(number, names, say())
    except NoLeave as problem:
        get_run_logger().warning("%s", problem)  # the flow asks anew


@task(name="Report", task_run_name="Timeline, suspected causes, report, seal", persist_result=False, retries=1, retry_delay_seconds=5)
def report(number: str, closure: str, reason: Text) -> dict:
    """Not remembered: called again, it goes on where it stopped."""
    found = remote_diagnosis.finish(number, Closure(closure), reason)
    create_table_artifact(found["table"], key=f"causes-{number.lower()}", description=found["says"])
    create_markdown_artifact(diagnosis_papers.summary_page(number), key=f"diagnosis-{number.lower()}", description=f"{number} · 诊断结果 / diagnosis")
    for name, path in papers.documents(number).items():
        create_link_artifact(link=f"file://{path}", key=f"{number.lower()}-{name.replace('.', '-')}", description=f"{number} · {name}")
    return {"grade": found["grade"], "says": found["says"]}
