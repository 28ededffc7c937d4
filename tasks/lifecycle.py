"""The one change lifecycle: survey, plan, rehearse, approve, carry out, verify, archive, or back out.

Every function here takes a change number, does one phase, files what came of it in the archive, and may be called again at any
time: what is filed is not done twice. The archive is the truth; whoever drives (a Prefect flow, the command line) may die.

A *round* is one pass of survey, plan, rehearsal and approval. When the targets have drifted after the approval, a new round begins.
"""

from __future__ import annotations

import hashlib
import importlib
import shlex
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType

from blocks.host_access import HostAccess
from reports.archive import Archive, ChangeRow, UnknownChange
from reports.records import (
    NOTHING,
    Acceptance,
    Approval,
    ApprovalRequest,
    ChangeRecord,
    Closure,
    Copy,
    Difference,
    Health,
    Plan,
    Rehearsal,
    Step,
    StepOutcome,
    Survey,
    Text,
    same,
)
from tasks import approval, desk, gates, running
from tasks.approval import current_round, decision_of
from tasks.comparison import KINDS_ZH, differences, said, same_as_before, unexpected
from tasks.errors import BlockersFound, Drifted, HostUnreachable, OutOfTime, ProcedureError
from tasks.redaction import redact
from tasks.remote import connected
from tasks.survey import parse_survey, survey_script

Say = Callable[[str], None]
ROUNDS = 3            # after so many drifts somebody else is at work on the targets; stop
ATTEMPTS = 3          # a step that its machine interrupted is taken up so often
AT_ONCE = 20          # hosts read at the same time
SURVEY_LIMIT_S = 300
PATIENCE_S = 900      # how long a host may be out of reach while a step runs


def procedure_of(name: str) -> ModuleType:
    """The procedure's module: `Request` (its form) and `plan(number, request, surveys, say) -> Plan`."""
    return importlib.import_module(f"tasks.procedures.{name.replace('-', '_')}")


def complete(procedure: str, request):
    """The request with what the procedure knows by itself (the hosts of the change that is backed out, say)."""
    module = procedure_of(procedure)
    return module.complete(request) if hasattr(module, "complete") else request


# --- open, and where it stands --------------------------------------------------------------------------------------------

def open_change(procedure: str, request: dict, *, run_id: str = "") -> str:
    """A new change number, or the existing one this run or request belongs to.

    Raises:
        BlockersFound: the number asked for does not exist, is closed, or belongs to another procedure.
    """
    archive = desk.archive()
    if number := request.get("number"):
        try:
            row = archive.change(number)
        except UnknownChange as problem:
            raise BlockersFound(str(problem), f"档案中没有变更 {number}；编号形如 CHG-20261122-001") from problem
        if row.procedure != procedure:
            raise BlockersFound(f"{number} is a {row.procedure}, not a {procedure}; start that procedure instead",
                                f"{number} 属于流程 {row.procedure}，不属于 {procedure}；请启动相应的流程")
        if run_id:
            archive.attach_run(number, run_id)
        return number
    desk.customer(request["customer"])  # without one there is nobody to ask, and no language to write in
    number = archive.new_change(procedure=procedure, customer=request["customer"], requester=request["requester"],
                                operator=request.get("operator", ""), reason=request["reason"],
                                request={**request, "number": ""}, opened_at=desk.now(), run_id=run_id)
    if not archive.journal(number, event="opened"):
        archive.note(number, "opened", procedure=procedure, requester=request["requester"], reason=request["reason"], run=run_id)
    return number


def request_of(number: str):
    """The request as its form."""
    row = desk.change(number)
    return procedure_of(row.procedure).Request.model_validate(row.request)


def targets_of(number: str) -> str:
    """The hosts in words, short enough for a title."""
    names = desk.change(number).request.get("hosts", [])
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def closed_as(number: str) -> tuple[Closure, Text] | None:
    """How it ended, if it did. Stuck is no end: such a change can be taken up again."""
    row = desk.change(number)
    return (row.closure, _reason(row)) if row.closure and row.closure is not Closure.FAILED else None


def _reason(row: ChangeRow) -> Text:
    return Text(zh=row.closure_reason_zh or row.closure_reason, en=row.closure_reason)


def sealed(number: str) -> bool:
    """Whether its closing was finished: report written, bundle sealed."""
    return desk.change(number).phase == "sealed"


