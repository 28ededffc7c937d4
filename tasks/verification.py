"""Verification: acceptance on the live systems (R178), what nobody planned, and the proof that all is as before."""

from __future__ import annotations

import shlex
from concurrent.futures import ThreadPoolExecutor

from blocks.host_access import HostAccess
from reports.records import Acceptance, Difference, Health, Plan, Survey, Text, same
from tasks import desk, findings
from tasks.change_record import latest_after, nobody_planned
from tasks.comparison import differences, said, same_as_before
from tasks.errors import HostUnreachable, OutOfTime
from tasks.lifecycle import AT_ONCE, current_round, plan_of, survey_targets, surveys_of
from tasks.redaction import redact
from tasks.remote import connected


def check_acceptance(host: HostAccess, checks: list[Acceptance] | tuple[Acceptance, ...]) -> tuple[Health, ...]:
    """Each check until it was good for `steady_s` seconds in a row, at most `within_s` seconds; a finding until it is gone."""
    answers, promised = [], [check for check in checks if check.check]
    for check in checks:
        if check.check:
            continue
        script = _steady(check)
        try:
            with connected(host) as remote:
                answer = remote.run(script, timeout_s=check.within_s + check.steady_s + 60)
            lines = [line for line in (answer.out + answer.err).splitlines() if line.strip()]
            detail = same(redact(lines[-1][:500])) if lines else Text(zh="没有输出", en="no output")
            answers.append(Health(title=check.title, ok=answer.exit_code == 0, detail=detail))
        except (HostUnreachable, OutOfTime) as problem:
            answers.append(Health(title=check.title, ok=False, detail=problem.text))
    return (*answers, *(findings.gone(host, promised) if promised else ()))


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
    after = survey_targets(number, list(plan.targets), latest_after(number))
    before = surveys_of(number, f"before {current_round(number)}")
    changed = tuple(d for name in plan.targets for d in differences(before[name], after[name]))
    return nobody_planned(number, plan, changed) + _not_reached(plan, after)


def _not_reached(plan: Plan, after: dict[str, Survey]) -> tuple[Difference, ...]:
    """Planned versions that are not there, whatever the steps said."""
    found = []
    for wished in plan.versions:
        have = {p.name: p.version for p in after[wished.target].packages} | {r.root.rpartition("/")[2]: r.current for r in after[wished.target].releases}
        if have.get(wished.name, "") != wished.after:
            found.append(Difference(target=wished.target, kind="package", name=wished.name, before=f"planned {wished.after}",
                                    after=have.get(wished.name, "")))
    return tuple(found)


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
