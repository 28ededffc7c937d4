"""What the watchdog does: it touches running runs without a sign of life, and suspended runs whose waiting is over. Nothing else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from prefect import task
from prefect.artifacts import create_table_artifact
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterDeploymentId,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.context import FlowRunContext
from prefect.logging import get_run_logger
from prefect.settings import get_current_settings
from prefect.states import AwaitingRetry, Crashed

from reports.records import ApprovalRequest
from tasks import approval, desk, emergency, lifecycle
from tasks.approval_form import WAKE_UP

HEARTBEATS_MISSED = 3


@task(name="Close dead runs", task_run_name="Runs without a sign of life", persist_result=False)
def close_dead_runs(silence_s: int) -> list[str]:
    """Set Crashed what is Running and has been silent; the state is read again right before. Paused runs are never touched."""
    context = FlowRunContext.get()
    own = context.flow_run.id if context and context.flow_run else None
    limit = timedelta(seconds=silence_s or HEARTBEATS_MISSED * (get_current_settings().flows.heartbeat_frequency or 60))
    closed = []
    with get_client(sync_client=True) as client:
        for run in client.read_flow_runs(flow_run_filter=FlowRunFilter(
                state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.RUNNING])),
                deployment_id=FlowRunFilterDeploymentId(is_null_=False)), limit=200):
            if run.id == own or datetime.now(UTC) - last_sign_of_life(client, run) < limit:
                continue
            fresh = client.read_flow_run(run.id)
            if fresh.state is None or not fresh.state.is_running() or fresh.state.id != run.state_id:
                continue
            client.set_flow_run_state(run.id, Crashed(message="Its process died: no sign of life. Take it up again with Retry."), force=True)
            get_run_logger().warning("%s was dead and is now Crashed; Retry takes it up again", run.name)
            closed.append(run.name)
    return closed


def last_sign_of_life(client: SyncPrefectClient, run: FlowRun) -> datetime:
    """When the run's process last said anything: its state's time or its newest heartbeat."""
    answer = client._client.post("/events/filter", json={"limit": 1, "filter": {
        "event": {"name": ["prefect.flow-run.heartbeat"]}, "resource": {"id": [f"prefect.flow-run.{run.id}"]}, "order": "DESC",
        "occurred": {"since": (datetime.now(UTC) - timedelta(days=2)).isoformat()}}})
    answer.raise_for_status()
    beats = [datetime.fromisoformat(event["occurred"].replace("Z", "+00:00")) for event in answer.json()["events"]]
    return max([run.state.timestamp, *beats])


@task(name="Wake waiting runs", task_run_name="Runs whose waiting is over", persist_result=False)
def wake_waiting_runs() -> list[str]:
    """Wake the runs of open changes whose question is settled or expired, or whose window opens; bury what can wait no more."""
    woken = []
    for row in desk.archive().changes(open_only=True, limit=500):
        try:
            if row.run_id and waiting_is_over(row.number) and wake(row.run_id):
                woken.append(row.number)
        except Exception as problem:  # one run that was deleted, say, must not keep the others waiting
            get_run_logger().warning("%s could not be woken: %s", row.number, problem)
    return woken


@task(name="Remove stale copies", task_run_name="Simulated copies that nobody needs any more", persist_result=False)
def remove_forgotten_copies(hours: float = 6) -> list[str]:
    """A copy holds a customer's data: one whose rehearsal died is removed."""
    from blocks import lookup
    from tasks.simulated_copy import remove_stale_copies

    try:
        return remove_stale_copies(lookup.find_sandbox("default"), hours * 60)
    except Exception as problem:
        get_run_logger().warning("stale copies could not be looked for: %s", problem)
        return []


@task(name="Remind of emergencies", task_run_name="Second solutions that are due, reviews that are open", persist_result=False)
def remind_of_emergencies() -> list[str]:
    """What was promised for an emergency, and what is owed after it (R158)."""
    try:
        told = [*emergency.tell_what_is_late(), *(reminded := emergency.remind())]
        if reminded:
            get_run_logger().warning("reviews of emergencies that are not over: %s", ", ".join(reminded))
            create_table_artifact(emergency.owed(), key="emergency-reviews-owed", description="Reviews of emergency restores that are not over")
        return told
    except Exception as problem:
        get_run_logger().warning("emergencies could not be looked for: %s", problem)
        return []


def waiting_is_over(number: str) -> bool:
    round_ = approval.current_round(number)
    if decided := approval.decision_of(number, round_):
        plan = lifecycle.plan_of(number, round_)
        return decided.decision != "approved" or plan is None or plan.window is None or desk.now() >= plan.window.opens_at
    asked = desk.archive().load(number, "request for approval", str(round_), ApprovalRequest)
    return asked is not None and desk.now() >= asked.expires_at


def wake(run_id: str) -> bool:
    """Resume a suspended run without answering for anybody; a run that timed out inside Prefect is started again. True if it was."""
    with get_client(sync_client=True) as client:
        run = client.read_flow_run(UUID(run_id))
        if run.state is None:
            return False
        if run.state.is_paused():
            keyset = run.state.state_details.run_input_keyset
            return client.resume_flow_run(run.id, run_input=WAKE_UP if keyset else None).status.value == "ACCEPT"
        if run.state.is_failed() and "never resumed" in (run.state.message or ""):
            return start_again(client, run)
        return False


def start_again(client: SyncPrefectClient, run: FlowRun) -> bool:
    """What “Retry” in the UI does: the same run, from its first line; a worker takes it."""
    return client.set_flow_run_state(run.id, AwaitingRetry(message="taken up again"), force=True).status.value == "ACCEPT"


def take_up_again(run_id: str) -> bool:
    """Wake a suspended run, or start a crashed or failed one again; False where there is nothing a worker could take."""
    if wake(run_id):
        return True
    with get_client(sync_client=True) as client:
        run = client.read_flow_run(UUID(run_id))
        if run.deployment_id is None or run.state is None or not (run.state.is_crashed() or run.state.is_failed()):
            return False
        return start_again(client, run)
