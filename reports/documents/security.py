"""The report of a security check (安全检查报告, R008, R058): the score, what fails and how it is put right, what is excepted, what changed since last time.

It stays readable for hundreds of targets: a control that fails is one row, however many fail it; every result is in the spreadsheet.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime

from reports.documents import charts
from reports.documents.cover import read_paper
from reports.documents.findings import BAD, CHANGES, Group
from reports.documents.inspection import NAMED_CHECKS, Report, _opinion, _unreached
from reports.documents.paper import Cell, Paper, Tone, mono
from reports.documents.phrases import Phrases
from reports.records import ControlAbout, ControlException, Outcome, Score, SecurityRecord, results

FAMILIES = ("ssh", "passwords", "accounts", "sudo", "kernel", "modules", "mounts", "services", "files", "auditing", "logging", "time", "firewall", "updates",
            "banners", "postgresql", "mysql")
SEVERITIES = ("high", "medium", "low")
TARGETS = 60  # more are in the spreadsheet only
UNKNOWNS, CHANGED = 40, 40
GOOD, FAIR = 90, 70  # a score from which on it is shown in green, in yellow
RESULT_TONES: dict[str, Tone] = {"passed": "good", "failed": "bad", "unknown": "warn", "excepted": "warn"}


def result_of(outcome: Outcome) -> str:
    """passed, failed, unknown, excepted or not applicable."""
    return "failed" if outcome in BAD else "passed" if outcome is Outcome.OK else outcome.value


class SecurityReport(Report):
    record: SecurityRecord

    def __init__(self, record: SecurityRecord, say: Phrases) -> None:
        super().__init__(record, say)
        self.controls: dict[str, ControlAbout] = {control.id: control for control in record.checks}
        self.results = results(self.found.rows)

    def control(self, group: Group) -> ControlAbout:
        return self.controls[group.check.id]

    def failed(self) -> list[Group]:
        """Controls that fail somewhere, the gravest first, then those on most targets."""
        merged: dict[str, list] = {}
        for group in self.found.groups(*BAD):
            if group.check.id in self.controls:
                merged.setdefault(group.check.id, []).extend(group.rows)
        groups = [Group(self.controls[name], rows[0].outcome, tuple(rows)) for name, rows in merged.items()]
        return sorted(groups, key=lambda group: (SEVERITIES.index(self.control(group).severity), -len(group.targets), group.check.id))

    def result(self, outcome: Outcome) -> Cell:  # type: ignore[override]
        name = result_of(outcome)
        return Cell(self.say(f"security.result.{name}"), tone=RESULT_TONES.get(name, ""))

    def severity(self, control: ControlAbout) -> Cell:
        tones: dict[str, Tone] = {"high": "bad", "medium": "warn"}
        return Cell(self.say(f"security.severity.{control.severity}"), tone=tones.get(control.severity, ""))

    def points(self, score: float | None) -> str:
        return "-" if score is None else f"{score:.1f}"

    def scored(self, score: float | None) -> Cell:
        return Cell(self.points(score), strong=True, tone="" if score is None else "good" if score >= GOOD else "warn" if score >= FAIR else "bad")

    def change_of(self, now: Score, last: Score | None) -> str:
        return "-" if last is None or now.score is None or last.score is None else f"{now.score - last.score:+.1f}"

    def references(self, control: ControlAbout, rule: bool = True) -> str:
        """rule: also ComplianceAsCode's, whose name is long."""
        level = self.record.profile.level
        clause = next((clause for clause in control.clauses if clause.startswith("7." if level == 2 else "8.")), control.clauses[-1] if control.clauses else "")
        named = (f"GB/T 22239-2019 {clause}" if clause else "", f"CIS Debian 12 {control.cis}" if control.cis else "", control.rule if rule else "")
        return "\n".join(filter(None, named))

    def bounds(self, control: ControlAbout) -> str:
        lines = []
        for bound in control.bounds.values():
            text = f"{'≤' if bound.most else '≥'} {bound.figure:.10g} {self.say.known('unit', bound.unit)}".rstrip()
            if bound.own:
                text = self.say("security.own_limit", limit=text, usual=f"{bound.usual:.10g}" if bound.usual is not None else "-")
            lines.append(text)
        return "\n".join(lines)

    def putting_right(self, control: ControlAbout) -> str:
        parts = [control.remedy.say(self.say.language)]
        if control.breaks:
            parts.append(self.say("security.breaks", text=control.breaks.say(self.say.language), risk=self.say(f"security.severity.{control.risk}")))
        if control.cuts_off:
            parts.append(self.say("security.cuts_off"))
        return "\n".join(parts)

    def headline(self) -> str:
        record, score = self.record, self.record.score
        last = record.last_score.score if record.last_score else None
        return self.say("security.headline", level=record.profile.level, score=self.points(score.score), judged=score.score is not None,
                        last="" if last is None else self.points(last), change=self.change_of(score, record.last_score), failed=score.failed,
                        high=sum(outcome is Outcome.CRITICAL for outcome in self.results.values()), passed=score.passed, excepted=score.excepted,
                        unknown=score.unknown, unreached=len(self.found.unreached))  # fmt: skip

    def tone(self) -> Tone:
        return {"critical": "bad", "warning": "warn", "unknown": "warn"}.get(self.record.grade.value, "good")  # type: ignore[return-value]