def step_of(number: str, step_number: int, target: str) -> Step:
    return next(s for s in plan_of(number).steps if s.number == step_number and s.target == target)


def note_issue(number: str, issue: Text) -> None:
    if issue.en not in [e.detail.get("issue") for e in desk.archive().journal(number, event="issue")]:
        desk.archive().note(number, "issue", **issue.fields("issue"))


def plan_of(number: str, round_: int | None = None) -> Plan | None:
    return desk.archive().load(number, "plan", str(round_ or current_round(number)), Plan)


def rehearsal_of(number: str, round_: int | None = None) -> Rehearsal | None:
    return desk.archive().load(number, "rehearsal", str(round_ or current_round(number)), Rehearsal)


def surveys_of(number: str, when: str) -> dict[str, Survey]:
    """The filed surveys of one moment ("before 1", "after", "after back-out"), by target."""
    filed = desk.archive().load_all(number, "survey", Survey)
    return {survey.target: survey for key, survey in filed if key.partition(" ")[2] == when}


# --- survey ---------------------------------------------------------------------------------------------------------------

def read_survey(host: HostAccess, when: str) -> Survey:
    """Read a host in one round trip; nothing is changed there.

    Raises:
        HostUnreachable, HostKeyRefused, LoginRefused: no connection. UnreadableOutput: the answer makes no sense.
    """
    script = survey_script(host.watched, host.databases, host.releases, host.acceptances())
    with connected(host) as remote:
        asked_at = desk.now()
        answer = remote.run(script, timeout_s=SURVEY_LIMIT_S)
        answered_at = desk.now()
    survey = parse_survey(answer.out, target=host.name, when=when, taken_at=asked_at, asked_at=asked_at, answered_at=answered_at)
    return survey.model_copy(update={
        "identity": hashlib.sha256(host.host_key.strip().encode()).hexdigest(),
        "health": tuple(h.model_copy(update={"detail": Text(zh=redact(h.detail.zh), en=redact(h.detail.en))}) for h in survey.health)})


def survey_targets(number: str, names: list[str], when: str) -> dict[str, Survey]:
    """Survey several hosts at once and file it; what is filed for this moment is not read again."""
    filed = surveys_of(number, when)
    missing = [name for name in names if name not in filed]
    with ThreadPoolExecutor(min(AT_ONCE, len(missing) or 1)) as pool:
        read = list(pool.map(lambda name: read_survey(desk.host(name), when), missing))
    for survey in read:
        desk.archive().save(number, "survey", f"{survey.target} {when}", survey)
        filed[survey.target] = survey
    return {name: filed[name] for name in names}


# --- plan -----------------------------------------------------------------------------------------------------------------

def make_plan(number: str, round_: int, say: Say) -> Plan:
    """Survey the targets and make the plan; file both.

    Raises:
        BlockersFound: something stands in the way, all of it said.
    """
    if plan := plan_of(number, round_):
        return plan
    request = request_of(number)
    desk.customer(request.customer)
    for name in request.hosts:
        host = desk.host(name)
        if host.customer != request.customer:
            raise BlockersFound(f"host {name} belongs to customer {host.customer}, not to {request.customer}; name hosts of one customer",
                                f"主机 {name} 属于客户 {host.customer}，不属于 {request.customer}；一次变更只能涉及同一客户的主机")
    if len(set(request.hosts)) != len(request.hosts):
        raise BlockersFound("a host is named twice; name each host once", "有主机重复填写；每台主机只能填写一次")
    _check_staging(request)
    surveys = survey_targets(number, request.hosts, f"before {round_}")
    plan = procedure_of(desk.change(number).procedure).plan(number, request, surveys, say)
    if plan.targets != tuple(request.hosts) and not plan.blockers and not plan.nothing_to_do:
        raise BlockersFound("the plan names other hosts than the request; nothing was touched, have the procedure looked at",
                            "方案中的主机与申请不一致；未触及任何主机，请检查该流程")
    archive = desk.archive()
    archive.save(number, "plan", str(round_), plan)
    archive.note(number, "planned", round=round_, steps=len(plan.steps), blockers=[b.en for b in plan.blockers])
    return plan


