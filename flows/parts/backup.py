"""A backup as a flow: one task run a host, then the record is sealed."""

from __future__ import annotations

from prefect import State, task
from prefect.artifacts import create_table_artifact
from prefect.logging import get_run_logger
from prefect.states import Completed, Failed

from blocks.foundation import Undescribed
from flows.parts.run import ending, name_this_run, run_id
from flows.parts.steps import say
from reports.records import Closure
from tasks import backing_up, desk
from tasks.errors import ProcedureError
from tasks.requests import BackupRequest, filled_in


def back_up(entered: BackupRequest) -> State:
    """Take a backup from its request to its sealed record, and say in the run's state whether every host has one."""
    try:
        request = filled_in(BackupRequest, entered)
        number = backing_up.open_backup(request, run_id=run_id())
    except (ProcedureError, Undescribed) as problem:
        return ending(None, Closure.REFUSED, problem.text)
    name_this_run(number)
    with desk.driving(number):
        for name in backing_up.hosts_left(number):
            back_up_host(number, name)
        found = finish(number)
    return (Completed(name="Proved", message=f"{number}: {found['says']}") if found["passed"] else
            Failed(name="Incomplete", message=f"{number}: {found['says']}"))


@task(name="Back up a host", task_run_name="Back up {name} and prove it", persist_result=False)
def back_up_host(number: str, name: str) -> str:
    """Not remembered: the archive knows what is done. Returns what is wrong, empty if all is well."""
    problem = backing_up.back_up(number, name, say())
    if problem:
        get_run_logger().error("%s: %s", name, problem)
    return problem


@task(name="Seal the backup", task_run_name="Close and seal the record", persist_result=False)
def finish(number: str) -> dict:
    found = backing_up.finish(number)
    create_table_artifact(found["table"], key=f"backup-{number.lower()}", description=found["says"])
    return found