def security(record: SecurityRecord, say: Phrases, made_at: datetime) -> Paper:
    r = SecurityReport(record, say)
    _summary(r)
    _failed(r)
    _exceptions(r)
    _comparison(r)
    _open(r)
    _clauses(r)
    _left_off(r)
    _opinion(r)
    r.draft.chapter(say("inspection.signatures"))
    r.text("inspection.signatures_text")
    roles = (("inspector", r.provider), ("reviewer", r.provider), ("customer", r.owner))
    r.draft.table(say.head("inspection_sign"), [(say(f"security.sign.{role}"), unit, "", "") for role, unit in roles], (1.3, 2.6, 2.6, 1.6), "", tall=True)
    _appendix_controls(r)
    _appendix_digests(r)
    return _paper(r, made_at)


def _paper(r: SecurityReport, made_at: datetime) -> Paper:
    record, say = r.record, r.say
    period = say("inspection.period_value", start=say.moment(record.opened_at), end=say.moment(record.finished_at),
                 length=say.duration((record.finished_at - record.opened_at).total_seconds()))
    cover: list[tuple[str, str | Cell]] = [
        (say("cover.customer"), r.owner),
        (say("security.number"), record.number),
        (say("security.period"), period),
        (say("security.engineer"), record.operator or r.provider),
        (say("security.baseline"), say("security.baseline_value", level=record.profile.level, exceptions=len(record.profile.exceptions))),
        (say("security.targets"), Cell(r.targets_value(), tone="bad" if r.found.unreached else "")),
        (say("security.score"), r.scored(record.score.score)),
        (say("security.results"), _told(r, record.score)),
    ]
    return read_paper(
        say, r.draft.blocks, made_at, title=say("security.cover"), subtitle=say("security.subtitle", day=say.day(record.finished_at)),
        number=f"{record.number}-SR", owner=r.owner, provider=r.provider, author=record.operator or r.provider,
        remark=say("security.remark"), cover=cover, facts=_control(r, made_at))


def _control(r: SecurityReport, made_at: datetime) -> list[tuple[str, str | Cell]]:
    """Document control: what the paper was made from."""
    record, say = r.record, r.say
    return [
        (say("security.number"), record.number),
        (say("inspection.contract"), record.contract or say("word.not_given")),
        (say("inspection.requester"), say.known("requester", record.requester)),
        (say("security.reason"), say.known("reason", record.reason)),
        (say("cover.made"), say.moment(made_at, seconds=True)),
        (say("control.zone"), say("control.zone_value", zone=say.zone_name, offset=say.offset(made_at))),
        (say("inspection.class"), say("inspection.class_value", customer=r.owner, provider=r.provider)),
        (say("security.digest"), mono(record.fingerprint())),
    ]


def _told(r: SecurityReport, score: Score) -> str:
    return r.say("security.results_value", passed=score.passed, failed=score.failed, unknown=score.unknown, excepted=score.excepted, na=score.not_applicable)