def _check_staging(request) -> None:
    """A rehearsal carries the plan out before anybody approved it: only on a host that is there for this.

    Raises:
        BlockersFound: it is a target, another customer's, or not marked as a staging host.
    """
    if not (name := getattr(request, "rehearse_on", "")):
        return
    staging, targets = desk.host(name), [desk.host(target) for target in request.hosts]
    if staging.customer != request.customer or "staging" not in staging.labels:
        raise BlockersFound(f"host {name} cannot be rehearsed on: it must be the same customer's and bear the label staging in its block",
                            f"主机 {name} 不能用于预演：须属于同一客户，且登记时带有标签 staging")
    if any(name == t.name or (staging.address, staging.port) == (t.address, t.port) or staging.host_key == t.host_key for t in targets):
        raise BlockersFound(f"host {name} is itself to be changed; rehearse on another host, or leave the field empty for a simulated copy",
                            f"主机 {name} 本身即为变更对象；请另选预演主机，或留空以使用模拟副本")


def require_no_blockers(plan: Plan) -> None:
    if plan.blockers:
        raise BlockersFound(" ".join(blocker.en for blocker in plan.blockers), "".join(blocker.zh for blocker in plan.blockers))


# --- rehearse -------------------------------------------------------------------------------------------------------------

def rehearse(number: str, round_: int, say: Say) -> Rehearsal | None:
    """Carry the plan out on a copy of the first batch's hosts, check, back out, and compare (R174). Filed when it is over.

    None where the plan says why it need not be rehearsed.
    """
    if done := rehearsal_of(number, round_):
        return done
    plan = plan_of(number, round_)
    if plan is None or plan.no_rehearsal:
        return None
    request = request_of(number)
    staging = getattr(request, "rehearse_on", "")
    desk.archive().note(number, "rehearsal begun", round=round_, on=staging or "simulated copy")
    started_at = desk.now()
    parts: list[Rehearsal] = []
    for name in plan.batches[0]:
        parts.append(_rehearse_on_staging(number, plan, name, staging, say) if staging else _rehearse_on_copy(number, plan, name, say))
        if not parts[-1].passed:
            break
    rehearsal = Rehearsal(
        change=number, plan=plan.fingerprint(), place=parts[0].place, started_at=started_at, finished_at=desk.now(),
        passed=all(part.passed for part in parts), problem=next((part.problem for part in parts if part.problem), NOTHING),
        **{field: tuple(item for part in parts for item in getattr(part, field)) for field in
           ("copies", "deviations", "outcomes", "undone", "health_before", "health_after", "health_undone", "changed", "remaining")})
    desk.archive().save(number, "rehearsal", str(round_), rehearsal)
    desk.archive().note(number, "rehearsed", round=round_, passed=rehearsal.passed, **rehearsal.problem.fields("problem"))
    return rehearsal


def _rehearse_on_copy(number: str, plan: Plan, name: str, say: Say) -> Rehearsal:
    from blocks import lookup
    from tasks.simulated_copy import make_copy, remove_copy

    sandbox = lookup.find_sandbox("default")
    survey = next(s for s in surveys_of(number, f"before {current_round(number)}").values() if s.target == name)
    host, copy = make_copy(desk.host(name), sandbox, number=number, survey=survey, say=say)
    try:
        return _rehearse(plan, name, host, "simulated copy", survey, copy, say)
    finally:
        remove_copy(sandbox, number=number, target=name, say=say)


def _rehearse_on_staging(number: str, plan: Plan, name: str, staging: str, say: Say) -> Rehearsal:
    host = desk.host(staging)
    survey = surveys_of(number, f"before {current_round(number)}")[name]
    here = host.model_copy(update={"name": name})
    running.take_lock(here, number, f"rehearsal of {name}")
    running.forget(here, number)  # what an earlier try left says nothing of this one
    try:
        return _rehearse(plan, name, here, "staging host", survey, None, say)
    finally:
        running.forget(here, number)
        running.release_lock(here, number)


