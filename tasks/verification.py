"""Verification: acceptance on the live systems (R178), what nobody planned, and the proof that all is as before."""

from __future__ import annotations

import shlex
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor

from blocks.host_access import HostAccess
from reports.records import Acceptance, Difference, Health, Plan, StepOutcome, Survey, Text, same
from reports.records.measurement import measured
from reports.records.measurement import said as measured_said
from reports.records.measurement import title as measured_title
from reports.records.plan import FIGURES
from tasks import desk, findings
from tasks.change_record import latest_after, nobody_planned
from tasks.comparison import RESTARTING, differences, said, same_as_before
from tasks.errors import HostUnreachable, OutOfTime
from tasks.lifecycle import AT_ONCE, just_before, outcomes, plan_of, survey_targets
from tasks.redaction import redact
from tasks.remote import connected

NEW_CONNECTIONS, PAUSE_S = 5, 2.0


def check_acceptance(host: HostAccess, checks: list[Acceptance] | tuple[Acceptance, ...]) -> tuple[Health, ...]:
    """Each check until it was good for `steady_s` seconds in a row, at most `within_s` seconds; a finding until it is gone.

    One after the other: while one was waited for in vain, those after it have had that time, too. What a broken connection cut off is asked anew,
    a few times for all of them: the network's fault is not the change's.
    """
    answers, promised, in_vain_s, more = [], [check for check in checks if check.check], 0.0, iter(range(NEW_CONNECTIONS))
    for check in checks:
        if check.check:
            continue
        began = time.monotonic()
        answers.append(_asked(host, check.model_copy(update={"within_s": max(0, check.within_s - round(in_vain_s))}), more))
        if not answers[-1].ok:
            in_vain_s += time.monotonic() - began
    return (*answers, *(findings.gone(host, promised) if promised else ()))


def _asked(host: HostAccess, check: Acceptance, more: Iterator[int]) -> Health:
    """more: the connections that may still be opened anew."""
    while True:
        try:
            with connected(host) as remote:
                answer = remote.run(_steady(check), timeout_s=check.within_s + check.steady_s + 60)
        except (HostUnreachable, OutOfTime) as problem:
            if isinstance(problem, OutOfTime) or next(more, None) is None:
                return Health(title=check.title, ok=False, detail=problem.text)
            time.sleep(PAUSE_S)
            continue
        lines = [line for line in (answer.out + answer.err).splitlines() if line.strip()]
        detail = _answered(check, redact(lines[-1][:500])) if lines else Text(zh="没有输出", en="no output")
        return Health(title=check.title, ok=answer.exit_code == 0, detail=detail)


def _answered(check: Acceptance, line: str) -> Text:
    """A command's last line as it is; figures in the check's own words."""
    if not (check.reads and line.startswith(FIGURES)):
        return same(line)
    zh, en = check.reads.zh, check.reads.en
    for place, figure in enumerate(line.removeprefix(FIGURES).split(), 1):
        zh, en = zh.replace(f"{{{place}}}", figure), en.replace(f"{{{place}}}", figure)
    return Text(zh=zh, en=en)


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
    plan, names = plan_of(number), list(only or plan_of(number).targets)
    bad = _unwell(number, names, plan.acceptance)
    for name in names:
        bad += _noted(number, name, measured_on(plan, name, outcomes(number), live=True))
    return tuple(_said(name, health) for name, health in bad)


def measured_on(plan: Plan, name: str, done: Iterable[StepOutcome], *, live: bool) -> tuple[Health, ...]:
    """What the loads that ran on this host, or on its stand-in, say of the change: whether it is kept, by the plan's own criterion."""
    done, answers = tuple(done), []
    for one in plan.measurements:
        if one.target == name and (one.on_host if live else one.in_rehearsal and any(outcome.key in one.steps() for outcome in done)):
            judgement = measured(one, done)
            answers.append(Health(title=measured_title(one), ok=judgement.kept, detail=measured_said(one, judgement)))
    return tuple(answers)


