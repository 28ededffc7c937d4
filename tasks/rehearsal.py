"""The rehearsal (R174): the plan carried out on a stand-in for its first hosts, checked, backed out, and compared."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, replace

from blocks.host_access import HostAccess
from reports.documents.grouping import in_words
from reports.records import NOTHING, Acceptance, Copy, Difference, Health, Plan, Rehearsal, Step, StepOutcome, Survey, Text
from tasks import desk, peers, running
from tasks.carrying_out import ATTEMPTS
from tasks.comparison import KINDS_ZH, differences, said, same_as_before
from tasks.errors import BlockersFound
from tasks.lifecycle import Say, current_round, media_files, plan_of, read_survey, rehearsal_of, request_of, surveys_of
from tasks.verification import check_acceptance, measured_on, was_good

UNWELL_S = 20  # how long a check is given on the stand-in that was not good on the original


ALWAYS_ANOTHER = {("host", "boot"), ("host", "identity"), ("host", "name")}  # where it is rehearsed is another machine, which nobody needs to be told
HOST_ZH = {"operating system": "操作系统", "kernel": "内核", "architecture": "架构", "held packages": "锁定的软件包"}


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
    for names in [plan.targets] if plan.in_order else [(name,) for name in plan.batches[0]]:
        parts.append(_rehearse_on_staging(number, plan, names[0], staging, say) if staging else _rehearse_on_copies(number, plan, names, say))
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


@dataclass(frozen=True)
class _Stand:
    """What stands in for a target, under the target's name; without a copy it is a staging host."""

    host: HostAccess
    original: Survey
    copy: Copy | None


def _rehearse_on_copies(number: str, plan: Plan, names: tuple[str, ...], say: Say) -> Rehearsal:
    """On a copy of each of these hosts; several reach each other, and nothing else."""
    from blocks import lookup
    from tasks.simulated_copy import join_copies, make_copy, remove_copy

    sandbox, surveys = lookup.find_sandbox("default"), surveys_of(number, f"before {current_round(number)}")
    stands: list[_Stand] = []
    with ExitStack() as ending:
        for name in names:
            original = desk.host(name)
            host, copy = make_copy(original, sandbox, number=number, survey=surveys[name], say=say)
            ending.callback(remove_copy, sandbox, number=number, host=original, say=say)
            stands.append(_Stand(host, surveys[name], copy))
        if len(stands) > 1:
            joined = ending.enter_context(join_copies(sandbox, number, [(stand.host, stand.copy) for stand in stands]))
            stands = [replace(stand, host=host) for stand, host in zip(stands, joined, strict=True)]
        return _rehearse(plan, stands, "simulated copy", say)


def _rehearse_on_staging(number: str, plan: Plan, name: str, staging: str, say: Say) -> Rehearsal:
    host = desk.host(staging)
    survey = surveys_of(number, f"before {current_round(number)}")[name]
    here = host.model_copy(update={"name": name})
    running.take_lock(here, number, f"rehearsal of {name}")
    running.forget(here, number)  # what an earlier try left says nothing of this one
    try:
        return _rehearse(plan, [_Stand(here, survey, None)], "staging host", say)
    finally:
        running.forget(here, number)
        running.release_lock(here, number)