def _rehearse(plan: Plan, name: str, host: HostAccess, place, original: Survey, copy: Copy | None, say: Say) -> Rehearsal:
    """Plan, checks, back-out and comparison on one stand-in for one target."""
    started_at = desk.now()
    acceptance = [a for a in plan.acceptance if a.target == name]
    # Facts are read only once the checks are good: a service that is still starting has no port yet.
    health_before = check_acceptance(host, acceptance)
    before = read_survey(host, "rehearsal before")
    deviations = tuple(_deviation(d) for d in differences(original, before) if d.kind in ("package", "configuration", "release", "cluster", "host"))[:40]
    running.deliver(host, plan, media_files(plan))
    outcomes, undone, problem = [], [], NOTHING
    changed: tuple[Difference, ...] = ()
    health_after: tuple[Health, ...] = ()
    for step in plan.steps_of(name):
        say(f"rehearsal {step.number}: {step.title.en}")
        outcomes.append(_carry_out(host, plan.change, step, "carry out"))
        if outcomes[-1].result not in ("done", "nothing to do"):
            why = outcomes[-1].problem
            problem = Text(zh=f"第 {step.number} 步（{step.title.zh}）在演练中失败：{why.zh}",
                           en=f"step {step.number} ({step.title.en}) failed in the rehearsal: {why.en}")
            break
    if not problem:
        health_after = check_acceptance(host, acceptance)
        changed = differences(before, read_survey(host, "rehearsal after"))
        if bad := [h for h in health_after if not h.ok]:
            problem = _unhealthy("升级后", "after the upgrade", bad[0])
    for step in reversed(plan.steps_of(name)[:len(outcomes)]):
        if step.undo:
            say(f"rehearsal, back-out of {step.number}: {step.title.en}")
            undone.append(_carry_out(host, plan.change, step, "undo"))
            if undone[-1].result != "done" and not problem:
                why = undone[-1].problem
                problem = Text(zh=f"第 {step.number} 步（{step.title.zh}）的回退在演练中失败：{why.zh}",
                               en=f"the back-out of step {step.number} ({step.title.en}) failed in the rehearsal: {why.en}")
    health_undone = check_acceptance(host, acceptance)
    remaining = tuple(same_as_before(before, read_survey(host, "rehearsal undone")))
    if remaining and not problem:
        first, more = said(remaining[0]), len(remaining) - 1
        problem = Text(zh=f"回退后副本与之前不一致：{first.zh}" + (f"，另有 {more} 项" if more else ""),
                       en=f"after the back-out the copy was not as before: {first.en}" + (f" and {more} more" if more else ""))
    if not problem and (bad := [h for h in health_undone if not h.ok and not _was_bad(health_before, h)]):
        problem = _unhealthy("回退后", "after the back-out", bad[0])
    return Rehearsal(change=plan.change, plan=plan.fingerprint(), place=place, started_at=started_at, finished_at=desk.now(),
                     copies=(copy,) if copy else (), deviations=deviations, outcomes=tuple(outcomes), undone=tuple(undone),
                     health_before=health_before, health_after=health_after, health_undone=health_undone, changed=tuple(changed),
                     remaining=remaining, passed=not problem, problem=problem)


def _unhealthy(zh: str, en: str, health: Health) -> Text:
    return Text(zh=f"{zh}副本运行不正常：{health.title.zh}：{health.detail.zh}",
                en=f"{en} the copy was not healthy: {health.title.en}: {health.detail.en}")


def _was_bad(before: tuple[Health, ...], health: Health) -> bool:
    return any(not b.ok and b.title == health.title for b in before)


def _deviation(d: Difference) -> Text:
    return Text(zh=f"{KINDS_ZH[d.kind]} {d.name}：原系统 {d.before or '无'}，副本 {d.after or '无'}",
                en=f"{d.kind} {d.name}: {d.before or 'none'} on the target, {d.after or 'none'} on the copy")


def require_rehearsed(plan: Plan, rehearsal: Rehearsal | None) -> None:
    """A plan whose rehearsal failed cannot be approved."""
    if plan.no_rehearsal:
        return
    if rehearsal is None or not rehearsal.passed:
        why = rehearsal.problem if rehearsal else Text(zh="未进行演练", en="it was not done")
        raise BlockersFound(f"The rehearsal failed, so the plan cannot be approved: {why.en}", f"演练未通过，方案不能提请批准：{why.zh}")


# --- approve --------------------------------------------------------------------------------------------------------------

def ask_customer(number: str, round_: int) -> ApprovalRequest:
    """Open the gate: the question as it is put to the customer's approvers. Filed once a round."""
    row, plan = desk.change(number), plan_of(number, round_)
    return approval.open_gate(number, round_, gate=gates.GATE, digest=gates.approval_digest(plan, rehearsal_of(number, round_)),
                              asks=row.requester, hours=row.request.get("approval_hours", 72))


