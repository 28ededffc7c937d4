"""A change as papers and bundle tell it, put together from the archive."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reports.archive import Archive, ChangeRow
from reports.records import Approval, ApprovalRequest, BaselineReading, ChangeRecord, Difference, Hardening, Plan, Survey, Text
from tasks import desk
from tasks.comparison import brought_back, differences, likeness, unexpected
from tasks.lifecycle import current_round, just_before, outcomes, plan_of, reason_of, rehearsal_of, surveys_of, was_before


def record_of(number: str) -> ChangeRecord:
    """All that documents and bundle say of this change, put together from the archive."""
    archive: Archive = desk.archive()
    row, round_ = archive.change(number), current_round(number)
    people = desk.customer(row.customer)
    plan = plan_of(number, round_) or plan_of(number, max(1, round_ - 1))
    before = just_before(number)
    after = surveys_of(number, latest_after(number))
    backs = [surveys_of(number, f"after back-out {n}") for n in range(1, 1 + len(archive.journal(number, event="compared after back-out")))]
    if backs:
        after = backs[-1]
    changed = tuple(d for name in after if name in before for d in differences(before[name], after[name]))
    decisions = tuple(a for _, a in archive.load_all(number, "approval", Approval))
    issues = tuple(Text.of_fields(e.detail, "issue") for e in archive.journal(number, event="issue"))
    common = {
        "number": number, "customer": row.customer, "customer_name": _text(people.full_name), "provider_name": _text(people.provider_name),
        "language": people.language, "requester": row.requester, "operator": row.operator, "reason": row.reason, "opened_at": row.opened_at}
    return ChangeRecord(
        **common, procedure=row.procedure, closed_at=row.closed_at, closure=row.closure, closure_reason=reason_of(row), request=row.request,
        plan=plan, rehearsal=rehearsal_of(number, round_), asked=archive.load(number, "request for approval", str(round_), ApprovalRequest),
        approvals=decisions, contacts=tuple(people.contact_records()), before=tuple(before.values()), after=tuple(after.values()),
        outcomes=outcomes(number), undone=outcomes(number, "undo"), changed=changed,
        unexpected=nobody_planned(number, plan, changed, after) if plan and after and not backs else (),
        as_it_was=tuple(likeness(was, after[name]) for name, was in was_before(number).items() if name in after) if after and not backs else (),
        issues=issues, journal=archive.journal(number), owed=_owed(row), hardening=_hardening(number, common))


def _owed(row: ChangeRow) -> tuple[Text, ...]:
    """The emergencies on hosts of this change that wait for their review: who approves should know that nobody has looked into them yet."""
    from tasks import emergency

    found = []
    for review in reversed(emergency.open_reviews(row.customer, but=row.number)):
        opened = desk.change(review)
        change, hosts = opened.request["change"], [name for name in opened.request["hosts"] if name in row.request.get("hosts", [])]
        if hosts and row.number != review:
            day = opened.opened_at.astimezone(desk.customer(row.customer).time_zone()).date()
            found.append(Text(zh=f"主机 {hosts[0]} 的应急恢复 {change} 自 {day} 起尚未复核（{review}）",
                              en=f"the emergency restore {change} of {hosts[0]} has waited for its review since {day} ({review})"))
    return tuple(found)


def _hardening(number: str, common: Mapping[str, Any]) -> Hardening | None:
    """The score before and after, where the baseline was read; the catalogue of controls is loaded only then."""
    if not desk.archive().load_all(number, "baseline", BaselineReading):
        return None
    from tasks.hardening import hardening_of

    return hardening_of(number, common)


def _text(both) -> Text:
    return Text(zh=both.zh, en=both.en)


def nobody_planned(number: str, plan: Plan, changed: tuple[Difference, ...], after: Mapping[str, Survey]) -> tuple[Difference, ...]:
    """What of `changed` the plan does not explain. A back-out brings back what was before the change that it takes back."""
    shown = _shown_in_rehearsal(number)
    was = just_before(desk.change(number).request["change"]) if plan.kind == "back-out" else was_before(number)
    found: list[Difference] = []
    for name in plan.targets:
        here = unexpected([d for d in changed if d.target == name], plan, name)
        back = brought_back(here, was[name], after[name]) if name in was and name in after else ()
        found += [d for d in here if d not in back and (d.kind, d.name, d.before, d.after) not in shown]
    return tuple(found)


def _shown_in_rehearsal(number: str) -> set[tuple[str, str, str, str]]:
    """Configuration that the rehearsal changed in the very same way: it stood in what was approved, so it is no surprise.

    A package that brings a new version of a file which nobody edited, for example (deb-conffiles(5)).
    """
    rehearsal = rehearsal_of(number)
    return {(d.kind, d.name, d.before, d.after) for d in rehearsal.changed if d.kind == "configuration"} if rehearsal else set()


def latest_after(number: str) -> str:
    """The newest reading after the change; every comparison reads anew, since one from before a crash says nothing of today."""
    return f"after {max(1, len(desk.archive().journal(number, event='compared with before')))}"