# --- 1 summary


def _summary(r: SecurityReport) -> None:
    record, say = r.record, r.say
    r.draft.chapter(say("security.summary"))
    if r.found.unreached:
        _unreached(r)
    r.section("security.conclusion")
    r.draft.notice(r.headline(), r.tone())
    if record.late_days:
        r.draft.notice(say("security.late", n=record.late_days), "warn")
    r.section("security.scores")
    last = {score.target: score for score in record.last_scores}
    kinds = {read.target: r.kind(read) for read in record.reads}
    worst = sorted(record.scores, key=lambda score: (score.score is None, score.score or 0, score.target))
    rows = [_score_row(r, say("security.all"), "", record.score, record.last_score)]
    rows += [_score_row(r, score.target, kinds.get(score.target, ""), score, last.get(score.target)) for score in worst[:TARGETS]]
    widths = (1.7, *r.by_language(1.1, 1.1), 0.8, 0.8, 0.8, 1, *r.by_language(0.75, 0.85) * 5)
    r.draft.table(say.head("security_scores"), rows, widths, "", dense=True)
    if len(worst) > TARGETS:
        r.text("inspection.targets_more", n=len(worst) - TARGETS)
    _chart(r)
    r.section("security.how")
    r.text("security.how_text")
    if record.last_level and record.last_level != record.profile.level:
        r.draft.notice(say("security.level_changed", last=record.last_level, now=record.profile.level), "warn")
    own = [f"{control.id} {r.title(control)}: {r.bounds(control)}" for control in record.checks if any(bound.own for bound in control.bounds.values())]
    if own:
        r.text("security.own_text")
        r.draft.items(own)


def _score_row(r: SecurityReport, name: str, kind: str, score: Score, last: Score | None) -> tuple:
    return (name, kind, r.scored(score.score), r.points(last.score if last else None), r.change_of(score, last), r.points(score.strict),
            str(score.passed), str(score.failed), str(score.unknown), str(score.excepted), str(score.not_applicable))  # fmt: skip


def _chart(r: SecurityReport) -> None:
    say = r.say
    counts: dict[str, Counter[str]] = {}
    for (_, control), outcome in r.results.items():
        if control in r.controls:
            counts.setdefault(r.controls[control].chapter, Counter())[result_of(outcome)] += 1
    colours = {"passed": "ok", "failed": "critical", "unknown": "unknown", "excepted": "excepted"}
    bars, told = [], []
    for family in FAMILIES:
        found = counts.get(family, Counter())
        judged = sum(found[name] for name in colours)
        if judged:
            bars.append(charts.Bar(say(f"family.{family}"), tuple((found[name], colour) for name, colour in colours.items()), f"{found['passed']} / {judged}"))
            told.append(say("inspection.colon", name=say(f"family.{family}"), text=f"{found['passed']} / {judged}"))
    if bars:
        legend = [(colour, say(f"security.result.{name}")) for name, colour in colours.items()]
        r.draft.picture(charts.bars(bars, legend), say("inspection.chart.alt", items=say("word.semicolon").join(told)), say("security.chart"))


# --- 2 what fails


def _failed(r: SecurityReport) -> None:
    say = r.say
    r.draft.chapter(say("security.failed"))
    groups = r.failed()
    if not groups:
        r.text("security.failed_none")
        return
    r.text("security.failed_text")
    for severity in SEVERITIES:
        those = [group for group in groups if r.control(group).severity == severity]
        if not those:
            continue
        r.draft.section(say("security.failed_section", severity=say(f"security.severity.{severity}"), n=len(those)))
        rows = []
        for group in those:
            control = r.control(group)
            changes = r.changes(group)
            rows.append((
                "\n".join(filter(None, [control.id, changes])), Cell(r.title(control), strong=True), r.where(group.rows), r.sayings(group.rows),
                r.references(control, rule=False), r.putting_right(control)))  # fmt: skip
        r.draft.table(say.head("security_failed"), rows, (1.2, 1.4, 1.2, 2.2, 1.7, 2.6), "", dense=True)