# --- carry out ------------------------------------------------------------------------------------------------------------

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


def begun(number: str) -> bool:
    """Whether a step was begun on a real target: from then on the change is carried out or backed out."""
    return bool(desk.archive().journal(number, event="step begun"))


def prepare_targets(number: str, round_: int, say: Say) -> tuple[Difference, ...]:
    """Check the approval, lock the targets, compare them with what was approved, place scripts and media.

    Returns what has drifted, empty if nothing; in that case the next round begins, and the locks are given back.
    Called again after a crash it only renews the locks.

    Raises:
        BlockersFound: not approved, or not for exactly this. TargetBusy: another change holds a target.
    """
    archive, plan = desk.archive(), plan_of(number, round_)
    if plan.window and desk.now() < plan.window.opens_at:
        raise BlockersFound(f"the maintenance window opens at {plan.window.opens_at:%Y-%m-%d %H:%M %Z}; nothing was touched",
                            f"时间窗口于 {plan.window.opens_at:%Y-%m-%d %H:%M %Z} 开始；未触及任何主机")
    if not gates.covers(decision_of(number, round_), gates.approval_digest(plan, rehearsal_of(number, round_))):
        raise BlockersFound(f"{number} is not approved for exactly this plan; nothing was touched",
                            f"{number} 的批准与本方案不一致或尚未批准；未触及任何主机")
    locked: list[str] = []
    owner = desk.change(number).operator or desk.change(number).requester
    try:
        for name in plan.targets:
            archive.note(number, "lock asked", target=name)
            running.take_lock(desk.host(name), number, owner)
            locked.append(name)
        drift: list[Difference] = []
        if not begun(number):
            before = surveys_of(number, f"before {round_}")
            # Read anew each time it is prepared: a reading from before a crash says nothing of today.
            when = f"carrying out {round_}.{1 + len(archive.journal(number, event='lock asked'))}"
            for name, now in survey_targets(number, list(plan.targets), when).items():
                if now.facts_digest() != plan.facts[name]:
                    drift += [d for d in differences(before[name], now)
                              if d.kind in ("package", "configuration", "release", "cluster", "service", "host")] or [
                        Difference(target=name, kind="host", name="facts", before=plan.facts[name][:12], after=now.facts_digest()[:12])]
        if drift:
            archive.note(number, "drift found", round=round_, differences=[d.model_dump() for d in drift[:200]])
            for name in locked:
                running.forget(desk.host(name), number)  # scripts of a plan that will not be carried out; nothing was begun
                running.release_lock(desk.host(name), number)
            if round_ >= ROUNDS:
                raise Drifted(f"The targets changed {ROUNDS} times between approval and carrying out ({said(drift[0]).en}); "
                              "find out who is at work there",
                              f"批准之后、实施之前，主机现状已 {ROUNDS} 次发生变化（{said(drift[0]).zh}）；请查明何人在操作")
            return tuple(drift)
        files = media_files(plan)
        with ThreadPoolExecutor(min(AT_ONCE, len(plan.targets))) as pool:
            list(pool.map(lambda name: running.deliver(desk.host(name), plan, files), plan.targets))
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
    if plan.window and step.changes and desk.now() >= plan.window.closes_at and step.number not in _begun_steps(number, step.target):
        return _file(number, StepOutcome(number=step.number, key=step.key, target=step.target, title=step.title, result="failed",
                                         problem=Text(zh="该步骤开始之前，时间窗口已结束",
                                                      en="the maintenance window closed before this step began")))
    return _file(number, _attempts(desk.host(step.target), number, step, "carry out", say))


def undo_step(number: str, step: Step, say: Say) -> StepOutcome:
    """Bring back what was before a step, from whatever state; as often as it takes, at most ATTEMPTS times."""
    filed = outcome_of(number, step, "undo")
    if filed is not None and filed.result == "done":
        return filed
    return _file(number, _attempts(desk.host(step.target), number, step, "undo", say))


