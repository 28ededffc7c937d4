"""The security check as a spreadsheet: every result with its references, to be filtered and counted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from reports.documents.inspection_sheet import _Book
from reports.documents.paper import visible
from reports.documents.phrases import Phrases
from reports.documents.security import SecurityReport, result_of
from reports.records import Outcome, SecurityRecord


def security_sheet(record: SecurityRecord, say: Phrases, made_at: datetime) -> bytes:
    r = SecurityReport(record, say)
    language, at = say.language, made_at.astimezone(UTC).replace(tzinfo=None, microsecond=0)
    title, provider = say("security.cover"), visible(record.provider_name.say(language))
    book = _Book(say, {"title": f"{title} {record.number}", "creator": provider, "lastModifiedBy": provider, "created": at, "modified": at})
    last = {score.target: score for score in record.last_scores}
    book.facts("summary", [
        (say("cover.customer"), record.customer_name.say(language)),
        (say("security.number"), record.number),
        (say("cover.document"), f"{title} {record.number}-SR"),
        (say("security.period"), f"{say.moment(record.opened_at, seconds=True)} - {say.moment(record.finished_at, seconds=True)}"),
        (say("security.baseline"), say("security.baseline_value", level=record.profile.level, exceptions=len(record.profile.exceptions))),
        (say("security.targets"), r.targets_value()),
        (say("security.conclusion"), r.headline()),
        (say("security.score"), r.points(record.score.score)),
        (say("security.strict"), r.points(record.score.strict)),
        (say("cover.made"), say.moment(made_at, seconds=True)),
        (say("security.digest"), record.fingerprint()),
        ("", say("sheet.note")),
    ])  # fmt: skip

    def rows(*outcomes: Outcome) -> Iterable[tuple[Outcome, Sequence[object]]]:
        for row in r.found.rows:
            control = r.controls.get(row.check)
            if control is None or (outcomes and row.outcome not in outcomes):
                continue
            yield row.outcome, (
                row.target, say(f"family.{control.chapter}"), control.id, r.title(control), r.object(row), say(f"security.result.{result_of(row.outcome)}"),
                say(f"security.severity.{control.severity}"), row.says.say(language), r.bounds(control), r.references(control), r.putting_right(control),
                r.change(row), row.evidence)  # fmt: skip

    widths = (18, 14, 12, 34, 24, 10, 9, 56, 18, 34, 44, 10, 50)
    book.sheet("failed", say.head("sheet_controls"), widths, rows(Outcome.CRITICAL, Outcome.WARNING))
    book.sheet("rows", say.head("sheet_controls"), widths, rows())
    book.sheet("scores", say.head("sheet_scores"), (20, 10, 10, 10, 10, 10, 10, 10, 10, 10), [
        (None, (score.target, score.score, last[score.target].score if score.target in last else None, r.change_of(score, last.get(score.target)), score.strict,
                score.passed, score.failed, score.unknown, score.excepted, score.not_applicable)) for score in record.scores])  # fmt: skip
    book.sheet("exceptions", say.head("sheet_exceptions"), (12, 34, 30, 24, 50, 16, 14), [
        (None, (one.control, r.title(r.controls[one.control]) if one.control in r.controls else "", " ".join(one.targets), one.object, one.reason,
                one.approver, one.expires.isoformat())) for one in record.profile.exceptions])  # fmt: skip
    book.sheet("unreached", say.head("sheet_unreached"), (20, 18, 20, 80), [
        (None, (read.target, r.kind(read), say.moment(read.read_at, seconds=True), read.problem.say(language) if read.problem else ""))
        for read in r.found.unreached])
    book.sheet("changes", say.head("sheet_changes"), (13, 20, 12, 34, 40), [
        (None, (say(f"change.{change}"), d.target, d.check, r.title(check), r.object(d))) for change, check, those in r.found.developments() for d in those])
    return book.bytes()
