"""The page of a security check's run: the score, what fails first, what changed. Short for any number of targets."""

from __future__ import annotations

from reports.documents.findings import by_reason
from reports.documents.paper import Draft
from reports.documents.phrases import Phrases
from reports.documents.plain import escaped, markdown
from reports.documents.security import SecurityReport
from reports.records import SecurityRecord

FAILED, TARGETS, REASONS = 15, 15, 10


def security_page(record: SecurityRecord, say: Phrases) -> str:
    """Markdown, without raw HTML."""
    r, draft = SecurityReport(record, say), Draft(say.language)
    title = say("security.page.title", number=record.number, customer=record.customer_name.say(say.language))
    if r.found.unreached:
        draft.notice(say("inspection.not_reached_notice", n=len(r.found.unreached)), "bad")
        silent = by_reason(r.found.unreached, say.language)[:REASONS]
        reasons = [(text, str(len(reads)), r.names([read.target for read in reads], 12)) for text, reads in silent]
        draft.table(say.head("inspection_unreached_grouped"), reasons, (1, 1, 1), "")
    draft.notice(r.headline(), r.tone())
    last = {score.target: score for score in record.last_scores}
    worst = sorted(record.scores, key=lambda score: (score.score is None, score.score or 0, score.target))
    rows = [(score.target, r.scored(score.score), r.change_of(score, last.get(score.target)), str(score.passed), str(score.failed), str(score.unknown),
             str(score.excepted), str(score.not_applicable)) for score in worst[:TARGETS]]  # fmt: skip
    draft.section(say("security.scores"))
    draft.table(say.head("security_page_scores"), rows, (1,) * 8, say("security.nothing"))
    draft.section(say("security.failed"))
    failed = r.failed()
    rows = [(r.severity(r.control(group)), group.check.id, r.title(group.check), r.where(group.rows, line=True), r.sayings(group.rows, 1))
            for group in failed[:FAILED]]
    draft.table(say.head("security_page_failed"), rows, (1,) * 5, say("security.failed_none"))
    if len(failed) > FAILED:
        draft.paragraph(say("inspection.page.more", n=len(failed) - FAILED))
    return f"# {escaped(title)}\n\n" + markdown(draft.blocks, say.head("facts_page"))