def _attempts(host: HostAccess, number: str, step: Step, action: running.Action, say: Say) -> StepOutcome:
    archive = desk.archive()
    event = "step begun" if action == "carry out" else "undo begun"
    known = [e.attempt for e in archive.journal(number, event=event, target=step.target) if e.step == step.number]
    first = max(known, default=1)
    if action == "undo" and (last := outcome_of(number, step, "undo")) is not None and last.attempt == first:
        first += 1  # asked for again after one that failed
    for count in range(first, first + ATTEMPTS):
        if count not in known:
            archive.note(number, event, target=step.target, step=step.number, attempt=count, key=step.key)
        outcome = running.attempt(host, number, step, action, count, say, patience_s=PATIENCE_S)
        if outcome.result == "done" or outcome.result == "nothing to do":
            return outcome
        if action == "carry out" and outcome.result != "interrupted":
            return outcome
        archive.note(number, "attempt ended", target=step.target, step=step.number, attempt=count, action=action, result=outcome.result,
                     **outcome.problem.fields("problem"))
        say(f"{host.name}: attempt {count} at step {step.number} {outcome.result}: {outcome.problem.en}")
    return outcome


def _carry_out(host: HostAccess, number: str, step: Step, action: running.Action) -> StepOutcome:
    """As in the real thing, without a record: for the rehearsal, whose place is thrown away."""
    for count in range(1, 1 + ATTEMPTS):
        outcome = running.attempt(host, number, step, action, count, lambda line: None, patience_s=60)
        if outcome.result in ("done", "nothing to do") or (action == "carry out" and outcome.result != "interrupted"):
            break
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


def outcomes(number: str, action: running.Action = "carry out") -> tuple[StepOutcome, ...]:
    return tuple(o for _, o in desk.archive().load_all(number, "outcome", StepOutcome) if o.action == action)


def outcome_of(number: str, step: Step, action: running.Action) -> StepOutcome | None:
    found = [o for o in outcomes(number, action) if (o.target, o.number) == (step.target, step.number)]
    return max(found, key=lambda o: o.attempt, default=None)


def _begun_steps(number: str, target: str, event: str = "step begun") -> set[int]:
    return {e.step for e in desk.archive().journal(number, event=event, target=target) if e.step is not None}


def step_failed(outcome: StepOutcome) -> bool:
    return outcome.result not in ("done", "nothing to do")


# --- verify, back out -----------------------------------------------------------------------------------------------------

def check_acceptance(host: HostAccess, checks: list[Acceptance] | tuple[Acceptance, ...]) -> tuple[Health, ...]:
    """Each check until it was good for `steady_s` seconds in a row, at most `within_s` seconds."""
    answers = []
    for check in checks:
        script = _steady(check)
        try:
            with connected(host) as remote:
                answer = remote.run(script, timeout_s=check.within_s + check.steady_s + 60)
            lines = [line for line in (answer.out + answer.err).splitlines() if line.strip()]
            detail = same(redact(lines[-1][:500])) if lines else Text(zh="没有输出", en="no output")
            answers.append(Health(title=check.title, ok=answer.exit_code == 0, detail=detail))
        except (HostUnreachable, OutOfTime) as problem:
            answers.append(Health(title=check.title, ok=False, detail=problem.text))
    return tuple(answers)


def _steady(check: Acceptance) -> str:
    once = f"timeout 30 sh -c {shlex.quote(check.command)} </dev/null 2>&1"
    if check.account != "root":
        once = f"timeout 30 runuser -u {shlex.quote(check.account)} -- sh -c {shlex.quote(check.command)} </dev/null 2>&1"
    return f"""good=; end=$(($(date +%s) + {check.within_s}))
while :; do
  if answer=$({once}); then
    now=$(date +%s); [ -n "$good" ] || good=$now
    [ $((now - good)) -ge {check.steady_s} ] && {{ printf '%s\\n' "$answer" | tail -1 | cut -c1-500; exit 0; }}
  else good=; fi
  [ "$(date +%s)" -lt "$end" ] || [ -n "$good" ] || {{ printf '%s\\n' "$answer" | tail -1 | cut -c1-500; exit 1; }}
  sleep 0.5
done"""


