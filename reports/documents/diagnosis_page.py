"""The page on which leave to log in is asked for, and the page of a diagnosis' run. Markdown without raw HTML."""

from __future__ import annotations

from reports.documents.diagnosis_words import DiagnosisWords, statement
from reports.documents.paper import Draft
from reports.documents.phrases import Phrases
from reports.documents.plain import escaped, markdown
from reports.records import NOTHING, AccessScope, ApprovalRequest, DiagnosisRecord, Text

CAUSES, SIGNS = 8, 12


def leave_page(scope: AccessScope, asked: ApprovalRequest | None, say: Phrases, not_counted: Text = NOTHING) -> str:
    """What will be looked at, why, and for how long; read above the form."""
    draft = Draft(say.language)
    if not_counted:
        draft.notice(say("page.not_counted", why=not_counted.say(say.language)), "bad")
    draft.facts([(say("leave.why"), scope.problem), (say("leave.when"), say.moment(scope.happened_at))])
    draft.section(say("leave.what"))
    draft.items(statement(scope, say))
    draft.section(say("leave.answer"))
    draft.paragraph(say("leave.answer_text"))
    draft.code(say("leave.digest"), scope.fingerprint())
    if asked:
        draft.paragraph(say("page.expires", at=say.moment(asked.expires_at)))
        draft.paragraph(say("leave.who", names=say.join([a.name for a in asked.approvers if a.email in asked.sent_to])))
    return f"# {escaped(say('leave.title', number=scope.change))}\n\n" + markdown(draft.blocks, say.head("facts_page"))


def diagnosis_page(record: DiagnosisRecord, say: Phrases) -> str:
    """What was found, for who opens the run in the browser."""
    w, draft = DiagnosisWords(record, say), Draft(say.language)
    said, tone = w.conclusion_says()
    draft.notice(said, tone)
    draft.facts([
        (say("diagnosis.words"), record.scope.problem),
        (say("diagnosis.happened"), say.moment(record.scope.happened_at)),
        (say("diagnosis.requester"), record.requester),
        (say("diagnosis.leave"), w.leave_line()),
        (say("diagnosis.targets"), w.targets_named()),
    ])
    if record.leaves:
        draft.section(say("diagnosis.suspected"))
        rows = [(w.text_of(c.title), w.names(c.targets), say(f"grounds.{c.grounds}"), w.text_of(c.proposals[0].text) if c.proposals else "-")
                for c in record.causes[:CAUSES]]
        draft.table(say.head("diagnosis_page_causes"), rows, (1,) * 4, say("diagnosis.causes_none"))
        draft.section(say("diagnosis.timeline"))
        seen = [(w.text_of(s.title), w.seen_at(s), str(s.count), w.clock(s.first_at), say(f"began.{s.began}")) for s in record.sightings[:SIGNS]]
        draft.table(say.head("diagnosis_page_timeline"), seen, (1,) * 5, say("diagnosis.timeline_none"))
        draft.paragraph(say("diagnosis.counts", counts=w.counted(w.found.outcomes)))
    title = say("diagnosis.page.title", number=record.number, customer=record.customer_name.say(say.language))
    return f"# {escaped(title)}\n\n" + markdown(draft.blocks, say.head("facts_page"))
