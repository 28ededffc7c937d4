"""The page that an approver reads before saying yes or no, and the plan as text for a terminal."""

from __future__ import annotations

from reports.documents.chapters import Chapters, lettered
from reports.documents.grouping import versions_grouped
from reports.documents.hardening import HardeningReport
from reports.documents.paper import mono
from reports.documents.phrases import Phrases
from reports.documents.plain import escaped, markdown, plain
from reports.records import NOTHING, ChangeRecord, Plan, Text

REPAIRS = 8
VERSIONS = 12
SCORES = 16


def plan_page(record: ChangeRecord, say: Phrases, not_counted: Text = NOTHING) -> str:
    """Markdown, without raw HTML: what, why, where, when, what the rehearsal showed, risk, failure, repairs, digest."""
    c = Chapters(record, say, {})
    draft, plan = c.draft, record.plan
    title = f"# {escaped(say('page.title', number=record.number, title=c.subject()))}\n\n"
    if not_counted:
        draft.notice(say("page.not_counted", why=not_counted.say(say.language)), "bad")
    if plan is None:
        draft.notice(say("page.no_plan"), "warn")
        draft.facts([(say("fact.reason"), say.known("reason", record.reason)), (say("fact.requester"), record.requester)])
        return title + markdown(draft.blocks, say.head("facts_page"))
    if plan.blockers:
        c.blockers()
    if plan.nothing_to_do:
        draft.notice(say("page.nothing"), "good")
    draft.section(say("page.what"))
    draft.facts(
        [
            (say("fact.subject"), c.subject()),
            (say("fact.kind"), say.known("kind", plan.kind)),
            (say("fact.requester"), record.requester),
        ]
    )
    groups = versions_grouped(plan.versions)
    if len(groups) > VERSIONS:
        c.text("page.versions_top", names=len({change.name for change, _ in groups}), n=VERSIONS)
    draft.table(
        say.head("versions_short"),
        [(mono(v.name), mono(v.before or say("versions.absent")), mono(v.after or say("versions.absent")), str(len(hosts))) for v, hosts in groups[:VERSIONS]],
        (1, 1, 1, 1),
        say("versions.unsettled" if plan.blockers else "versions.none"),
    )
    c.settings(record.rehearsal.outcomes if record.rehearsal else ())
    draft.section(say("page.why"))
    draft.paragraph(say.known("reason", record.reason))
    if c.repairs_something():
        draft.section(say("page.repairs"))
        c.improvements(REPAIRS, "improvements.top_page", "improvements_page")
    draft.section(say("page.where"))
    c.text("page.in_order" if plan.in_order else "page.batches", n=len(plan.targets), batches=max(1, len(plan.batches)), hosts=c.hosts(plan.targets))
    draft.section(say("page.when"))
    draft.facts(c.timetable_facts())
    if c.window_too_short():
        draft.notice(say("time.too_short"), "bad")
    draft.section(say("page.rehearsed"))
    if record.rehearsal is None:
        c.rehearsal_chapter("rehearsal.not_yet")
    else:
        c.rehearsal_result()
        if record.rehearsal.plan != plan.fingerprint():
            draft.notice(say("purpose.basis_other"), "bad")
        draft.facts(c.rehearsal_facts())
        c.rehearsed_steps(page=True)
        c.measurements(record.rehearsal.outcomes, live=False)
        c.rehearsed_checks()
    draft.section(say("page.risk"))
    c.risk()
    draft.paragraph(plan.impact.say(say.language))
    c.interruptions()
    if plan.untested:
        c.text("scope.untested")
        draft.items([text.say(say.language) for text in plan.untested])
    if any(step.files for step in plan.steps):
        draft.section(say("part.files"))
        c.file_changes()
    draft.section(say("page.failure"))
    draft.paragraph(plan.back_out.say(say.language))
    draft.section(say("page.approve"))
    if record.asked:
        c.text("page.approve_text")
        draft.code(say("page.digest"), record.asked.digest)  # in a table its 64 characters would leave no room for anything beside it
        c.text("page.expires", at=say.moment(record.asked.expires_at))
        names = [a.name for a in c.approvers()]
        c.text("page.approvers", names=say.join(names) or say("word.none"), requester=record.requester)
    else:
        c.text("page.no_digest")
    return title + markdown(draft.blocks, say.head("facts_page"))