def verify(number: str, only: list[str] | tuple[str, ...] = ()) -> tuple[Text, ...]:
    """Acceptance on the live systems (all targets, or only some); returns what is wrong, empty if all is well (R178)."""
    archive, plan = desk.archive(), plan_of(number)
    names = list(only or plan.targets)
    problems: list[Text] = []
    def check(name: str) -> tuple[Health, ...]:
        return check_acceptance(desk.host(name), [a for a in plan.acceptance if a.target == name])
    with ThreadPoolExecutor(min(AT_ONCE, len(names))) as pool:
        for name, answers in zip(names, pool.map(check, names), strict=True):
            for health in answers:
                archive.note(number, "accepted" if health.ok else "not accepted", target=name, **health.title.fields("check"),
                             **health.detail.fields("detail"))
                if not health.ok:
                    problems.append(on_host(name, Text(zh=f"{health.title.zh}：{health.detail.zh}", en=f"{health.title.en}: {health.detail.en}")))
    return tuple(problems)


def compare_after(number: str) -> tuple[Difference, ...]:
    """Survey after the change, file it, and say what nobody planned."""
    plan = plan_of(number)
    archive = desk.archive()
    archive.note(number, "compared with before")
    after = survey_targets(number, list(plan.targets), _latest_after(number))
    before = surveys_of(number, f"before {current_round(number)}")
    changed = tuple(d for name in plan.targets for d in differences(before[name], after[name]))
    return _nobody_planned(number, plan, changed) + _not_reached(plan, after)


def _nobody_planned(number: str, plan: Plan, changed: tuple[Difference, ...]) -> tuple[Difference, ...]:
    shown = _shown_in_rehearsal(number)
    return tuple(d for name in plan.targets for d in unexpected([d for d in changed if d.target == name], plan, name)
                 if (d.kind, d.name, d.before, d.after) not in shown)


def _shown_in_rehearsal(number: str) -> set[tuple[str, str, str, str]]:
    """Configuration that the rehearsal changed in the very same way: it stood in what was approved, so it is no surprise.

    A package that brings a new version of a file which nobody edited, for example (deb-conffiles(5)).
    """
    rehearsal = rehearsal_of(number)
    return {(d.kind, d.name, d.before, d.after) for d in rehearsal.changed if d.kind == "configuration"} if rehearsal else set()


def _latest_after(number: str) -> str:
    """The newest reading after the change; every comparison reads anew, since one from before a crash says nothing of today."""
    return f"after {max(1, len(desk.archive().journal(number, event='compared with before')))}"


def _not_reached(plan: Plan, after: dict[str, Survey]) -> tuple[Difference, ...]:
    """Planned versions that are not there, whatever the steps said."""
    found = []
    for wished in plan.versions:
        have = {p.name: p.version for p in after[wished.target].packages} | {r.root.rpartition("/")[2]: r.current for r in after[wished.target].releases}
        if have.get(wished.name, "") != wished.after:
            found.append(Difference(target=wished.target, kind="package", name=wished.name, before=f"planned {wished.after}",
                                    after=have.get(wished.name, "")))
    return tuple(found)


def steps_to_undo(number: str) -> tuple[Step, ...]:
    """What was begun and can be undone, last step first; a step that was only intended counts as begun."""
    plan = plan_of(number)
    begun_steps = {name: _begun_steps(number, name) for name in plan.targets}
    started = [s for s in plan.steps if s.number in begun_steps[s.target] and s.undo]
    return tuple(reversed(started))


def past_no_return(number: str) -> bool:
    """Whether the step after which there is no way back has been done."""
    plan = plan_of(number)
    return any(s.point_of_no_return and (o := outcome_of(number, s, "carry out")) and not step_failed(o) for s in plan.steps)


def begin_back_out(number: str, why: Text) -> None:
    """From here on the change can only be backed out, whoever takes it up."""
    if not desk.archive().journal(number, event="back-out begun"):
        desk.archive().note(number, "back-out begun", **why.fields("why"))


def renew_locks(number: str, only: tuple[str, ...] = ()) -> None:
    """Take the targets' locks anew: before every batch, and for a change that is taken up after a long time."""
    for name in only or plan_of(number).targets:
        running.take_lock(desk.host(name), number, desk.change(number).operator or desk.change(number).requester)


def backing_out(number: str) -> Text:
    """Why the change is being backed out; empty if it is not."""
    noted = desk.archive().journal(number, event="back-out begun")
    return (Text.of_fields(noted[0].detail, "why") or Text(zh="有步骤失败", en="a step failed")) if noted else NOTHING


