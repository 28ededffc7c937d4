"""The lifecycle's phases as Prefect tasks: named for the run's page, remembered across a resume, retried where repeating is harmless."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from prefect import task
from prefect.artifacts import create_link_artifact, create_markdown_artifact
from prefect.context import TaskRunContext
from prefect.logging import get_run_logger

from reports.records import Closure, Text, canonical
from tasks import approval, carrying_out, lifecycle, papers, rehearsal, verification
from tasks.comparison import KINDS_ZH
from tasks.errors import HostUnreachable
from tasks.questions import question_of
from tasks.redaction import redact


def remembered(context: TaskRunContext, inputs: dict[str, Any]) -> str:
    """Run, task and inputs. Prefect's own policies leave out the task's name, or take its source in: see docs/decisions/0003."""
    flow_run = context.task_run.flow_run_id
    return f"{flow_run}-{context.task.name}-{hashlib.sha256(canonical(_plain(inputs)).encode()).hexdigest()[:32]}".replace(" ", "-")


def _plain(value: Any) -> Any:
    return value.model_dump(mode="json") if hasattr(value, "model_dump") else {k: _plain(v) for k, v in value.items()} \
        if isinstance(value, dict) else value


def _unreachable(_task: object, _run: object, state: Any) -> bool:
    """Only a host out of reach is worth another try; a blocker stays one."""
    return isinstance(state.result(raise_on_failure=False), HostUnreachable)


reading = {"persist_result": True, "cache_key_fn": remembered, "result_serializer": "json",
           "retries": 2, "retry_delay_seconds": [2, 10], "retry_condition_fn": _unreachable}
changing = {"persist_result": True, "cache_key_fn": remembered, "result_serializer": "json"}


def say() -> Callable[[str], None]:
    log = get_run_logger()
    return lambda line: log.info(redact(line))


@task(name="Survey and plan", task_run_name="Survey {hosts} and plan", **reading)
def survey_and_plan(number: str, round_: int, hosts: str) -> dict:
    plan = lifecycle.make_plan(number, round_, say())
    create_markdown_artifact(papers.plan_page(number), key=f"plan-{number.lower()}", description=f"{number} · {plan.title.zh} / {plan.title.en}")
    lifecycle.require_no_blockers(plan)
    return {"nothing_to_do": plan.nothing_to_do, "waived": bool(plan.no_rehearsal)}


@task(name="Rehearse", task_run_name="Rehearse the change and its back-out on a copy", **reading)
def rehearse(number: str, round_: int) -> dict:
    done = rehearsal.rehearse(number, round_, say())
    create_markdown_artifact(papers.plan_page(number), key=f"plan-{number.lower()}", description=f"{number} · 方案与演练 / plan and rehearsal")
    rehearsal.require_rehearsed(lifecycle.plan_of(number, round_), done)
    return {"passed": True}


@task(name="Write the operation instruction", task_run_name="Write the operation instruction", **changing)
def write_instruction(number: str, round_: int) -> list[str]:
    papers.write_instruction(number, round_)
    return sorted(papers.documents(number))


@task(name="Ask for approval", task_run_name="Ask the customer's approvers, try {mailing}", retries=2, retry_delay_seconds=[5, 30], **changing)
def send_codes(number: str, round_: int, mailing: int, link: str) -> str:
    question = question_of(number)
    asked = question.ask(number, round_)
    if approval.codes_are_out(asked, mailing):
        return "sent before"
    question.send(number, asked, link)
    return "sent"


@task(name="Prepare the targets", task_run_name="Lock the targets, compare them with what was approved", persist_result=False,
      retries=2, retry_delay_seconds=[5, 30], retry_condition_fn=_unreachable)
def prepare_targets(number: str, round_: int) -> list[str]:
    """Not remembered: after a crash the locks must be renewed."""
    drift = carrying_out.prepare_targets(number, round_, say())
    return [f"{d.target}: {d.kind} {d.name}: {d.before} -> {d.after}" for d in drift]


@task(name="Score", task_run_name="Read the security baseline {when} the steps", persist_result=False)
def measure(number: str, when: str) -> str:
    """Not remembered: what is filed is not read again, and what was read before a change that was stuck says nothing of today."""
    from tasks import hardening

    hardening.measure(number, when, say())
    return told.en if (told := hardening.sentence(number)) else ""


@task(name="Step", task_run_name="{target} · {title}", **changing)
def carry_out_step(number: str, step_number: int, target: str, title: str) -> dict:
    step = lifecycle.step_of(number, step_number, target)
    outcome = carrying_out.carry_out_step(number, step, say())
    get_run_logger().info("%s on %s: %s in %.1f s. %s", title, target, outcome.result, outcome.seconds, outcome.problem.en)
    return {"result": outcome.result, **outcome.problem.fields("problem"), "seconds": outcome.seconds}


@task(name="Undo step", task_run_name="Back out · {target} · {title}", persist_result=False)
def undo_step(number: str, step_number: int, target: str, title: str) -> dict:
    """Not remembered: an undo that failed is tried again when the run is taken up; one that was done is known to the archive."""
    outcome = carrying_out.undo_step(number, lifecycle.step_of(number, step_number, target), say())
    return {"result": outcome.result, **outcome.problem.fields("problem")}


@task(name="Verify", task_run_name="Acceptance checks on the live system ({part})", persist_result=False)
def verify(number: str, part: str, targets: list[str]) -> list[Text]:
    """Not remembered: what was good before a crash says nothing of now."""
    return list(verification.verify(number, targets))


@task(name="Compare", task_run_name="Compare with the facts before", persist_result=False, retries=2, retry_delay_seconds=[2, 10],
      retry_condition_fn=_unreachable)
def compare(number: str) -> list[Text]:
    return [Text(zh=f"{d.target}：{KINDS_ZH[d.kind]} {d.name}：{d.before or '无'} → {d.after or '无'}",
                 en=f"{d.target}: {d.kind} {d.name}: {d.before or 'none'} -> {d.after or 'none'}") for d in verification.compare_after(number)]


@task(name="Compare after back-out", task_run_name="Prove by comparison that everything is as before", persist_result=False)
def compare_after_back_out(number: str, away: list[str]) -> list[Text]:
    return list(verification.as_before(number, away))


@task(name="Archive", task_run_name="Close as “{closure}”, write the report, seal the archive", persist_result=False)
def archive(number: str, closure: str, reason: Text) -> dict[str, str]:
    lifecycle.close(number, Closure(closure), reason, say())
    papers.send_outcome(number)
    files = {name: str(path) for name, path in papers.documents(number).items()}
    create_markdown_artifact(papers.outcome_page(number), key=f"outcome-{number.lower()}", description=f"{number} · {closure}")
    for name, path in files.items():
        if name.startswith("report-") and name.endswith(".html"):
            create_link_artifact(link=f"file://{path}", key=f"{number.lower()}-{name.removesuffix('.html')}", description=f"{number} · {name}")
    return files
