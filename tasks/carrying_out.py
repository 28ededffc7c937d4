"""Carrying out: the window, the lock and the comparison with what was approved, then each step exactly once, and its undo."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC

from reports.records import Difference, Plan, Step, StepOutcome, Survey, Text
from tasks import desk, gates, peers, running
from tasks.approval import decision_of
from tasks.comparison import differences, said
from tasks.errors import BlockersFound, Drifted, HostUnreachable, ProcedureError
from tasks.lifecycle import (
    AT_ONCE,
    Say,
    backing_out,
    begun,
    begun_steps,
    media_files,
    outcome_of,
    plan_of,
    rehearsal_of,
    survey_targets,
    surveys_of,
)
from tasks.verification import check_acceptance, was_good

ROUNDS = 3        # after so many drifts somebody else is at work on the targets; stop
ATTEMPTS = 3      # a step that its machine interrupted is taken up so often
PATIENCE_S = 900  # how long a host may be out of reach while a step runs


def seconds_until_window(number: str) -> float:
    """How long until the window opens; 0 inside it.

    Raises:
        BlockersFound: it is over, and nothing was begun.
    """
    plan = plan_of(number)
    if plan is None or plan.window is None:
        return 0.0
    now = desk.now()
    if now >= plan.window.closes_at and not begun(number):
        raise BlockersFound(f"The maintenance window closed at {plan.window.closes_at:%Y-%m-%d %H:%M %Z} before the change began; agree on a new one",
                            f"时间窗口已于 {plan.window.closes_at:%Y-%m-%d %H:%M %Z} 结束，变更尚未开始；请另行约定时间窗口")
    return max(0.0, (plan.window.opens_at - now).total_seconds())


def sleep_until(seconds: float, limit_s: float) -> None:
    """Wait in this process, for runs that cannot be suspended; never beyond the limit."""
    time.sleep(min(seconds, limit_s))


def prepare_targets(number: str, round_: int, say: Say) -> tuple[Difference, ...]:
    """Check the approval, lock the targets, compare them with what was approved, place scripts and media.

    Returns what has drifted, empty if nothing; in that case the next round begins, and the locks are given back.
    Called again after a crash it only renews the locks.

    Raises:
        BlockersFound: not approved, or not for exactly this. TargetBusy: another change holds a target.
    """
    archive, plan, change = desk.archive(), plan_of(number, round_), desk.change(number)
    if plan.window and desk.now() < plan.window.opens_at:
        raise BlockersFound(f"the maintenance window opens at {plan.window.opens_at:%Y-%m-%d %H:%M %Z}; nothing was touched",
                            f"时间窗口于 {plan.window.opens_at:%Y-%m-%d %H:%M %Z} 开始；未触及任何主机")
    if not gates.covers(decision_of(number, round_), gates.approval_digest(plan, rehearsal_of(number, round_))):
        raise BlockersFound(f"{number} is not approved for exactly this plan; nothing was touched",
                            f"{number} 的批准与本方案不一致或尚未批准；未触及任何主机")
    locked: list[str] = []
    owner, opened = change.operator or change.requester, f"{change.opened_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    try:
        for name in plan.targets:
            archive.note(number, "lock asked", target=name)
            try:
                running.take_lock(desk.host(name), number, owner)
                locked.append(name)
            except HostUnreachable:
                if not _may_do_without(number, plan):
                    raise
        drift: list[Difference] = []
        if not begun(number):
            before = surveys_of(number, f"before {round_}")
            # Read anew each time it is prepared: a reading from before a crash says nothing of today.
            when = f"carrying out {round_}.{1 + len(archive.journal(number, event='lock asked'))}"
            today = survey_targets(number, list(plan.targets), when)
            for name, now in today.items():
                if now.facts_digest() != plan.facts[name]:
                    drift += [d for d in differences(before[name], now)
                              if d.kind in ("package", "configuration", "release", "cluster", "service", "host")] or [
                        Difference(target=name, kind="host", name="facts", before=plan.facts[name][:12], after=now.facts_digest()[:12])]
        if drift:
            archive.note(number, "drift found", round=round_, differences=[d.model_dump() for d in drift[:200]])
            for name in locked:
                running.forget(desk.host(name), number, running.mark_of(plan, opened))  # scripts of a plan that will not be carried out; nothing was begun
                running.release_lock(desk.host(name), number)
            if round_ >= ROUNDS:
                raise Drifted(f"The targets changed {ROUNDS} times between approval and carrying out ({said(drift[0]).en}); "
                              "find out who is at work there",
                              f"批准之后、实施之前，主机现状已 {ROUNDS} 次发生变化（{said(drift[0]).zh}）；请查明何人在操作")
            return tuple(drift)
        if not begun(number) and plan.kind not in ("back-out", "emergency-restore"):  # going back is wanted most where things have gone wrong
            _require_as_well_as_planned(plan, before, today)
        files = media_files(plan)
        with ThreadPoolExecutor(min(AT_ONCE, len(plan.targets))) as pool:
            list(pool.map(lambda name: running.deliver(desk.host(name), plan, files, opened), locked))
        if plan.in_order and len(locked) == len(plan.targets):
            peers.introduce([desk.host(name) for name in plan.targets], number, plan.ways or None)
    except ProcedureError:
        if not begun(number):
            for name in locked:
                try:
                    running.release_lock(desk.host(name), number)
                except ProcedureError as problem:
                    say(f"{name}: the lock could not be given back ({problem}); it expires by itself")
        raise
    archive.note(number, "targets prepared", round=round_)
    return ()


def _require_as_well_as_planned(plan: Plan, before: dict[str, Survey], today: dict[str, Survey]) -> None:
    """What was good when the plan was made must be good still; a check that failed is given its time before it counts.

    Raises:
        BlockersFound: one is not. What was approved was a change of something that works.
    """
    for name in plan.targets:
        here = [check for check in plan.acceptance if check.target == name]
        doubtful = [check for check in here if was_good(plan, before[name], check.title) and not was_good(plan, today[name], check.title)]
        for health in check_acceptance(desk.host(name), doubtful):
            if not health.ok:
                raise BlockersFound(f"{name}: the check “{health.title.en}” was good when the plan was made and is not now ({health.detail.en}); "
                                    "nothing was touched. Find out why; if the change is to repair it, plan anew",
                                    f"{name}：检查“{health.title.zh}”编制方案时正常，现已不通过（{health.detail.zh}）；未触及任何主机。"
                                    "请查明原因；如本次变更即为修复该问题，请重新编制方案")


def renew_locks(number: str, only: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Take the targets' locks anew: before every batch, and for a change that is taken up after a long time.

    Hosts out of reach are left out and returned, if the plan is in order and was begun.

    Raises:
        HostUnreachable: of any other plan.
    """
    plan, owner = plan_of(number), desk.change(number).operator or desk.change(number).requester
    names, may_do_without = only or plan.targets, _may_do_without(number, plan)

    def away(name: str) -> bool:
        try:
            running.take_lock(desk.host(name), number, owner)
        except HostUnreachable:
            if not may_do_without:
                raise
            return True
        return False

    with ThreadPoolExecutor(min(AT_ONCE, len(names))) as pool:
        return tuple(name for name, gone in zip(names, pool.map(away, names), strict=True) if gone)