# --- 3 what is excepted


def _exceptions(r: SecurityReport) -> None:
    r.draft.chapter(r.say("security.exceptions"))
    exceptions_table(r)


def exceptions_table(r: SecurityReport) -> None:
    record, say = r.record, r.say
    if not record.profile.exceptions:
        r.text("security.exceptions_none")
        return
    r.text("security.exceptions_text")
    rows = [
        (one.control, r.title(r.controls[one.control]) if one.control in r.controls else "-", " ".join(filter(None, [r.names(one.targets) if one.targets
         else say("security.all"), one.object])), one.reason, one.approver, one.expires.isoformat(), _state(r, one))
        for one in sorted(record.profile.exceptions, key=lambda one: (one.expires, one.control))
    ]  # fmt: skip
    r.draft.table(say.head("security_exceptions"), rows, (1, 1.8, 1.5, 2.2, 1, *r.by_language(1, 1.1), *r.by_language(1, 1.1)), "", dense=True)


def _state(r: SecurityReport, one: ControlException) -> Cell:
    """Whether it counts, ran out, soon runs out, or is not needed any more."""
    if one.expires < r.record.checked_on:
        return Cell(r.say("security.exception.over"), tone="bad")
    used = any(row.check == one.control and row.outcome is Outcome.EXCEPTED and (not one.targets or row.target in one.targets)
               and (not one.object or row.object == one.object) for row in r.found.rows)
    if not used:
        return Cell(r.say("security.exception.unused"))
    days = (one.expires - r.record.checked_on).days
    return Cell(r.say("security.exception.counts", days=days if days <= 92 else 0), tone="warn")


# --- 4 since last time


def _comparison(r: SecurityReport) -> None:
    record, say = r.record, r.say
    r.draft.chapter(say("security.comparison"))
    if not record.last_number:
        r.text("security.first")
        return
    last = {"number": record.last_number, "at": say.moment(record.last_at)}
    r.text("security.compared", **last, before=r.points(record.last_score.score if record.last_score else None), now=r.points(record.score.score),
           change=r.change_of(record.score, record.last_score))
    counts = Counter(development.change for development in record.developments)
    tones: dict[str, Tone] = {"new": "bad", "worse": "bad", "fixed": "good"}
    fields = [Cell(str(counts[change]), tone=tones.get(change, "") if counts[change] else "") for change in CHANGES]  # type: ignore[call-overload]
    r.draft.table([say(f"change.{change}") for change in CHANGES], [fields], (1,) * len(CHANGES), "")
    groups = [one for one in r.found.developments() if one[0] != "same"]
    rows = [(Cell(say(f"change.{change}"), tone=tones.get(change, "")), check.id, r.title(check), r.names([d.target for d in those], 6), str(len(those)))
            for change, check, those in groups[:CHANGED]]
    r.draft.table(say.head("security_changes"), rows, (1, 1, 2.6, 3, 0.7), "", dense=True)
    if len(groups) > CHANGED:
        r.text("inspection.compared_more", n=len(groups) - CHANGED)


# --- 5 what could not be judged


def _open(r: SecurityReport) -> None:
    say = r.say
    r.draft.chapter(say("security.open"))
    r.section("security.unknowns")
    groups = r.found.groups(Outcome.UNKNOWN)
    rows = [(group.check.id, r.title(group.check), r.where(group.rows), r.sayings(group.rows, 2)) for group in groups[:UNKNOWNS]]
    r.draft.table(say.head("security_unknowns"), rows, (1, 2, 2, 4), say("security.unknowns_none"))
    if len(groups) > UNKNOWNS:
        r.text("inspection.findings_more", n=len(groups) - UNKNOWNS)
    r.section("security.not_applicable")
    reasons: dict[str, list[str]] = {}
    for group in r.found.groups(Outcome.NOT_APPLICABLE):
        for row in group.rows:
            names = reasons.setdefault(row.says.say(say.language), [])
            if group.check.id not in names:
                names.append(group.check.id)
    rows = [(reason, say.joined(sorted(names), NAMED_CHECKS)) for reason, names in sorted(reasons.items(), key=lambda item: -len(item[1]))[:UNKNOWNS]]
    r.draft.table(say.head("security_not_applicable"), rows, (4, 5), say("security.not_applicable_none"), dense=True)