def _rehearse(plan: Plan, stands: list[_Stand], place, say: Say) -> Rehearsal:
    """Plan, checks, back-out and comparison on the stand-ins for one target, or for those that depend on each other."""
    started_at = desk.now()
    hosts, on_copies = {stand.host.name: stand.host for stand in stands}, any(stand.copy for stand in stands)
    steps, acceptance = ([one for one in of_plan if one.target in hosts and (one.on_copy or not on_copies)] for of_plan in (plan.steps, plan.acceptance))
    originals = {stand.host.name: stand.original for stand in stands}

    def checked(checks: list[Acceptance]) -> tuple[Health, ...]:
        return tuple(health for name, host in hosts.items() for health in check_acceptance(host, [a for a in checks if a.target == name]))

    def surveyed(when: str) -> dict[str, Survey]:
        return {name: read_survey(host, when) for name, host in hosts.items()}

    # Facts are read only once the checks are good: a service that is still starting has no port yet. What is not good on the original
    # is hardly good here, and is not waited for so long.
    health_before = checked([a if was_good(plan, originals[a.target], a.title) else _within(a, 0 if a.check else UNWELL_S) for a in acceptance])
    before = surveyed("rehearsal before")
    deviations = tuple(_deviation(d) for name in hosts for d in differences(originals[name], before[name])
                       if d.kind in ("package", "configuration", "release", "cluster", "host") and (d.kind, d.name) not in ALWAYS_ANOTHER)[:40]
    for host in hosts.values():
        running.deliver(host, plan, media_files(plan))
    if plan.in_order:
        peers.introduce(list(hosts.values()), plan.change)
    outcomes, undone, problem = [], [], NOTHING
    changed: tuple[Difference, ...] = ()
    health_after: tuple[Health, ...] = ()
    for step in steps:
        say(f"rehearsal {step.number}: {step.title.en}")
        outcomes.append(_carry_out(hosts[step.target], plan.change, step, "carry out"))
        if outcomes[-1].result not in ("done", "nothing to do"):
            why = outcomes[-1].problem
            problem = Text(zh=f"第 {step.number} 步（{step.title.zh}）在演练中失败：{why.zh}",
                           en=f"step {step.number} ({step.title.en}) failed in the rehearsal: {why.en}")
            break
    if not problem:
        loads = tuple(health for name in hosts for health in measured_on(plan, name, outcomes, live=False))
        health_after, after = (*checked(acceptance), *loads), surveyed("rehearsal after")
        changed = tuple(d for name in hosts for d in differences(before[name], after[name]))
        if bad := [h for h in health_after if not h.ok]:
            problem = _unhealthy("实施后", "after the steps", bad[0])
    for step in reversed(steps[:len(outcomes)]):
        if step.undo:
            say(f"rehearsal, back-out of {step.number}: {step.title.en}")
            undone.append(_carry_out(hosts[step.target], plan.change, step, "undo"))
            if undone[-1].result != "done" and not problem:
                why = undone[-1].problem
                problem = Text(zh=f"第 {step.number} 步（{step.title.zh}）的回退在演练中失败：{why.zh}",
                               en=f"the back-out of step {step.number} ({step.title.en}) failed in the rehearsal: {why.en}")
    health_undone = checked([_within(a, 0) if _was_bad(health_before, a.title) else a for a in acceptance])
    left = surveyed("rehearsal undone")
    # a load may have written rows: it is somebody's use of the database
    remaining = tuple(d for name in hosts for d in same_as_before(before[name], left[name], in_use=bool(plan.measurements)))
    if remaining and not problem:
        first, more = said(remaining[0]), len(remaining) - 1
        problem = Text(zh=f"回退后副本与之前不一致：{first.zh}" + (f"，另有 {more} 项" if more else ""),
                       en=f"after the back-out the copy was not as before: {first.en}" + (f" and {more} more" if more else ""))
    if not problem and (bad := [h for h in health_undone if not h.ok and not _was_bad(health_before, h.title)]):
        problem = _unhealthy("回退后", "after the back-out", bad[0])
    return Rehearsal(change=plan.change, plan=plan.fingerprint(), place=place, started_at=started_at, finished_at=desk.now(),
                     copies=tuple(stand.copy for stand in stands if stand.copy), deviations=deviations, outcomes=tuple(outcomes), undone=tuple(undone),
                     health_before=health_before, health_after=health_after, health_undone=health_undone, changed=changed,
                     remaining=remaining, passed=not problem, problem=problem)


def _carry_out(host: HostAccess, number: str, step: Step, action: running.Action) -> StepOutcome:
    """As in the real thing, without a record: for the rehearsal, whose place is thrown away."""
    for count in range(1, 1 + ATTEMPTS):
        outcome = running.attempt(host, number, step, action, count, lambda line: None, patience_s=60)
        if outcome.result in ("done", "nothing to do") or (action == "carry out" and outcome.result != "interrupted"):
            break
    return outcome


def _unhealthy(zh: str, en: str, health: Health) -> Text:
    return Text(zh=f"{zh}副本未达到要求：{health.title.zh}：{health.detail.zh}",
                en=f"{en} the copy was not as required: {health.title.en}: {health.detail.en}")


def _within(check: Acceptance, seconds: int) -> Acceptance:
    return check.model_copy(update={"within_s": min(check.within_s, seconds)})


def _was_bad(before: tuple[Health, ...], title: Text) -> bool:
    """Such a check need not be good after the back-out, so it is not waited for."""
    return any(not health.ok and health.title == title for health in before)


def _deviation(d: Difference) -> Text:
    name = HOST_ZH.get(d.name, d.name) if d.kind == "host" else d.name
    return Text(zh=f"{KINDS_ZH[d.kind]} {name}：目标主机 {in_words(d.kind, d.before, 'zh') or '无'}，演练环境 {in_words(d.kind, d.after, 'zh') or '无'}",
                en=f"{d.kind} {d.name}: {d.before or 'none'} on the target, {d.after or 'none'} where it was rehearsed")


def require_rehearsed(plan: Plan, rehearsal: Rehearsal | None) -> None:
    """A plan whose rehearsal failed cannot be approved."""
    if plan.no_rehearsal:
        return
    if rehearsal is None or not rehearsal.passed:
        why = rehearsal.problem if rehearsal else Text(zh="未进行演练", en="it was not done")
        raise BlockersFound(f"The rehearsal failed, so the plan cannot be approved: {why.en}", f"演练未通过，方案不能提请批准：{why.zh}")