def _may_do_without(number: str, plan: Plan) -> bool:
    """Whether one host may be out of reach for now: its scripts are there, and users may wait for another host of the same sequence."""
    return plan.in_order and begun(number)


def carry_out_step(number: str, step: Step, say: Say) -> StepOutcome:
    """Carry out one step on its target, exactly once, whatever died before; file intent before and outcome after.

    An attempt that the target's own end interrupted is taken up by the next attempt, whose probe finds out how far it came.

    Raises:
        HostUnreachable, OutOfTime: it is not known how the step ended; take the change up again later.
    """
    filed = outcome_of(number, step, "carry out")
    if filed is not None:
        return filed
    plan = plan_of(number)
    if backing_out(number):
        raise ProcedureError(f"{number} is being backed out: no further step is begun", f"{number} 正在回退，不再开始新的步骤")
    if plan.window and step.changes and desk.now() >= plan.window.closes_at and step.number not in begun_steps(number, step.target):
        return _file(number, StepOutcome(number=step.number, key=step.key, target=step.target, title=step.title, result="failed",
                                         problem=Text(zh="该步骤开始之前，时间窗口已结束",
                                                      en="the maintenance window closed before this step began")))
    return _file(number, _attempts(number, step, "carry out", say))


def undo_step(number: str, step: Step, say: Say) -> StepOutcome:
    """Bring back what was before a step, from whatever state; as often as it takes, at most ATTEMPTS times."""
    filed = outcome_of(number, step, "undo")
    if filed is not None and filed.result == "done":
        return filed
    return _file(number, _attempts(number, step, "undo", say))


def _attempts(number: str, step: Step, action: running.Action, say: Say) -> StepOutcome:
    archive, host = desk.archive(), desk.host(step.target)
    event = "step begun" if action == "carry out" else "undo begun"
    known = [e.attempt for e in archive.journal(number, event=event, target=step.target) if e.step == step.number]
    first = max(known, default=1)
    if action == "undo" and (last := outcome_of(number, step, "undo")) is not None and last.attempt == first:
        first += 1  # asked for again after one that failed
    for count in range(first, first + ATTEMPTS):
        if count not in known:
            archive.note(number, event, target=step.target, step=step.number, attempt=count, key=step.key)
        try:
            outcome = running.attempt(host, number, step, action, count, say, patience_s=step.patience_s or PATIENCE_S)
        except HostUnreachable as problem:
            if not step.patience_s:
                raise
            return StepOutcome(number=step.number, key=step.key, target=step.target, title=step.title, action=action, attempt=count,
                               result="failed", problem=problem.text)
        if outcome.result == "done" or outcome.result == "nothing to do":
            return outcome
        if action == "carry out" and outcome.result != "interrupted":
            return outcome
        archive.note(number, "attempt ended", target=step.target, step=step.number, attempt=count, action=action, result=outcome.result,
                     **outcome.problem.fields("problem"))
        say(f"{host.name}: attempt {count} at step {step.number} {outcome.result}: {outcome.problem.en}")
    return outcome


def _file(number: str, outcome: StepOutcome) -> StepOutcome:
    archive = desk.archive()
    key = f"{outcome.target} {outcome.number:02d} {outcome.action}"
    if outcome.action == "undo":
        key += f" {outcome.attempt}"
    archive.save(number, "outcome", key, outcome)
    archive.file_evidence(number, f"{key.replace(' ', '-')}.txt", outcome.output.encode())
    archive.note(number, "step ended" if outcome.action == "carry out" else "undo ended", target=outcome.target, step=outcome.number,
                 attempt=outcome.attempt, result=outcome.result, **outcome.problem.fields("problem"), seconds=outcome.seconds)
    return outcome


def steps_to_undo(number: str) -> tuple[Step, ...]:
    """What was begun and can be undone, last step first (of a plan in order across its hosts); one that was only intended counts as begun."""
    plan = plan_of(number)
    begun_here = {name: begun_steps(number, name) for name in plan.targets}
    started = [s for s in plan.steps if s.number in begun_here[s.target] and s.undo]
    return tuple(reversed(started))
