"""What a hardening comes to (R008): the whole baseline of what it concerns, read just before its first step and again when it has ended, also when
it was taken back. Scored like a security check. Nothing is changed, and nothing that a target does or does not do stops the change."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from reports.records import (
    NOTHING,
    BaselineReading,
    CheckRow,
    Closure,
    HardenedControl,
    Hardening,
    Outcome,
    Plan,
    RemainingControl,
    Score,
    SecurityRecord,
    TargetRead,
    Text,
)
from tasks import desk, inspection, lifecycle, security
from tasks.controls.left_off import LEFT_OFF
from tasks.controls.score import scores

BAD = (Outcome.CRITICAL, Outcome.WARNING)
BEFORE, AFTER = "before", "after"
AT_ONCE = 20
DONE = (Closure.SUCCESSFUL, Closure.SUCCESSFUL_WITH_ISSUES)


def concerned(number: str) -> list[str]:
    """The hosts of the change, and the database servers whose controls are mended."""
    plan = lifecycle.plan_of(lifecycle.hardened_by(number))
    return list(dict.fromkeys([*plan.targets, *(one.database for one in plan.acceptance if one.database)])) if plan else []


def measure(number: str, when: str, say: Callable[[str], None]) -> None:
    """Read what the change concerns and file it. when: "before", as long as nothing was begun, or "after". What is filed is not read again."""
    if when == BEFORE and lifecycle.begun(number):
        return
    archive, filed = desk.archive(), _filed(number)
    if when == AFTER:  # a change that was stuck ends again, later
        when = f"{AFTER} {1 + len(archive.journal(number, event='closed'))}"
    profile = next((one.profile for found in filed.values() for one in found.values()), None) or desk.customer(desk.change(number).customer).baseline.record()
    there = security.targets(desk.change(number).customer, profile)
    missing = [name for name in concerned(number) if name not in filed.get(when, {})]
    with ThreadPoolExecutor(min(AT_ONCE, len(missing) or 1)) as pool:
        reads = list(pool.map(lambda name: inspection.read_one(name, there.get(name), {}, None, None), missing))
    if any(raw for _, raw in reads):
        archive.file_evidence(number, f"baseline-{when.replace(' ', '-')}.tar.gz", inspection.packed(reads), "application/gzip")
    _, each = scores((row for read, _ in reads for row in read.rows), security.severities())
    points = {score.target: score for score in each}
    for read, _ in reads:
        archive.save(number, "baseline", f"{read.target} {when}", BaselineReading(profile=profile, read=read))
        say(f"{read.target}: {read.problem.en}" if read.problem else f"{read.target}: score {told(points.get(read.target))} by level {profile.level}")


def _filed(number: str) -> dict[str, dict[str, BaselineReading]]:
    """By moment and target, in the order in which they were read."""
    found: dict[str, dict[str, BaselineReading]] = {}
    for key, one in desk.archive().load_all(number, "baseline", BaselineReading):
        target, _, when = key.partition(" ")
        found.setdefault(when, {})[target] = one
    return found


def told(score: Score | None) -> str:
    return "-" if score is None or score.score is None else f"{score.score:.1f}"


def scored(number: str) -> tuple[Score, Score] | None:
    """Before and after, of all targets that were read both times; None: not a hardening, or not carried out."""
    before, after = _both(_filed(number)) if lifecycle.hardened_by(number) else ({}, {})
    if not after:
        return None
    same = _reached(before) & _reached(after)
    return _whole(before, same), _whole(after, same)


def sentence(number: str) -> Text | None:
    """The score before and after, for a command's last lines."""
    if (both := scored(number)) is None:
        return None
    before, after = both
    change = "" if before.score is None or after.score is None else f"{after.score - before.score:+.1f}"
    return Text(zh=f"基线得分：变更前 {told(before)}，变更后 {told(after)}" + (f"（{change}）" if change else ""),
                en=f"score by the baseline: {told(before)} before, {told(after)} after" + (f" ({change})" if change else ""))


def _both(filed: Mapping[str, Mapping[str, BaselineReading]]) -> tuple[Mapping[str, BaselineReading], Mapping[str, BaselineReading]]:
    """Before, and the last one after."""
    return filed.get(BEFORE, {}), next((filed[when] for when in reversed(list(filed)) if when.startswith(AFTER)), {})


def _reached(readings: Mapping[str, BaselineReading]) -> set[str]:
    return {name for name, one in readings.items() if one.read.problem is None}


def _rows(readings: Mapping[str, BaselineReading], names: Iterable[str]) -> list[CheckRow]:
    return [row for name in names if name in readings for row in readings[name].read.rows]


def _whole(readings: Mapping[str, BaselineReading], names: set[str]) -> Score:
    return scores(_rows(readings, sorted(names)), security.severities())[0]


