"""What a flow says to Prefect of itself: its name, its progress, its waiting, its end."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from types import SimpleNamespace

from prefect import State, runtime, suspend_flow_run
from prefect.artifacts import create_progress_artifact, update_progress_artifact
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import GlobalConcurrencyLimitCreate
from prefect.concurrency.sync import concurrency
from prefect.context import FlowRunContext
from prefect.exceptions import ObjectAlreadyExists, ObjectNotFound
from prefect.logging import get_run_logger
from prefect.settings import get_current_settings
from prefect.states import Cancelled, Completed, Failed

from flows.parts.plain_logs import speak_plainly
from reports.records import ApprovalRequest, Closure, JournalEntry, Plan, Text
from tasks import approval, carrying_out, desk, lifecycle
from tasks.approval_form import ApprovalForm
from tasks.questions import question_of
from tasks.redaction import redact

QUEUE_LIMIT_S = 4 * 3600      # how long a run waits for another that changes the same host
GRACE = timedelta(days=1)     # Prefect's own time-out lies behind ours: the watchdog wakes the run when the request expires
speak_plainly()


def run_id() -> str:
    context = FlowRunContext.get()
    return str(context.flow_run.id) if context and context.flow_run else ""


def can_be_suspended() -> bool:
    """Only a run of a deployment can be suspended: somebody must be there to start it again."""
    context = FlowRunContext.get()
    return bool(context and context.flow_run and context.flow_run.deployment_id)


def link_to(flow_run_id: str) -> str:
    """The run's page in the UI that is the default (version 2)."""
    settings = get_current_settings()
    base = (settings.ui_url or (settings.api.url or "").removesuffix("/api")).rstrip("/").removesuffix("/v2")
    return f"{base}/v2/runs/flow-run/{flow_run_id}" if base else ""


def link_to_this_run() -> str:
    return link_to(run_id())


def sentence_of(number: str) -> str:
    """The run's name: number, procedure, hosts, customer."""
    row = desk.change(number)
    return f"{number} {row.procedure.replace('-', ' ')} of {lifecycle.targets_of(number)} for {row.customer}"[:200]


def named(words: str) -> Callable[[], str]:
    """A run's name: `words` with the parameters filled in, and the change's sentence once the run has a change.

    Prefect names a run anew at each start, also at every resume. Whatever goes wrong here must not keep a run from starting.
    """
    def name() -> str:
        given = {key: SimpleNamespace(**value) if isinstance(value, dict) else value for key, value in (runtime.flow_run.parameters or {}).items()}
        try:
            asked = given.get("request")
            if number := desk.archive().change_of_run(runtime.flow_run.id) or getattr(asked, "number", ""):
                return sentence_of(number)
        except Exception:
            pass  # no archive yet, say: the flow itself says what is wrong
        try:
            return words.format(**given)
        except Exception:
            return words.partition("{")[0].strip()
    return name


def name_this_run(number: str) -> None:
    """Tagged with the number, so that filters find it."""
    row = desk.change(number)
    with get_client(sync_client=True) as client:
        client.update_flow_run(run_id(), name=sentence_of(number), tags={number, row.procedure, f"customer:{row.customer}"})


@contextmanager
def one_change_at_a_time(number: str) -> Iterator[None]:
    """Wait politely until no other run changes the same hosts. The lock on the target is what really keeps others out.

    A change that has begun holds those locks already and does not stand in line again.
    """
    names = [f"host-{name}" for name in desk.change(number).request.get("hosts", [])]
    if lifecycle.begun(number) or not names:
        yield
        return
    with get_client(sync_client=True) as client:
        for name in names:
            try:
                client.read_global_concurrency_limit_by_name(name)
            except ObjectNotFound:
                try:
                    client.create_global_concurrency_limit(GlobalConcurrencyLimitCreate(name=name, limit=1))
                except ObjectAlreadyExists:
                    pass
    with concurrency(names, timeout_seconds=QUEUE_LIMIT_S, strict=True, raise_on_lease_renewal_failure=False, lease_duration=60):
        yield


def wait_in_line(seconds: float, *, key: str) -> None:
    """Wait for the maintenance window: suspended if possible (the watchdog wakes the run), else in this process."""
    if seconds <= 0:
        return
    if can_be_suspended():
        suspend_flow_run(timeout=math.ceil(seconds + GRACE.total_seconds()), key=key)
    else:
        carrying_out.sleep_until(seconds, limit_s=30 * 86400)


def ask_in_the_ui(number: str, asked: ApprovalRequest, wrong: tuple[JournalEntry, ...]) -> ApprovalForm:
    """Suspend this run until somebody fills in the form on its page; every further try has its own key."""
    page = question_of(number).page(number, wrong[-1] if wrong else None)
    left = asked.expires_at - desk.now() + GRACE
    return suspend_flow_run(wait_for_input=ApprovalForm.with_initial_data(description=page), timeout=max(60, math.ceil(left.total_seconds())),
                            key=f"approval-{asked.digest[:16]}-{approval.times_asked(number, approval.current_round(number))}")


def show_progress(number: str, plan: Plan, done_to: int) -> None:
    """How far the steps are, on the run's page."""
    share = 100.0 * done_to / max(step.number for step in plan.steps)
    try:
        if run_id() not in _progress:
            _progress[run_id()] = create_progress_artifact(share, key=f"progress-{number.lower()}", description=f"{number}: steps carried out")
        else:
            update_progress_artifact(_progress[run_id()], share)
    except Exception as problem:  # a picture of the progress must never stop a change half way
        get_run_logger().warning("the progress could not be shown: %s", problem)


_progress: dict = {}


def waiting_for_approval(number: str) -> State:
    """How a run outside a deployment ends while the customer has not answered."""
    return Cancelled(name="AwaitingApproval", message=f"{number} waits for approval: standfast approve {number}, then standfast resume {number}")


def interrupted(number: str, why: Text) -> State:
    """How a run ends that cannot go on now, while what it is about stays open."""
    return Failed(name="Interrupted", message=redact(f"{number} stays open: {why.en}; put that right, then press Retry")[:2000])


def ending(number: str | None, closure: Closure, reason: Text | str) -> State:
    """The run's last state, in the words of change closure; in English, as all that Prefect says."""
    message = redact(f"{f'{number}: {closure.value}. ' if number else 'nothing was done: '}{reason.en if isinstance(reason, Text) else reason}")[:2000]
    if closure in (Closure.SUCCESSFUL, Closure.SUCCESSFUL_WITH_ISSUES, Closure.NOTHING_TO_DO):
        return Completed(name={"successful": "Successful", "nothing to do": "NothingToDo"}.get(closure.value, "SuccessfulWithIssues"), message=message)
    if closure in (Closure.REJECTED, Closure.EXPIRED):
        return Cancelled(name=closure.value.capitalize(), message=message)
    return Failed(name={"backed out": "BackedOut", "refused": "Refused"}.get(closure.value, "Stuck"), message=message)