# --- 6 by the clauses of the standard


def _clauses(r: SecurityReport) -> None:
    record, say = r.record, r.say
    r.draft.chapter(say("security.clauses", level=record.profile.level))
    r.text("security.clauses_text")
    counts: dict[str, Counter[str]] = {}
    controls: dict[str, set[str]] = {}
    for (_, name), outcome in r.results.items():
        if name in r.controls:
            clause = r.references(r.controls[name]).partition("\n")[0]
            counts.setdefault(clause, Counter())[result_of(outcome)] += 1
            controls.setdefault(clause, set()).add(name)
    rows = []
    for clause in sorted(counts, key=_in_order):
        found = counts[clause]
        names = ("passed", "failed", "unknown", "excepted", "not applicable")
        rows.append((clause, say.known("clause", clause.partition(" ")[2].partition(" ")[2].partition(" ")[0].partition(".")[2]),
                     str(len(controls[clause])), *(Cell(str(found[name]), tone=RESULT_TONES.get(name, "") if found[name] and name != "passed" else "")
                                                   for name in names)))  # fmt: skip
    r.draft.table(say.head("security_clauses"), rows, (2, 2.2, *r.by_language(0.8, 0.9), *r.by_language(0.8, 0.9) * 5), "", dense=True)
    r.section("security.by_people")
    r.text("security.by_people_text")
    r.draft.items(say(f"security.by_people_{record.profile.level}").split("|"))


def _in_order(clause: str) -> tuple:
    """8.1.4.2 before 8.1.4.10."""
    return tuple((0, int(part), "") if part.isdigit() else (1, 0, part) for part in clause.replace(" ", ".").split("."))


# --- 7 what is left off on purpose


def _left_off(r: SecurityReport) -> None:
    r.draft.chapter(r.say("security.left_off"))
    left_off_table(r)


def left_off_table(r: SecurityReport) -> None:
    say = r.say
    r.text("security.left_off_text")
    rows = [(one.title.say(say.language), one.why.say(say.language), mono(one.rule)) for one in r.record.left_off]
    r.draft.table(say.head("security_left_off"), rows, (2.6, 4, 2.4), say("security.left_off_none"))


# --- appendices


def _appendix_controls(r: SecurityReport) -> None:
    say = r.say
    r.draft.appendix(say("security.appendix.controls"))
    r.text("security.appendix.controls_text")
    counted: dict[str, Counter[str]] = {}
    for (_, name), outcome in r.results.items():
        counted.setdefault(name, Counter())[result_of(outcome)] += 1
    for family in FAMILIES:
        those = sorted((control for control in r.controls.values() if control.chapter == family), key=lambda control: control.id)
        if those:
            r.draft.section(say(f"family.{family}"))
            rows = [(control.id, r.title(control), r.severity(control), r.bounds(control) or "-", r.references(control), _counted(r, counted.get(control.id)))
                    for control in those]
            widths = (1.2, 2.2, *r.by_language(0.7, 0.9), 1.5, 2.6, *r.by_language(1.2, 1.5))
            r.draft.table(say.head("security_controls"), rows, widths, "", dense=True)


def _counted(r: SecurityReport, found: Counter[str] | None) -> str:
    names: Iterable[str] = ("passed", "failed", "unknown", "excepted", "not applicable")
    return "\n".join(f"{r.say(f'security.result.{name}')} {found[name]}" for name in names if found and found[name]) or "-"


def _appendix_digests(r: SecurityReport) -> None:
    say, reads = r.say, r.record.reads
    r.draft.appendix(say("inspection.appendix.digests"))
    r.text("security.digests_text")
    rows: Sequence[tuple] = [(say("security.record"), mono(r.record.fingerprint())), *((read.target, mono(read.fingerprint())) for read in reads[:TARGETS])]
    r.draft.table(say.head("inspection_digests"), rows, (1.6, 5), "", dense=True)