def hardening_of(number: str, common: Mapping[str, Any]) -> Hardening | None:
    """All that the report says of it; None as long as nothing was read, and for changes that are no hardening. common: who, for whom, when."""
    name = lifecycle.hardened_by(number)
    if not name or not (filed := _filed(number)):
        return None
    before, after = _both(filed)
    row, plan = desk.change(name), lifecycle.plan_of(name)
    taken_back = name if name != number else ""
    done = desk.change(number).closure in DONE
    now = _record(common, before if after else {}, after or before)
    return Hardening(
        check=row.request.get("inspection", ""), takes_back=taken_back, done=done, now=now,
        controls=_controls(plan, before, after, steps=not taken_back),
        remaining=_remaining(plan, row.request, now, gone=done == bool(taken_back)) if after else ())


def _record(common: Mapping[str, Any], before: Mapping[str, BaselineReading], now: Mapping[str, BaselineReading]) -> SecurityRecord:
    """The baseline as it is now, as a security check's report would tell it, with the one before as its last."""
    profile = next(iter(now.values())).profile
    reads: tuple[TargetRead, ...] = tuple(now[name].read for name in sorted(now))
    same = _reached(now) & _reached(before) if before else _reached(now)
    severities = security.severities()
    score, each = scores(_rows(now, sorted(same)), severities)
    last, last_each = scores(_rows(before, sorted(same)), severities) if before else (None, ())
    read_at = max(read.read_at for read in reads)
    return SecurityRecord(
        **common, procedure="security-check", finished_at=read_at, grade=inspection.grade(reads), reads=reads,
        checks=security.abouts(profile, {read.kind for read in reads}), profile=profile, left_off=LEFT_OFF, score=score, scores=each,
        checked_on=read_at.astimezone(desk.customer(common["customer"]).time_zone()).date(), last_score=last, last_scores=last_each, last_level=profile.level)


def _controls(plan: Plan | None, before: Mapping[str, BaselineReading], after: Mapping[str, BaselineReading], steps: bool) -> tuple[HardenedControl, ...]:
    """What the plan promised to mend, in the order of its steps."""
    found = []
    for one in plan.acceptance if plan else ():
        if one.check:
            target = one.database or one.target
            numbers = tuple(step.number for step in plan.steps_of(one.target) if one.check in step.mends)
            found.append(HardenedControl(
                control=one.check, target=target, host=one.target, objects=one.objects, steps=numbers if steps else (),
                before=_outcome(before.get(target), one.check, one.objects), after=_outcome(after.get(target), one.check, one.objects)))
    return tuple(sorted(found, key=lambda one: (one.host, min(one.steps, default=0), one.control)))


def _outcome(reading: BaselineReading | None, control: str, objects: tuple[str, ...]) -> Outcome | None:
    """The worst of these objects; one that is no longer named is well, unless the control could not be read."""
    if reading is None or reading.read.problem:
        return None
    rows = [row for row in reading.read.rows if row.check == control]
    meant = [row for row in rows if row.object in objects or row.outcome is Outcome.UNKNOWN]
    return max((row.outcome for row in meant), key=lambda outcome: outcome.weight, default=Outcome.OK if rows else None)


def _remaining(plan: Plan | None, request: Mapping[str, Any], now: SecurityRecord, gone: bool) -> tuple[RemainingControl, ...]:
    """What fails afterwards and why, the gravest first. gone: what was mended is not in force (any more)."""
    known = {about.id: about for about in now.checks}
    planned = {(one.database or one.target, one.check, name) for one in (plan.acceptance if plan else ()) for name in one.objects if one.check}
    held_up = {(one.target, one.check, one.object): one.why for one in (plan.left if plan else ())}
    some_only = bool(request.get("findings") or request.get("targets"))

    def told_why(row: CheckRow) -> tuple[str, Text]:
        key = (row.target, row.check, row.object)
        if key in planned:
            return ("taken back" if gone else "still"), NOTHING
        if key in held_up:
            return "held up", held_up[key]
        if not known[row.check].operation:
            return "people", known[row.check].remedy
        return ("not asked" if some_only else "new"), NOTHING

    groups: dict[tuple[str, str, Text], list[CheckRow]] = {}
    for row in (row for read in now.reads for row in read.rows):
        if row.outcome in BAD and row.check in known:
            reason, why = told_why(row)
            groups.setdefault((row.check, reason, why), []).append(row)
    order = ("high", "medium", "low")
    return tuple(RemainingControl(control=check, rows=tuple(rows), reason=reason, why=why)  # type: ignore[arg-type]
                 for (check, reason, why), rows in sorted(groups.items(), key=lambda item: (order.index(known[item[0][0]].severity), *item[0][:2])))