def as_before(number: str) -> tuple[Text, ...]:
    """Prove by comparison that the targets are as before the change; returns what is not."""
    plan = plan_of(number)
    before = surveys_of(number, f"before {current_round(number)}")
    unwell = verify(number)  # first, since it waits for what is still starting
    count = len(desk.archive().journal(number, event="compared after back-out")) + 1
    after = survey_targets(number, list(plan.targets), f"after back-out {count}")
    left = [on_host(d.target, said(d)) for name in plan.targets for d in same_as_before(before[name], after[name], in_use=True)]
    left += [p for p in unwell if p not in left and was_good(before, p)]
    desk.archive().note(number, "compared after back-out", remaining=[p.en for p in left[:100]], remaining_zh=[p.zh for p in left[:100]])
    return tuple(left)


def on_host(name: str, text: Text) -> Text:
    return Text(zh=f"{name}：{text.zh}", en=f"{name}: {text.en}")


def was_good(before: dict[str, Survey], problem: Text) -> bool:
    """Whether the check that fails was asked before, and was good; for another, the steps' own undo proofs answer."""
    return any(h.ok and problem.en.startswith(f"{name}: {h.title.en}: ") for name, survey in before.items() for h in survey.health)


# --- close ----------------------------------------------------------------------------------------------------------------

def close(number: str, closure: Closure, reason: Text, say: Say) -> None:
    """Give the locks back (kept when stuck: nobody else may touch a half-changed host), close, write the papers, seal."""
    from tasks.papers import write_report

    archive, plan = desk.archive(), plan_of(number)
    if closure is not Closure.FAILED and plan is not None and archive.journal(number, event="lock asked"):
        for name in plan.targets:
            try:
                running.release_lock(desk.host(name), number)
            except ProcedureError as problem:
                say(f"{name}: the lock could not be given back ({problem}); it expires by itself")
    archive.close(number, closure, reason, desk.now())
    noted = archive.journal(number, event="closed")
    if not noted or noted[-1].detail.get("closure") != closure.value:
        archive.note(number, "closed", closure=closure.value, **reason.fields("reason"))
    write_report(number)
    archive.seal(number, desk.now())


def media_files(plan: Plan) -> dict[str, Path]:
    from tasks.media import stored

    return {m.name: stored(m.sha256, desk.archive().root / "media") for m in plan.media if m.delivered == "by us"}


def sleep_until(seconds: float, limit_s: float) -> None:
    """Wait in this process, for runs that cannot be suspended; never beyond the limit."""
    time.sleep(min(seconds, limit_s))


def _text(both) -> Text:
    return Text(zh=both.zh, en=both.en)


def record_of(number: str) -> ChangeRecord:
    """All that documents and bundle say of this change, put together from the archive."""
    archive: Archive = desk.archive()
    row, round_ = archive.change(number), current_round(number)
    people = desk.customer(row.customer)
    plan = plan_of(number, round_) or plan_of(number, max(1, round_ - 1))
    before = surveys_of(number, f"before {round_}")
    after = surveys_of(number, _latest_after(number))
    backs = [surveys_of(number, f"after back-out {n}") for n in range(1, 1 + len(archive.journal(number, event="compared after back-out")))]
    if backs:
        after = backs[-1]
    changed = tuple(d for name in after if name in before for d in differences(before[name], after[name]))
    decisions = tuple(a for _, a in archive.load_all(number, "approval", Approval))
    issues = tuple(Text.of_fields(e.detail, "issue") for e in archive.journal(number, event="issue"))
    return ChangeRecord(
        number=number, procedure=row.procedure, customer=row.customer, customer_name=_text(people.full_name),
        provider_name=_text(people.provider_name), language=people.language, requester=row.requester, operator=row.operator, reason=row.reason,
        opened_at=row.opened_at, closed_at=row.closed_at, closure=row.closure, closure_reason=_reason(row), request=row.request,
        plan=plan, rehearsal=rehearsal_of(number, round_), asked=archive.load(number, "request for approval", str(round_), ApprovalRequest),
        approvals=decisions, contacts=tuple(people.contact_records()), before=tuple(before.values()), after=tuple(after.values()),
        outcomes=outcomes(number), undone=outcomes(number, "undo"), changed=changed,
        unexpected=_nobody_planned(number, plan, changed) if plan and after and not backs else (),
        issues=issues, journal=archive.journal(number))