def outcome_page(record: ChangeRecord, say: Phrases) -> str:
    """Markdown: how the change ended, and every step that was carried out or taken back."""
    c = Chapters(record, say, {})
    closure = say(f"closure.{record.closure.value if record.closure else 'none'}")
    c.draft.paragraph(record.closure_reason.say(say.language))
    if record.hardening:
        r = HardeningReport(record.hardening, say)
        c.draft.notice(r.headline(), r.tone())
        scores = [(*row[:1], *row[2:5], *row[6:8]) for row in r.score_rows()[:SCORES]]
        c.draft.table(say.head("hardening_page_scores"), scores, (1,) * 6, "")
    rows = [(str(o.number), o.target, c.title(o), say(f"action.{o.action}"), say(f"result.{o.result}"), say.duration(o.seconds))
            for o in (*record.outcomes, *record.undone)]
    c.draft.table(say.head("outcome"), rows, (1, 1, 1, 1, 1, 1), say("report.course_none"))
    if record.outcomes:
        c.settings((*record.outcomes, *record.undone))
        c.measurements(record.outcomes)
    title = f"# {escaped(say('page.outcome', number=record.number, closure=closure))}\n\n"
    return title + markdown(c.draft.blocks, say.head("facts_page"))


def plan_text(plan: Plan, say: Phrases, *, appendices: bool = True) -> str:
    """The plan as text; with its appendices it is whole: every step, every command."""
    from datetime import UTC, datetime

    nobody = Text(zh="", en="")
    record = ChangeRecord(
        number=plan.change,
        procedure=plan.procedure,
        customer=plan.customer,
        customer_name=nobody,
        provider_name=nobody,
        language=say.language,
        requester=plan.requester,
        reason=plan.reason,
        opened_at=datetime(2000, 1, 1, tzinfo=UTC),
        plan=plan,
    )
    c = Chapters(record, say, lettered(record, ("commands", "hosts", "versions", "media", "improvements")))
    draft = c.draft
    draft.chapter(f"{say('text.plan')}  {c.subject()}")
    draft.facts(
        [
            (say("fact.number"), plan.change),
            (say("fact.kind"), say.known("kind", plan.kind)),
            (say("fact.requester"), plan.requester),
            (say("fact.reason"), plan.reason),
        ]
    )
    if plan.blockers:
        c.blockers()
    if plan.nothing_to_do:
        draft.notice(say("page.nothing"), "good")
    draft.chapter(say("scope.title"))
    c.batches()
    draft.paragraph(plan.impact.say(say.language))
    c.interruptions()
    c.risk()
    if plan.untested:
        c.text("scope.untested")
        draft.items([text.say(say.language) for text in plan.untested])
    draft.chapter(say("versions.title"))
    c.versions()
    c.settings()
    if not plan.blockers:  # else they stand at the top
        c.blockers()
    draft.chapter(say("media.title"))
    c.media()
    draft.chapter(say("time.title"))
    draft.facts(c.timetable_facts()[:1] + c.timetable_facts()[-1:])
    draft.items([f"{group.number} {c.title_and_host(group.step)}: {group.step.expected.say(say.language)}" for group in c.groups])
    if any(step.files for step in plan.steps):
        draft.chapter(say("part.files"))
        c.file_changes()
    draft.chapter(say("back_out.title"))
    draft.paragraph(plan.back_out.say(say.language))
    if appendices:
        c.appendices()
    return plain(draft.blocks)
