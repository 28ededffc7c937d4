"""The diagnosis report (远程诊断检测报告, R108, R110-R113): the problem as told, the leave, what was looked at, what was seen when, what is suspected, what
is proposed, room for the customer's agreement and for handing over to on-site service. Suspected is never written as certain."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from reports.documents import charts
from reports.documents.cover import read_paper
from reports.documents.diagnosis_words import DiagnosisWords, statement
from reports.documents.findings import BAD
from reports.documents.inspection_words import TONES
from reports.documents.paper import Cell, Draft, Paper, mono
from reports.documents.phrases import Phrases
from reports.records import Cause, DiagnosisRecord, LogsRead, Proposal

SIGHTINGS, DRAWN, EXAMPLES = 30, 12, 10
FINDINGS, CHANGES, FILES_NAMED, PARTS, LOGS = 20, 30, 4, 12, 200
LETTERS = {"logs": "A"}


class Report(DiagnosisWords):
    """Writes the chapters into a draft."""

    def __init__(self, record: DiagnosisRecord, say: Phrases) -> None:
        super().__init__(record, say)
        self.draft = Draft(say.language)
        self.owner = record.customer_name.say(say.language)
        self.provider = record.provider_name.say(say.language)

    def by_language(self, zh: float, en: float) -> tuple[float]:
        return (zh if self.say.language == "zh" else en,)

    def text(self, key: str, **values: object) -> None:
        self.draft.paragraph(self.say(key, **values))

    def section(self, key: str) -> None:
        self.draft.section(self.say(key))

    def chapter(self, key: str) -> None:
        self.draft.chapter(self.say(key))


def diagnosis(record: DiagnosisRecord, say: Phrases, made_at: datetime) -> Paper:
    r = Report(record, say)
    _summary(r)
    _problem(r)
    if record.leaves:
        _timeline(r)
        _changes(r)
        _findings(r)
        _causes(r)
    _agreement(r)
    _on_site(r)
    _outcome(r)
    if record.leaves:
        _appendix_logs(r)
    _appendix_digests(r)
    return _paper(r, made_at)


def _paper(r: Report, made_at: datetime) -> Paper:
    record, say = r.diagnosis, r.say
    said, tone = r.conclusion_says()
    cover = [
        (say("cover.customer"), r.owner),
        (say("diagnosis.number"), record.number),
        (say("diagnosis.happened"), say.moment(record.scope.happened_at)),
        (say("diagnosis.requester"), record.requester),
        (say("diagnosis.engineer"), record.engineer or r.provider),
        (say("diagnosis.targets"), r.targets_named()),
        (say("diagnosis.leave"), r.leave_line()),
        (say("diagnosis.result"), Cell(said, tone=tone)),
    ]
    return read_paper(
        say, r.draft.blocks, made_at, title=say("diagnosis.cover"), subtitle=say("diagnosis.subtitle", day=say.day(record.finished_at)),
        number=f"{record.number}-DR", owner=r.owner, provider=r.provider, edition=1 + len(record.solutions), author=record.engineer or r.provider,
        remark=say("diagnosis.remark_again" if record.solutions else "diagnosis.remark"), cover=cover, facts=_control(r, made_at))


def _control(r: Report, made_at: datetime) -> list[tuple[str, str | Cell]]:
    record, say = r.diagnosis, r.say
    return [
        (say("diagnosis.number"), record.number),
        (say("inspection.contract"), record.contract or say("word.not_given")),
        (say("diagnosis.reference"), record.reference or say("word.not_given")),
        (say("diagnosis.period"), f"{say.moment(record.opened_at)} - {say.moment(record.finished_at)}"),
        (say("cover.made"), say.moment(made_at, seconds=True)),
        (say("control.zone"), say("control.zone_value", zone=say.zone_name, offset=say.offset(made_at))),
        (say("inspection.class"), say("inspection.class_value", customer=r.owner, provider=r.provider)),
        (say("diagnosis.digest"), mono(record.fingerprint())),
    ]


# --- 1, 2


def _summary(r: Report) -> None:
    record, say = r.diagnosis, r.say
    r.chapter("diagnosis.summary")
    r.draft.notice(*r.conclusion_says())
    if not record.leaves:
        return
    r.text("diagnosis.counts", counts=r.counted(r.found.outcomes) or say("word.none"))
    if record.causes:
        r.section("diagnosis.suspected")
        r.text("diagnosis.suspected_text")
        rows = [(str(number), Cell(r.text_of(cause.title), tone="bad" if cause.severity == "critical" else "warn"), r.names(cause.targets),
                 say(f"grounds.{cause.grounds}"), r.because(cause), r.text_of(cause.proposals[0].text) if cause.proposals else "-")
                for number, cause in enumerate(record.causes, 1)]
        r.draft.table(say.head("diagnosis_causes"), rows, (0.6, 1.7, 1.2, *r.by_language(0.8, 1.05), 2.7, 2.9), "")


def _problem(r: Report) -> None:
    record, say, scope = r.diagnosis, r.say, r.diagnosis.scope
    r.chapter("diagnosis.problem")
    r.section("diagnosis.told")
    r.draft.facts([
        (say("diagnosis.words"), scope.problem),
        (say("diagnosis.happened"), say.moment(scope.happened_at)),
        (say("diagnosis.requester"), record.requester),
        (say("diagnosis.recorded"), say.moment(record.opened_at)),
        (say("diagnosis.operator"), record.operator or say("word.not_given")),
        (say("diagnosis.engineer"), record.engineer or say("word.not_given")),
        (say("diagnosis.reference"), record.reference or say("word.not_given")),
    ])
    r.section("diagnosis.leave")
    if record.leaves:
        r.text("diagnosis.leave_text")
        rows = [(one.given_by, one.post or "-", say(f"channel.{one.how}"), say.moment(one.given_at), one.taken_by or "-", say.moment(one.valid_until))
                for one in record.leaves]
        r.draft.table(say.head("diagnosis_leave"), rows, (1.3, 1.3, 0.9, 1.5, 1.3, 1.5), "")
        r.draft.facts([(say("leave.digest"), mono(scope.fingerprint()))])
    if record.refusal or not record.leaves:
        r.draft.notice(r.no_leave(), "warn")
    r.draft.items(statement(scope, say))
    r.section("diagnosis.looked")
    _looked_at(r)
    r.section("diagnosis.not_looked")
    missing = list(_not_looked_at(r))
    r.draft.items(missing[:PARTS])
    if len(missing) > PARTS:
        r.text("diagnosis.not_more", n=len(missing) - PARTS, letter=LETTERS["logs"])
    r.draft.items([say("diagnosis.not_span"), say("diagnosis.not_business")])


def _looked_at(r: Report) -> None:
    record, say = r.diagnosis, r.say
    reads, logs = {read.target: read for read in record.readings.reads}, {read.target: read for read in record.logs}
    rows = []
    for name in (*record.scope.hosts, *record.scope.databases):
        read, log = reads.get(name), logs.get(name)
        nothing = say("diagnosis.looked_none")
        checks = say("diagnosis.looked_checks", at=say.moment(read.read_at), n=len(read.rows)) if read and not read.problem else nothing
        counted = say("diagnosis.looked_logs", files=len(log.files), lines=sum(file.lines for file in log.files)) if log and not log.problem else nothing
        about = r.about_target(read) if read else ""
        kind = r.kind(read) if read else say("target.host" if name in record.scope.hosts else "target.database")
        rows.append((name, kind, checks, counted if name in record.scope.hosts else "-", about or "-"))
    r.draft.table(say.head("diagnosis_looked"), rows, (1.5, 1.1, 1.9, 1.6, 2.7), "")
    if record.logs:
        r.text("diagnosis.looked_span", since=say.moment(record.scope.span_from), until=say.moment(min(record.scope.span_until, record.finished_at)))


def _not_looked_at(r: Report) -> Iterator[str]:
    """What was asked for and could not be read, with the reason; then what was cut."""
    record, say = r.diagnosis, r.say
    for read in record.readings.reads:
        if read.problem:
            yield say("diagnosis.not_target", target=read.target, why=r.text_of(read.problem))
    known = {read.target for read in record.readings.reads if read.problem}
    for log in record.logs:
        if log.problem and log.target not in known:
            yield say("diagnosis.not_part", target=log.target, part=say("logs.files"), why=r.text_of(log.problem))
        for part, why in log.missing.items():
            yield say("diagnosis.not_part", target=log.target, part=say.known("logs", part), why=r.text_of(why))
    for log in record.logs:
        for file in log.files:
            if file.cut and file.timed:
                yield say("diagnosis.not_cut", target=log.target, path=file.path, n=file.cut)
            elif not file.timed:
                yield say("diagnosis.not_timed", target=log.target, path=file.path)


# --- 3 to 5


def _timeline(r: Report) -> None:
    record, say = r.diagnosis, r.say
    r.chapter("diagnosis.timeline")
    if not record.sightings:
        r.text("diagnosis.timeline_none")
        return
    r.text("diagnosis.timeline_text", zone=say.zone_name)
    drawn = [one for one in record.sightings if one.minutes][:DRAWN]
    if drawn:
        begin, end = record.scope.span_from, min(record.scope.span_until, record.finished_at)
        rows = [charts.Track(f"{r.text_of(one.title)} ({one.target})", tuple(((at - begin).total_seconds() / 60 + 0.5, n) for at, n in one.minutes),
                             {"info": "unknown"}.get(one.severity, one.severity)) for one in drawn]
        told = [say("diagnosis.chart_item", title=r.text_of(one.title), target=one.target, first=r.clock(one.first_at), n=one.count) for one in drawn]
        marks = [(share * (end - begin).total_seconds() / 60, say.moment(begin + share * (end - begin))[11:]) for share in (0, 0.25, 0.5, 0.75, 1)]
        at = (record.scope.happened_at - begin).total_seconds() / 60
        r.draft.picture(charts.tracks(rows, (end - begin).total_seconds() / 60, at, say("diagnosis.chart_problem"), marks),
                        say("diagnosis.chart_alt", items=say("word.semicolon").join(told)), say("diagnosis.chart"))
    table = [(r.severity(one.severity), r.text_of(one.title), r.seen_at(one), f"{one.count:,}", r.clock(one.first_at), r.clock(one.last_at),
              Cell(say(f"began.{one.began}"), strong=one.began == "before")) for one in record.sightings[:SIGHTINGS]]
    r.draft.table(say.head("diagnosis_timeline"), table, (*r.by_language(0.75, 0.95), 2.1, 2.7, 0.75, 1.05, 1.05, 1.25), "", dense=True)
    if len(record.sightings) > SIGHTINGS:
        r.text("diagnosis.timeline_more", n=len(record.sightings) - SIGHTINGS)
    r.section("diagnosis.examples")
    r.text("diagnosis.examples_text")
    for one in record.sightings[:EXAMPLES]:
        r.draft.code(say("diagnosis.example", title=r.text_of(one.title), target=one.target, source=one.source), r.text_of(one.example))


def _changes(r: Report) -> None:
    record, say = r.diagnosis, r.say
    r.chapter("diagnosis.changes")
    r.text("diagnosis.changes_text")
    rows = []
    files: dict[tuple[str, datetime], list[str]] = {}
    for one in record.recent:
        if one.kind == "file":  # files of one minute are one change
            files.setdefault((one.target, one.at.replace(second=0, microsecond=0)), []).append(r.text_of(one.what))
        else:
            rows.append((one.at, one.target, say(f"recent.{one.kind}"), r.changed(one)))
    for (target, at), names in files.items():
        what = names[0] if len(names) == 1 else say("diagnosis.changes_files", n=len(names), names=say.join(names[:FILES_NAMED]))
        rows.append((at, target, say("recent.file"), what))
    rows.sort(key=lambda row: row[0], reverse=True)
    table = [(say.moment(at), target, kind, what) for at, target, kind, what in rows[:CHANGES]]
    r.draft.table(say.head("diagnosis_changes"), table, (1.5, 1.1, *r.by_language(1, 1.2), 5), say("diagnosis.changes_none"), dense=True)
    if len(rows) > CHANGES:
        r.text("diagnosis.changes_more", n=len(rows) - CHANGES)


def _findings(r: Report) -> None:
    say = r.say
    r.chapter("diagnosis.findings")
    groups = r.found.groups(*BAD)
    if groups:
        r.text("diagnosis.findings_text")
    rows = [(Cell("\n".join(filter(None, [say(f"outcome.{group.outcome.value}"), r.changes(group)])), tone=TONES[group.outcome]), r.title(group.check),
             r.where(group.rows), r.sayings(group.rows), r.advice(group.check)) for group in groups[:FINDINGS]]
    r.draft.table(say.head("diagnosis_findings"), rows, (*r.by_language(0.8, 1.05), 1.7, 1.5, 3, 2.4), say("inspection.findings_none"))
    r.draft.paragraph(r.mendable(groups))
    if len(groups) > FINDINGS:
        r.text("diagnosis.findings_more", n=len(groups) - FINDINGS)


# --- 6


def _causes(r: Report) -> None:
    record, say = r.diagnosis, r.say
    r.chapter("diagnosis.causes")
    if not record.causes:
        r.text("diagnosis.causes_none")
    for cause in record.causes:
        _cause(r, cause)
    if record.precedents:
        r.section("diagnosis.precedents")
        r.text("diagnosis.precedents_text")
        rows = [(one.number, say.moment(one.at)[:10], one.solution.text, "\n".join(one.solution.changes) or "-") for one in record.precedents]
        r.draft.table(say.head("diagnosis_precedents"), rows, (1.8, 1.2, 4, 1.8), "")


def _cause(r: Report, cause: Cause) -> None:
    say = r.say
    r.draft.section(r.text_of(cause.title))
    facts = [("means", r.text_of(cause.means)), ("where", r.names(cause.targets, 12)), ("grounds", say(f"grounds.{cause.grounds}")),
             ("because", r.because(cause)), ("source", cause.source)]
    r.draft.facts([(say(f"diagnosis.cause_facts.{name}"), text) for name, text in facts if text])
    if cause.evidence:
        r.draft.code(say("diagnosis.evidence"), "\n".join(r.text_of(line) for line in cause.evidence))
    r.draft.table(say.head("diagnosis_proposals"), [(r.text_of(one.text), _way(r, one)) for one in cause.proposals], (5, 2), "")


def _way(r: Report, proposal: Proposal) -> str:
    way = r.say(f"way.{proposal.way}")
    return f"{way}\n{r.say.known('word.procedure', proposal.procedure)}" if proposal.procedure else way


# --- 7 to 9, for both sides


def _agreement(r: Report) -> None:
    record, say = r.diagnosis, r.say
    r.chapter("diagnosis.agreement")
    proposals = list(dict.fromkeys((r.text_of(one.text), _way(r, one)) for cause in record.causes for one in cause.proposals))
    if proposals:
        r.text("diagnosis.agreement_text")
        rows = [(str(number), text, way, "□", "□", "") for number, (text, way) in enumerate(proposals, 1)]
        r.draft.table(say.head("diagnosis_agreement"), rows, (0.6, 4.4, 1.7, 0.7, *r.by_language(0.8, 0.6), 1.6), "")
    r.text(f"diagnosis.warranty.{ {True: 'yes', False: 'no', None: 'unknown'}[record.in_warranty]}")
    roles = [("customer", r.owner), *([("manager", r.owner)] if record.in_warranty is not False else []), ("engineer", r.provider)]
    r.draft.table(say.head("inspection_sign"), [(say(f"diagnosis.sign.{role}"), who, "", "") for role, who in roles], (2, 2.2, 2.4, 1.4), "", tall=True)


def _on_site(r: Report) -> None:
    record, say = r.diagnosis, r.say
    r.chapter("diagnosis.on_site")
    r.text("diagnosis.on_site_text")
    unread = [read.target for read in record.readings.reads if read.problem] if record.leaves else [*record.scope.hosts, *record.scope.databases]
    r.draft.facts([
        (say("diagnosis.on_site.number"), record.number),
        (say("diagnosis.on_site.targets"), r.targets_named(12)),
        (say("diagnosis.on_site.suspected"), say.join([r.text_of(cause.title) for cause in record.causes[:6]]) or say("word.none")),
        (say("diagnosis.on_site.unread"), say.join(unread) or say("word.none")),
        (say("diagnosis.on_site.contact"), "\n\n"),
        (say("diagnosis.on_site.time"), "\n\n"),
        (say("diagnosis.on_site.parts"), "\n\n"),
        (say("diagnosis.on_site.decision"), say("diagnosis.on_site.decision_value")),
    ])


def _outcome(r: Report) -> None:
    record, say = r.diagnosis, r.say
    if not record.solutions:
        return
    r.chapter("diagnosis.outcome")
    rows = [(say.moment(one.at), Cell(say(f"outcome_of.{one.outcome}"), tone="good" if one.outcome == "solved" else "warn"), one.text, one.by,
             one.agreed_by or "-", "\n".join(one.changes) or "-") for one in record.solutions]
    r.draft.table(say.head("diagnosis_outcome"), rows, (1.3, 1.1, 3.2, 1.1, 1.2, 1.5), "")


# --- appendices


def _appendix_logs(r: Report) -> None:
    record, say = r.diagnosis, r.say
    r.draft.appendix(say("diagnosis.appendix.logs"))
    missing = list(_not_looked_at(r))
    rows = [(log.target, mono(file.path), f"{file.lines:,}", f"{file.cut:,}" if file.cut else "-") for log in _whole(record.logs) for file in log.files]
    r.draft.table(say.head("diagnosis_logs"), rows[:LOGS], (1.4, 5, 0.9, 0.9), say("diagnosis.appendix.logs_none"), dense=True)
    r.draft.items(missing[PARTS:LOGS])


def _whole(logs: tuple[LogsRead, ...]) -> list[LogsRead]:
    return [log for log in logs if log.problem is None]


def _appendix_digests(r: Report) -> None:
    record, say = r.diagnosis, r.say
    r.draft.appendix(say("diagnosis.appendix.digests"))
    r.text("diagnosis.appendix.digests_text")
    rows = [(say("diagnosis.record"), mono(record.fingerprint())), (say("diagnosis.scope_digest"), mono(record.scope.fingerprint()))]
    r.draft.table(say.head("inspection_digests"), rows, (1.6, 5), "", dense=True)