def _unwell(number: str, names: list[str], checks: Iterable[Acceptance]) -> list[tuple[str, Health]]:
    """The answers of these hosts that are not good; every answer is noted."""
    found: list[tuple[str, Health]] = []
    of_host = {name: [check for check in checks if check.target == name] for name in names}
    with ThreadPoolExecutor(min(AT_ONCE, len(names) or 1)) as pool:
        for name, answers in zip(names, pool.map(lambda name: check_acceptance(desk.host(name), of_host[name]), names), strict=True):
            found += _noted(number, name, answers)
    return found


def _noted(number: str, name: str, answers: Iterable[Health]) -> list[tuple[str, Health]]:
    """Each answer is noted; returns those that are not good."""
    answers = list(answers)
    for health in answers:
        desk.archive().note(number, "accepted" if health.ok else "not accepted", target=name, **health.title.fields("check"),
                            **health.detail.fields("detail"))
    return [(name, health) for health in answers if not health.ok]


def _said(name: str, health: Health) -> Text:
    return on_host(name, Text(zh=f"{health.title.zh}：{health.detail.zh}", en=f"{health.title.en}: {health.detail.en}"))


def compare_after(number: str) -> tuple[Difference, ...]:
    """Survey after the change, file it, and say what nobody planned."""
    plan = plan_of(number)
    archive = desk.archive()
    archive.note(number, "compared with before")
    after = survey_targets(number, list(plan.targets), latest_after(number))
    before = just_before(number)
    changed = tuple(d for name in plan.targets for d in differences(before[name], after[name]))
    return nobody_planned(number, plan, changed, after) + _not_reached(plan, after)


def _not_reached(plan: Plan, after: dict[str, Survey]) -> tuple[Difference, ...]:
    """Planned versions that are not there, whatever the steps said."""
    found = []
    for wished in plan.versions:
        have = {p.name: p.version for p in after[wished.target].packages} | {r.root.rpartition("/")[2]: r.current for r in after[wished.target].releases}
        if have.get(wished.name, "") != wished.after:
            found.append(Difference(target=wished.target, kind="package", name=wished.name, before=f"planned {wished.after}",
                                    after=have.get(wished.name, "")))
    return tuple(found)


def as_before(number: str, away: Iterable[str] = ()) -> tuple[Text, ...]:
    """Prove by comparison that the targets are as before the change; returns what is not. away: hosts that cannot be asked."""
    plan = plan_of(number)
    before, names = just_before(number), [name for name in plan.targets if name not in away]
    # First, since it waits for what is still starting. What was not good before, or not asked, is asked once and need not be good.
    checks = [check if was_good(plan, before[check.target], check.title) else check.model_copy(update={"within_s": 0}) for check in plan.acceptance]
    unwell = _unwell(number, names, checks)
    count = len(desk.archive().journal(number, event="compared after back-out")) + 1
    after = survey_targets(number, names, f"after back-out {count}")
    left = [on_host(name, Text(zh="主机联系不上，本变更在其上所做的仍未撤回；恢复后请继续处理",
                               en="out of reach; what this change did there is not undone yet. Take it up again when it is back")) for name in away]
    left += [on_host(d.target, said(d)) for name in names for d in same_as_before(before[name], after[name], in_use=True)]
    left += [_said(name, health) for name, health in unwell if was_good(plan, before[name], health.title)]
    desk.archive().note(number, "compared after back-out", remaining=[p.en for p in left[:100]], remaining_zh=[p.zh for p in left[:100]])
    return tuple(left)


def on_host(name: str, text: Text) -> Text:
    return Text(zh=f"{name}：{text.zh}", en=f"{name}: {text.en}")


def was_good(plan: Plan, before: Survey, title: Text) -> bool:
    """Whether the check of this title was asked before, and was good; for another, the steps' own undo proofs answer.

    One good answer of a host where a service dies again and again proves nothing; the steps of a release have looked longer.
    """
    if plan.kind == "release" and any(service.active == RESTARTING for service in before.services):
        return False
    return any(health.ok and health.title == title for health in before.health)
