"""The one change lifecycle as a flow: survey, plan, rehearse, approve, carry out, verify, archive, or back out.

Every phase asks the archive first, so that this may be started again from its first line at any time: by a resume after the
approval, by “Retry” in the UI after a crash, by `standfast resume`. See docs/decisions/0001-shape.md.
"""

from __future__ import annotations

from uuid import uuid4

from prefect import State
from pydantic import BaseModel

from blocks.foundation import Undescribed
from flows.parts import steps
from flows.parts.asking import ask_approval
from flows.parts.run import (
    ending,
    interrupted,
    name_this_run,
    one_change_at_a_time,
    run_id,
    show_progress,
    wait_in_line,
    waiting_for_approval,
)
from reports.records import NOTHING, Closure, Text
from tasks import approval, carrying_out, desk, gates, lifecycle
from tasks.errors import BlockersFound, ProcedureError
from tasks.planning.roll_out import side_by_side
from tasks.requests import filled_in


def carry_through(procedure: str, entered: BaseModel) -> State:
    """Take a change from its request to its sealed archive, and say how it ended in the run's state. entered: the form, or what stood in it."""
    try:
        request = lifecycle.complete(procedure, filled_in(lifecycle.procedure_of(procedure).Request, entered))
        number = lifecycle.open_change(procedure, request.model_dump(mode="json"), run_id=run_id())
    except (BlockersFound, Undescribed) as blocker:
        return ending(None, Closure.REFUSED, blocker.text)
    name_this_run(number)
    try:
        with desk.driving(number):
            if closed := lifecycle.closed_as(number):
                return _close(number, *closed) if not lifecycle.sealed(number) else ending(number, *closed)
            return _lifecycle(number)
    except desk.DrivenElsewhere:
        raise  # nothing is closed: the other driver goes on
    except Undescribed as problem:
        return interrupted(number, problem.text)
    except ProcedureError as problem:
        if lifecycle.begun(number):
            raise  # the change stays open and the targets locked: take it up again
        return _close(number, Closure.REFUSED, problem.text)


def _lifecycle(number: str) -> State:
    if failure := lifecycle.backing_out(number):
        return _back_out(number, failure)
    round_ = lifecycle.current_round(number)
    while True:
        # 1 Survey and plan  2 Rehearse  3 Ask for approval
        plan = steps.survey_and_plan(number, round_, lifecycle.targets_of(number))
        if plan["nothing_to_do"]:
            return _close(number, Closure.NOTHING_TO_DO, Text(zh="所有主机已处于所要求的状态", en="every target is already as wished"))
        if not plan["waived"]:
            steps.rehearse(number, round_)
        steps.write_instruction(number, round_)
        decision = ask_approval(number, round_)
        if decision is None:
            return waiting_for_approval(number)
        if decision != "approved":
            why = gates.why_not(approval.decision_of(number, round_))
            return _close(number, Closure.REJECTED if decision == "rejected" else Closure.EXPIRED, why)
        # 4 Carry out: wait for the window, lock, compare with what was approved
        while (seconds := carrying_out.seconds_until_window(number)) > 0:  # woken early, it waits on
            wait_in_line(seconds, key=f"window-{number}-{round_}-{uuid4().hex[:8]}")
        with one_change_at_a_time(number):
            if not steps.prepare_targets(number, round_):
                _measure(number, "before")
                return _carry_out(number)
        round_ = lifecycle.current_round(number)  # the targets drifted: what was approved is no longer what is there


def _carry_out(number: str) -> State:
    failure = _roll_out(number)
    # 5 Verify
    if not failure and (bad := steps.verify(number, "after", [])):
        failure = Text(zh="；".join(problem.zh for problem in bad), en="; ".join(problem.en for problem in bad))
    if failure:
        return _back_out(number, failure)
    unplanned = steps.compare(number)
    for issue in unplanned:
        lifecycle.note_issue(number, issue)
    # 6 Archive
    if unplanned:
        count, first = len(unplanned), unplanned[0]
        return _close(number, Closure.SUCCESSFUL_WITH_ISSUES, Text(zh=f"有 {count} 项计划外的差异，第一项为：{first.zh}",
                                                                  en=f"{count} differences that nobody planned, the first: {first.en}"))
    return _close(number, Closure.SUCCESSFUL, Text(zh="全部步骤已完成，全部检查已通过", en="all steps done, all checks passed"))


def _roll_out(number: str) -> Text:
    """Every batch, the canary first; in a batch the hosts go side by side, step by step, unless the plan has one order for all.

    Returns why it stopped, or nothing.
    """
    plan = lifecycle.plan_of(number)
    for count, batch in enumerate(plan.batches, start=1):
        carrying_out.renew_locks(number, batch)
        for here in side_by_side(plan, batch):
            running = [steps.carry_out_step.submit(number, s.number, s.target, s.title.say("en")) for s in here]
            outcomes = [future.result() for future in running]
            show_progress(number, plan, max(s.number for s in here))
            if failed := [(s, Text.of_fields(o, "problem")) for s, o in zip(here, outcomes, strict=True) if o["result"] not in ("done", "nothing to do")]:
                step, why = failed[0]
                return Text(zh=f"第 {step.number} 步（{step.title.zh}，主机 {step.target}）：{why.zh}",
                            en=f"step {step.number} on {step.target} ({step.title.en}): {why.en}")
        if count < len(plan.batches) and (unhealthy := steps.verify(number, f"batch {count}", list(batch))):
            return unhealthy[0]
    return NOTHING


def _back_out(number: str, why: Text) -> State:
    """What was begun is undone, last step first; a failing undo does not stop the others. Then it is proved by comparison."""
    if lifecycle.past_no_return(number):
        return _close(number, Closure.FAILED, Text(zh=f"在不可回退点之后失败，已通知人员处理：{why.zh}",
                                                   en=f"failed after the point of no return, people are called: {why.en}"))
    lifecycle.begin_back_out(number, why)
    with one_change_at_a_time(number):
        away = carrying_out.renew_locks(number)
        undone = [steps.undo_step(number, s.number, s.target, s.title.say("en")) for s in carrying_out.steps_to_undo(number) if s.target not in away]
        left = [Text.of_fields(o, "problem") for o in undone if o["result"] != "done"] + steps.compare_after_back_out(number, list(away))
    if left:
        return _close(number, Closure.FAILED, Text(zh=f"{why.zh}。回退未能完成：{left[0].zh}",
                                                   en=f"{why.en}. The back-out is not complete: {left[0].en}"))
    return _close(number, Closure.BACKED_OUT, why)


def _measure(number: str, when: str) -> None:
    """A hardening is scored before its first step and after its last one, and so is its back-out."""
    if lifecycle.hardened_by(number):
        steps.measure(number, when)


def _close(number: str, closure: Closure, reason: Text) -> State:
    if lifecycle.begun(number) and not lifecycle.closed_as(number):
        _measure(number, "after")
    steps.archive(number, closure.value, reason)
    return ending(number, closure, reason)
