"""The page of an inspection's run: what was found, for who opens it in the browser. Short for any number of targets."""

from __future__ import annotations

from collections import Counter

from reports.documents.findings import BAD, CHANGES, by_reason
from reports.documents.inspection_words import TONES, Words
from reports.documents.paper import Cell, Draft
from reports.documents.phrases import Phrases
from reports.documents.plain import escaped, markdown
from reports.records import InspectionRecord, Outcome

FINDINGS, FORECASTS, REASONS, CHANGED = 10, 8, 10, 12


def inspection_page(record: InspectionRecord, say: Phrases) -> str:
    """Markdown, without raw HTML: grade, targets not reached, counts, worst findings, forecast, what changed."""
    w, draft = Words(record, say), Draft(say.language)
    found = w.found
    title = say("inspection.page.title", number=record.number, kind=say(f"inspection.kind.{record.procedure}"), customer=record.customer_name.say(say.language))
    if found.unreached:
        draft.notice(say("inspection.not_reached_notice", n=len(found.unreached)), "bad")
        reasons = [(text, str(len(reads)), w.names([read.target for read in reads], 12)) for text, reads in by_reason(found.unreached, say.language)[:REASONS]]
        draft.table(say.head("inspection_unreached_grouped"), reasons, (1, 1, 1), "")
    draft.notice(w.conclusion(), TONES.get(record.grade, "warn"))
    facts: list[tuple[str, str | Cell]] = [
        (say("inspection.grade"), w.grade(record.grade)),
        (say("inspection.result"), w.result()),
        (say("inspection.targets"), w.targets_value()),
        (say("inspection.period"), f"{say.moment(record.opened_at)} - {say.moment(record.finished_at)}"),
    ]
    draft.facts(facts)
    if record.late_days:
        draft.paragraph(say("inspection.late", n=record.late_days))
    draft.section(say("inspection.page.worst"))
    groups = found.groups(*BAD)
    rows = [(w.grade(group.outcome), w.title(group.check), w.where(group.rows, line=True), w.sayings(group.rows, 2)) for group in groups[:FINDINGS]]
    draft.table(say.head("inspection_page_findings"), rows, (1, 1, 1, 1), say("inspection.findings_none"))
    if len(groups) > FINDINGS:
        draft.paragraph(say("inspection.page.more", n=len(groups) - FINDINGS))
    draft.paragraph(w.mendable(groups))
    if found.outcomes[Outcome.UNKNOWN]:
        draft.section(say("inspection.unknowns"))
        unknown = [(w.title(group.check), w.where(group.rows, line=True), w.sayings(group.rows, 1)) for group in found.groups(Outcome.UNKNOWN)[:FINDINGS]]
        draft.table(say.head("inspection_unknowns"), unknown, (1, 1, 1), "")
    draft.section(say("inspection.forecast"))
    full = [
        (f.target, w.object(f) or "-", w.percent(f), *(w.in_days(days, line=True) for days in (f.days, f.earliest, f.latest)))
        for f in found.forecasts[:FORECASTS]
    ]
    draft.table(say.head("inspection_page_forecast"), full, (1,) * 6, say("inspection.forecast_none", first=not record.forecasts))
    _changes(w, draft)
    return f"# {escaped(title)}\n\n" + markdown(draft.blocks, say.head("facts_page"))


def _changes(w: Words, draft: Draft) -> None:
    record, say = w.record, w.say
    draft.section(say("inspection.comparison"))
    if not record.last_number:
        draft.paragraph(say("inspection.first"))
        return
    last = {"number": record.last_number, "at": say.moment(record.last_at)}
    draft.paragraph(say("inspection.compared" if record.developments else "inspection.compared_none", **last))
    counts = Counter(development.change for development in record.developments)
    if counts:
        draft.items([say("inspection.colon", name=say(f"change.{change}"), text=counts[change]) for change in CHANGES if counts[change]])
    rows = [
        (say(f"change.{change}"), w.title(check), w.names(list(map(w.place, those))), str(len(those)))
        for change, check, those in w.found.developments()
        if change != "same"
    ]
    if rows:
        draft.table(say.head("inspection_changes"), rows[:CHANGED], (1,) * 4, "")
