"""The inspection report (巡检报告, R123-R142): what was looked at, what was found, what should be done, what will become full.

It stays readable for hundreds of targets: findings of one kind are one row, targets without findings a line of a table, and the full
rows are in the spreadsheet once they would fill more than a few pages.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from reports.documents import charts
from reports.documents.cover import read_paper
from reports.documents.findings import BAD, CHANGES, DATABASE, GRADES, ORDER, Group, by_reason
from reports.documents.inspection_words import TONES, Words
from reports.documents.paper import Cell, Draft, Heading, Paper, mono, visible
from reports.documents.phrases import Phrases
from reports.records import CheckRow, FullForecast, InspectionRecord, Outcome, TargetRead

ROWS_ON_PAPER = 260    # more results than these are in the spreadsheet only
EACH_TARGET = 40        # more targets than these are counted by system, and those without findings are named only
NAMED_TARGETS, ACROSS = 600, 4
SYSTEMS, NAMED_CHECKS = 30, 20
PAGES = 24             # targets told one by one
OTHERS = 200
PAGE_ROWS = 15
FINDINGS = 40
UNREACHED = 12         # more are grouped by reason
REASONS, UNKNOWNS, CHANGED, FORECASTS, TUNINGS, STATEMENTS, FULLEST = 30, 30, 30, 12, 30, 12, 12
DIGESTS = 40
LETTERS = {"rows": "A", "checks": "B", "digests": "C"}
SERVER = ("hardware", "log", "cluster", "storage", "configuration", "backup", "resources")
CHAPTERS = {
    "system-inspection": (("server", SERVER), ("middleware", ("middleware",)), ("network", ("network",))),
    "database-inspection": (("database", DATABASE[:-1]),),  # tuning is a chapter of its own
}
_STATEMENT = re.compile(
    r"(?i)\s*(ALTER|ANALYZE|CALL|CLUSTER|CREATE|DELETE|DROP|EXPLAIN|GRANT|INSERT|KILL|OPTIMIZE|PURGE|REINDEX|RENAME|REVOKE|SELECT|SET|UPDATE|VACUUM)\s"
)


class Report(Words):
    """Writes the chapters into a draft."""

    def __init__(self, record: InspectionRecord, say: Phrases) -> None:
        super().__init__(record, say)
        self.draft = Draft(say.language)
        self.sections: dict[str, str] = {}  # "3.1" by name, for references
        self.owner = record.customer_name.say(say.language)
        self.provider = record.provider_name.say(say.language)

    def by_language(self, zh: float, en: float) -> tuple[float]:
        """The width of a column whose words are longer in one language."""
        return (zh if self.say.language == "zh" else en,)

    def text(self, key: str, **values: object) -> None:
        self.draft.paragraph(self.say(key, **values))

    def section(self, key: str) -> None:
        self.draft.section(self.say(key))
        heading = self.draft.blocks[-1]
        assert isinstance(heading, Heading)
        self.sections[key] = heading.number


def inspection(record: InspectionRecord, say: Phrases, made_at: datetime) -> Paper:
    r = Report(record, say)
    _summary(r)
    _introduction(r)
    _systems(r)
    _chapters(r)
    _pages(r)
    _tuning(r)
    _stage(r)
    _opinion(r)
    r.draft.chapter(say("inspection.signatures"))
    r.text("inspection.signatures_text")
    roles = (("inspector", r.provider), ("reviewer", r.provider), ("customer", r.owner))
    rows = [(say(f"inspection.sign.{role}"), organisation, "", "") for role, organisation in roles]
    r.draft.table(say.head("inspection_sign"), rows, (1.3, 2.6, 2.6, 1.6), "", tall=True)
    _appendix_rows(r)
    _appendix_checks(r)
    _appendix_digests(r)
    return _paper(r, made_at)


def _paper(r: Report, made_at: datetime) -> Paper:
    record, say = r.record, r.say
    period = say(
        "inspection.period_value",
        start=say.moment(record.opened_at),
        end=say.moment(record.finished_at),
        length=say.duration((record.finished_at - record.opened_at).total_seconds()),
    )
    cover = [
        (say("cover.customer"), r.owner),
        (say("inspection.number"), record.number),
        (say("inspection.period"), period),
        (say("inspection.engineer"), record.operator or r.provider),
        (say("inspection.targets"), Cell(r.targets_value(), tone="bad" if r.found.unreached else "")),
        (say("inspection.grade"), r.grade(record.grade)),
        (say("inspection.result"), r.result()),
    ]
    return read_paper(
        say, r.draft.blocks, made_at, title=say(f"inspection.cover.{record.procedure}"), subtitle=say("inspection.subtitle", day=say.day(record.finished_at)),
        number=f"{record.number}-IR", owner=r.owner, provider=r.provider, author=record.operator or r.provider,
        remark=say("inspection.remark"), cover=cover, facts=_control(r, made_at))


def _control(r: Report, made_at: datetime) -> list[tuple[str, str | Cell]]:
    """Document control: what the paper was made from."""
    record, say = r.record, r.say
    return [
        (say("inspection.number"), say("inspection.colon", name=record.number, text=say(f"inspection.kind.{record.procedure}"))),
        (say("inspection.contract"), record.contract or say("word.not_given")),
        (say("inspection.requester"), say.known("requester", record.requester)),
        (say("inspection.reason"), say.known("reason", record.reason)),
        (say("cover.made"), say.moment(made_at, seconds=True)),
        (say("control.zone"), say("control.zone_value", zone=say.zone_name, offset=say.offset(made_at))),
        (say("inspection.class"), say("inspection.class_value", customer=r.owner, provider=r.provider)),
        (say("inspection.digest"), mono(record.fingerprint())),
    ]


# --- 1 summary


def _summary(r: Report) -> None:
    r.draft.chapter(r.say("inspection.summary"))
    if r.found.unreached:
        _unreached(r)
    r.section("inspection.conclusion")
    r.draft.notice(r.conclusion(), TONES.get(r.record.grade, "warn"))
    _counts(r)
    _grades(r)
    _findings(r)
    _unknowns(r)
    _comparison(r)
    _forecasts(r)


def _unreached(r: Report) -> None:
    say, reads = r.say, r.found.unreached
    r.section("inspection.not_reached")
    r.draft.notice(say("inspection.not_reached_notice", n=len(reads)), "bad")
    if len(reads) <= UNREACHED:
        rows = [(read.target, r.kind(read), say.moment(read.read_at), read.problem.say(say.language) if read.problem else "") for read in reads]
        r.draft.table(say.head("inspection_unreached"), rows, (1.5, 1.1, 1.6, 3.8), "")
        return
    reasons = by_reason(reads, say.language)
    grouped = [(reason, str(len(those)), r.names([read.target for read in those], 40)) for reason, those in reasons[:REASONS]]
    r.draft.table(say.head("inspection_unreached_grouped"), grouped, (3, 0.6, 4), "")
    if len(reasons) > REASONS:
        r.text("inspection.targets_more", n=sum(len(those) for _, those in reasons[REASONS:]))


def _counts(r: Report) -> None:
    say, found = r.say, r.found
    r.section("inspection.counts")
    targets = Counter(found.grade(read) for read in r.record.reads)
    rows = []
    for name, counts in (("rows", found.outcomes), ("targets", targets)):
        fields = [Cell(str(counts[outcome]), tone=TONES.get(outcome, "") if counts[outcome] else "") for outcome in GRADES]
        rows.append((Cell(say(f"inspection.count.{name}"), strong=True), *fields, str(sum(counts.values()))))
    r.draft.table(say.head("inspection_counts"), rows, (2.2, 1, 1, 1, 1.1, 1.1, 1), "")
    if found.unreached:
        r.text("inspection.count.last", n=len(found.unreached))
    words = [say(f"outcome.{outcome.value}") for outcome in GRADES]

    def listed(counts: Counter) -> list[charts.Bar]:
        return [charts.Bar(word, ((counts[o], o.value),), f"{counts[o]:,}") for word, o in zip(words, GRADES, strict=True)]

    r.draft.picture(
        charts.side_by_side((say("inspection.chart.targets"), listed(targets)), (say("inspection.chart.rows"), listed(found.outcomes))),
        say("inspection.chart.distribution_alt", targets=r.counted(targets), rows=r.counted(found.outcomes)),
        say("inspection.chart.distribution"),
    )
    _chapter_chart(r)


def _chapter_chart(r: Report) -> None:
    say, kinds = r.say, (Outcome.CRITICAL, Outcome.WARNING, Outcome.UNKNOWN)
    bars, told = [], []
    for part in ORDER:
        counts: Counter[Outcome] = Counter()
        for group in r.found.by_chapter.get(part, ()):
            counts[group.outcome] += len(group.rows)
        if any(counts[kind] for kind in kinds):
            label = r.counted({kind: counts[kind] for kind in kinds})
            bars.append(charts.Bar(say(f"part.{part}"), tuple((counts[kind], kind.value) for kind in kinds), str(sum(counts[k] for k in kinds))))
            told.append(say("inspection.colon", name=say(f"part.{part}"), text=label))
    if len(bars) > 1:
        legend = [(kind.value, say(f"outcome.{kind.value}")) for kind in kinds]
        alt = say("inspection.chart.alt", items=say("word.semicolon").join(told))
        r.draft.picture(charts.bars(bars, legend), alt, say("inspection.chart.chapters"))


def _grades(r: Report) -> None:
    say = r.say
    r.section("inspection.grades")
    rows = [
        (r.grade(Outcome.CRITICAL), say("inspection.grades.critical"), r.deadline(Outcome.CRITICAL)),
        (r.grade(Outcome.WARNING), say("inspection.grades.warning"), r.deadline(Outcome.WARNING)),
        (r.grade(Outcome.UNKNOWN), say("inspection.grades.unknown"), r.deadline(Outcome.UNKNOWN)),
        (r.grade(Outcome.OK), say("inspection.grades.ok"), "-"),
        (r.grade(Outcome.NOT_APPLICABLE), say("inspection.grades.na"), "-"),
    ]
    r.draft.table(say.head("inspection_grades"), rows, (*r.by_language(1, 1.3), 5, 1.6), "")


def _findings(r: Report) -> None:
    say = r.say
    r.section("inspection.findings")
    groups = r.found.groups(*BAD)
    if groups:
        r.text("inspection.findings_text")
    rows = []
    for number, group in enumerate(groups[:FINDINGS], 1):
        said = [say("inspection.colon", name=r.title(group.check), text=r.sayings(group.rows))]
        if evidence := r.evidence(group.rows[0]):
            said.append(say("inspection.evidence", text=evidence))
        grade = "\n".join(filter(None, [say(f"outcome.{group.outcome.value}"), r.changes(group)]))
        rows.append(
            (
                str(number),
                Cell(grade, tone=TONES[group.outcome]),
                r.where(group.rows),
                "\n".join(said),
                r.advice(group.check),
                r.deadline(group.outcome),
                "",
            )
        )
    widths = (0.62, *r.by_language(0.8, 1.05), 1.5, *r.by_language(3.2, 3), 2, *r.by_language(1.15, 1.2), *r.by_language(0.8, 0.95))
    r.draft.table(say.head("inspection_findings"), rows, widths, say("inspection.findings_none"))
    r.draft.paragraph(r.mendable(groups))
    if len(groups) > FINDINGS:
        r.text("inspection.findings_more", n=len(groups) - FINDINGS)


def _unknowns(r: Report) -> None:
    r.section("inspection.unknowns")
    groups = r.found.groups(Outcome.UNKNOWN)
    rows = [(r.title(group.check), r.where(group.rows), r.sayings(group.rows, 2)) for group in groups[:UNKNOWNS]]
    r.draft.table(r.say.head("inspection_unknowns"), rows, (1.8, 2.4, 4), r.say("inspection.unknowns_none"))
    if len(groups) > UNKNOWNS:
        r.text("inspection.findings_more", n=len(groups) - UNKNOWNS)


def _comparison(r: Report) -> None:
    record, say = r.record, r.say
    r.section("inspection.comparison")
    if not record.last_number:
        r.text("inspection.first")
        return
    if not record.developments:
        r.text("inspection.compared_none", number=record.last_number, at=say.moment(record.last_at))
        return
    r.text("inspection.compared", number=record.last_number, at=say.moment(record.last_at))
    counts = Counter(development.change for development in record.developments)
    tones = {"new": "bad", "worse": "bad", "fixed": "good"}
    fields = [Cell(str(counts[change]), tone=tones.get(change, "") if counts[change] else "") for change in CHANGES]  # type: ignore[arg-type]
    r.draft.table([say(f"change.{change}") for change in CHANGES], [fields], (1,) * len(CHANGES), "")
    groups = r.found.developments()
    rows = [
        (
            Cell(say(f"change.{change}"), tone=tones.get(change, "")),  # type: ignore[arg-type]
            r.title(check),
            "\n".join(map(r.place, those)) if len(those) <= 3 else r.names([d.target for d in those], 6),
            str(len(those)),
        )
        for change, check, those in groups[:CHANGED]
    ]
    r.draft.table(say.head("inspection_changes"), rows, (1.1, 2.2, 3.8, 0.9), "")
    if len(groups) > CHANGED:
        r.text("inspection.compared_more", n=len(groups) - CHANGED)


def _forecasts(r: Report) -> None:
    say, found = r.say, r.found.forecasts
    r.section("inspection.forecast")
    if not found:
        r.text("inspection.forecast_none", first=not r.record.forecasts)
        return
    r.text("inspection.forecast_text")
    drawn = [f for f in found if len(f.history) > 1 and f.capacity > 0][:4]
    if drawn:
        told = [say("inspection.colon", name=r.place(f), text=r.in_days(f.days, line=True)) for f in drawn]
        r.draft.picture(
            charts.courses([_course(r, f) for f in drawn], say("inspection.chart.full")),
            say("inspection.chart.forecast_alt", items=say("word.semicolon").join(told)),
            say("inspection.chart.forecast"),
        )
    rows = [
        (
            f.target,
            r.object(f),
            say("inspection.now", share=r.percent(f), capacity=r.amount(f.capacity, f.unit)),
            r.amount(f.per_day, f.unit, a_day=True),
            Cell(r.in_days(f.days), tone="bad" if (f.days or 0) < 7 else "warn" if (f.days or 0) < 30 else ""),
            r.in_days(f.earliest),
            r.in_days(f.latest),
        )
        for f in found[:FORECASTS]
    ]
    r.draft.table(say.head("inspection_forecast"), rows, (1.5, 1.5, 1.35, 1.2, 1.25, 1.25, 1.25), "")
    if len(found) > FORECASTS:
        r.text("inspection.forecast_more", n=len(found) - FORECASTS)


def _course(r: Report, f: FullForecast) -> charts.Course:
    """What is drawn of a forecast: the past, and as far into the future as the line needs to become full."""
    last = f.history[-1][0]
    past = tuple(((at - last).total_seconds() / 86400, 100 * value / f.capacity) for at, value in f.history)
    full = f.days or 0.0
    span = max(-past[0][0], 14.0)
    # a far end of the range would press all else to the left edge
    right = min(max(full * 1.15, min(f.latest or 0.0, full * 2), 14.0), max(6 * span, full * 1.05))
    marks = [(past[0][0], r.say.moment(f.history[0][0])[:10]), (0.0, r.say.moment(last)[:10])]
    if full > 0.22 * (right + span):  # otherwise its date would stand on that of today
        marks.append((full, r.day(full)))
    says = r.say("inspection.chart.says", days=r.in_days(f.days, line=True))
    return charts.Course(r.place(f), says, past, full, f.earliest, f.latest, right, tuple(marks))


# --- 2, 3


def _introduction(r: Report) -> None:
    record, say, found = r.record, r.say, r.found
    r.draft.chapter(say("inspection.introduction"))
    r.section("inspection.goal")
    r.text("inspection.goal_text")
    r.section("inspection.method")
    r.text("inspection.method_text", letter=LETTERS["checks"])
    if record.late_days:
        r.draft.notice(say("inspection.late", n=record.late_days), "warn")
    r.section("inspection.range")
    kinds = Counter(read.kind for read in record.reads)
    counted = say.join([say("inspection.kind_count", kind=say(f"target.{kind}"), n=n) for kind, n in kinds.items()])
    r.text("inspection.range_text", kinds=counted, checks=len(found.checks), rows=len(found.rows))
    r.section("inspection.uncovered")
    parts = [part for _, names in CHAPTERS[record.procedure] for part in names]
    missing = [say(f"part.{part}") for part in parts if part not in found.by_chapter]
    unknown = found.outcomes[Outcome.UNKNOWN]
    r.draft.items(
        [
            *([say("inspection.uncovered_targets", n=len(found.unreached), section=r.sections["inspection.not_reached"])] if found.unreached else []),
            *([say("inspection.uncovered_unknown", n=unknown, section=r.sections["inspection.unknowns"])] if unknown else []),
            *([say("inspection.uncovered_parts", names=say.join(missing))] if missing else []),
            say(f"inspection.uncovered_{record.procedure.partition('-')[0]}"),
            say("inspection.uncovered_moment"),
        ]
    )


def _systems(r: Report) -> None:
    say, reads = r.say, r.found.targets_worst_first
    r.draft.chapter(say("inspection.targets_chapter"))
    if len(reads) > EACH_TARGET:
        _many_systems(r)
        return
    r.text("inspection.targets_text")
    columns = (Outcome.CRITICAL, Outcome.WARNING, Outcome.UNKNOWN, Outcome.OK, Outcome.NOT_APPLICABLE)
    rows = []
    for read in reads:
        counts = r.found.counts(read)
        grade = r.grade(r.found.grade(read)) if read.problem is None else Cell(say("outcome.not reached"), tone="bad")
        rows.append((read.target, r.kind(read), r.brief(read, 4) or "-", grade, *(str(counts[o]) if read.problem is None else "-" for o in columns)))
    widths = (1.6, *r.by_language(1.1, 1), 2.8, *r.by_language(0.9, 1), *r.by_language(0.65, 0.85) * 2, *r.by_language(0.9, 1), 0.8, 0.75)
    r.draft.table(say.head("inspection_targets"), rows, widths, "", dense=True)


def _many_systems(r: Report) -> None:
    """How many there are of each system, and the names of those without findings; the others have a place of their own."""
    say = r.say
    nothing = {True: say("outcome.not reached"), False: "-"}
    kinds = Counter((r.kind(read), r.brief(read, 2) or nothing[bool(read.problem)]) for read in r.record.reads)
    systems = kinds.most_common(SYSTEMS)
    r.draft.table(say.head("inspection_systems"), [(kind, about, str(n)) for (kind, about), n in systems], (1.5, 5, 0.8), "")
    if len(kinds) > SYSTEMS:
        r.text("inspection.systems_more", n=len(kinds) - SYSTEMS)
    well = [read.target for read in r.record.reads if read.problem is None and not _has_findings(read)]
    if not well:
        return
    r.text("inspection.well", n=len(well))
    shown = well[:NAMED_TARGETS] + [""] * (-min(len(well), NAMED_TARGETS) % ACROSS)
    rows = [shown[place : place + ACROSS] for place in range(0, len(shown), ACROSS)]
    r.draft.table((say("inspection.well_head"), *[""] * (ACROSS - 1)), rows, (1,) * ACROSS, "", dense=True)
    if len(well) > NAMED_TARGETS:
        r.text("inspection.targets_more", n=len(well) - NAMED_TARGETS)


def _has_findings(read: TargetRead) -> bool:
    return any(row.outcome in (*BAD, Outcome.UNKNOWN) for row in read.rows)


# --- what was found, by chapter of the contract


def _chapters(r: Report) -> None:
    for name, parts in CHAPTERS[r.record.procedure]:
        r.draft.chapter(r.say(f"inspection.chapter.{name}"))
        for part in parts:
            if len(parts) > 1:
                r.draft.section(r.say(f"part.{part}"))
            _part(r, r.found.by_chapter.get(part, []))
            if part in ("resources", "space"):
                _fullest(r)
    told = {part for _, parts in CHAPTERS[r.record.procedure] for part in parts} | ({"tuning"} if r.record.procedure == "database-inspection" else set())
    others = [(part, groups) for part, groups in r.found.by_chapter.items() if part not in told]
    if others:  # checks of another kind of inspection, or of a chapter that is not in the contract: nothing is left out
        r.draft.chapter(r.say("inspection.chapter.other"))
        for part, groups in others:
            r.draft.section(r.say.known("part", part) or r.say("inspection.chapter.other"))
            _part(r, groups)


def _part(r: Report, groups: Sequence[Group]) -> None:
    """One sentence of figures, the findings, and which checks were well throughout."""
    say = r.say
    if not groups:
        r.text("inspection.part_none")
        return
    counts: Counter[Outcome] = Counter()
    checks: dict[str, set[Outcome]] = {}
    for group in groups:
        counts[group.outcome] += len(group.rows)
        checks.setdefault(group.check.id, set()).add(group.outcome)
    targets = len({row.target for group in groups for row in group.rows})
    r.text("inspection.part_counts", checks=len(checks), targets=targets, counts=r.counted(counts))
    bad = [group for group in groups if group.outcome in (*BAD, Outcome.UNKNOWN)]
    if bad:
        rows = [(r.grade(group.outcome), r.title(group.check), r.where(group.rows), r.sayings(group.rows)) for group in bad]
        r.draft.table(say.head("inspection_part"), rows, (*r.by_language(0.9, 1.1), 1.7, 2, 4), "")
    titles = {group.check.id: r.title(group.check) for group in groups}
    well = [titles[check] for check, found in checks.items() if Outcome.OK in found and found <= {Outcome.OK, Outcome.NOT_APPLICABLE}]
    absent = [titles[check] for check, found in checks.items() if found == {Outcome.NOT_APPLICABLE}]
    if well:
        r.text("inspection.part_well", names=say.joined(list(dict.fromkeys(well)), NAMED_CHECKS))
    if absent:
        r.text("inspection.part_na", names=say.joined(list(dict.fromkeys(absent)), NAMED_CHECKS))


def _fullest(r: Report) -> None:
    found = r.found.fullest(FULLEST)
    if len(found) < 2:
        return
    bars, told = [], []
    for row, full in found:
        name = r.place(row)
        colour = row.outcome if row.outcome in BAD else Outcome.OK
        bars.append(charts.Bar(name, ((min(full, 100.0), colour.value),), f"{full:.1f} %"))
        told.append(f"{name} {full:.1f} %")
    legend = [(o.value, r.say(f"outcome.{o.value}")) for o in (Outcome.CRITICAL, Outcome.WARNING, Outcome.OK) if any(b.parts[0][1] == o.value for b in bars)]
    alt = r.say("inspection.chart.alt", items=r.say.join(told))
    r.draft.picture(charts.bars(bars, legend, right=100), alt, r.say("inspection.chart.fullest"))


# --- target by target


def _pages(r: Report) -> None:
    say = r.say
    r.draft.chapter(say("inspection.pages"))
    reads = [read for read in r.found.targets_worst_first if _has_findings(read)]
    if not reads:
        r.text("inspection.pages_none")
        return
    if len(reads) > PAGES:
        r.text("inspection.pages_some", n=len(reads), shown=PAGES)
    else:
        r.text("inspection.pages_text")
    for read in reads[:PAGES]:
        _page(r, read)
    if others := reads[PAGES:]:
        r.draft.section(say("inspection.pages_others"))
        rows = []
        for read in others[:OTHERS]:
            counts = r.found.counts(read)
            bad = sorted((row for row in read.rows if row.outcome in (*BAD, Outcome.UNKNOWN)), key=lambda row: -row.outcome.weight)
            titles = [r.title(r.found.about(row.check)) for row in bad]
            numbers = [str(counts[outcome]) for outcome in (Outcome.CRITICAL, Outcome.WARNING, Outcome.UNKNOWN)]
            rows.append((read.target, *numbers, r.names(titles, 6)))
        r.draft.table(say.head("inspection_others"), rows, (2, 0.7, 0.75, 0.8, 5), "", dense=True)
        if len(others) > OTHERS:
            r.text("inspection.pages_more", n=len(others) - OTHERS)


def _page(r: Report, read: TargetRead) -> None:
    say = r.say
    r.draft.section(say("inspection.page_title", name=read.target, kind=r.kind(read)))
    about = r.about_target(read)
    r.text(
        "inspection.page_about",
        about=f"{about}{say('word.semicolon') if say.language == 'zh' else '. '}" if about else "",
        read_at=say.moment(read.read_at),
        seconds=say.duration(read.seconds),
        counts=r.counted(r.found.counts(read)),
    )
    found = sorted((row for row in read.rows if row.outcome in (*BAD, Outcome.UNKNOWN)), key=lambda row: -row.outcome.weight)
    rows = []
    for row in found[:PAGE_ROWS]:
        said = [row.says.say(say.language)]
        if evidence := r.evidence(row, 6):
            said.append(say("inspection.evidence", text=evidence))
        rows.append((r.grade(row.outcome), r.title(r.found.about(row.check)), r.object(row) or "-", "\n".join(said)))
    r.draft.table(say.head("inspection_page"), rows, (*r.by_language(0.9, 1.1), 1.7, 1.5, 4.6), "")
    if len(found) > PAGE_ROWS:
        r.text("inspection.page_more", n=len(found) - PAGE_ROWS)


# --- tuning


def statements(row: CheckRow) -> list[str]:
    """The statements in the evidence of a row, word for word; a line that is indented goes on with the one before."""
    found: list[str] = []
    for line in visible(row.evidence).split("\n"):
        if _STATEMENT.match(line) or (found and line[:1] in " \t" and line.strip()):
            found.append(line.rstrip())
    return found


def _tuning(r: Report) -> None:
    say = r.say
    r.draft.chapter(say("inspection.tuning"))
    tuning = [group for group in r.found.by_chapter.get("tuning", ())]
    if r.record.procedure == "database-inspection":
        _part(r, tuning)
    groups = []
    for group in r.found.groups(*BAD, Outcome.OK):
        lines = list(dict.fromkeys(line for row in group.rows for line in statements(row)))
        proposes = group.check.chapter == "tuning" and group.outcome in BAD
        if proposes or (lines and group.check.chapter in DATABASE):
            groups.append((group, lines))
    if not groups:
        r.text("inspection.tuning_none")
        return
    r.text("inspection.tuning_text")
    for group, lines in groups[:TUNINGS]:
        where = r.names(list(group.targets), 3)
        r.draft.section(say("inspection.tuning_title", title=r.title(group.check), where=where))
        r.draft.paragraph(r.sayings(group.rows))
        r.draft.paragraph(r.advice(group.check))
        if lines:
            r.draft.code(say("inspection.tuning_statements", more=max(0, len(lines) - STATEMENTS)), "\n".join(lines[:STATEMENTS]))
    if len(groups) > TUNINGS:
        r.text("inspection.tuning_more", n=len(groups) - TUNINGS)


# --- with the customer


def _stage(r: Report) -> None:
    record, say = r.record, r.say
    r.draft.chapter(say("inspection.stage"))
    r.text("inspection.stage_text")
    last = say("inspection.stage.first")
    counts = Counter(development.change for development in record.developments)
    rows: list[tuple[str, str | Cell]] = []
    if record.last_number:
        last = say("inspection.stage.last_value", number=record.last_number, at=say.moment(record.last_at))
    rows.append((say("inspection.stage.last"), last))
    if record.last_number:
        open_ = counts["same"] + counts["worse"] + counts["better"]
        rows.append((say("inspection.stage.open"), say("inspection.stage.open_value", fixed=counts["fixed"] + counts["gone"], open=open_, new=counts["new"])))
    days = [forecast.days or 0.0 for forecast in r.found.forecasts]
    capacity = say("inspection.stage.capacity_value", month=sum(d <= 30 for d in days), quarter=sum(d <= 90 for d in days))
    rows += [
        (say("inspection.stage.capacity"), capacity),
        (say("inspection.stage.joint"), "\n" * 3),
        (say("inspection.stage.plan"), "\n" * 3),
    ]
    r.draft.facts(rows)


def _opinion(r: Report) -> None:
    say = r.say
    r.draft.chapter(say("inspection.opinion"))
    r.text("inspection.opinion_text")
    r.draft.facts([(say("inspection.opinion_box"), "\n" * 5)])
    rows = [(name, "□", "□", "□", "□") for name in say("inspection.satisfaction").split("|")]
    r.draft.table(say.head("inspection_satisfaction"), rows, (2, 1, 1, 1, 1), "")


# --- appendices


def _appendix_rows(r: Report) -> None:
    say = r.say
    r.draft.appendix(say("inspection.appendix.rows"))
    if len(r.found.rows) > ROWS_ON_PAPER:
        r.text("inspection.appendix.rows_sheet", n=len(r.found.rows), sheet=say("sheet.rows"))
        return
    r.text("inspection.appendix.rows_text", n=len(r.found.rows))
    place = {check.id: number for number, check in enumerate(sorted(r.record.checks, key=_by_chapter))}
    for read in r.record.reads:
        r.draft.section(say("inspection.page_title", name=read.target, kind=r.kind(read)))
        rows = [
            (r.title(r.found.about(row.check)), r.object(row) or "-", r.grade(row.outcome) if row.outcome in BAD else say(f"outcome.{row.outcome.value}"),
             row.says.say(say.language))
            for row in sorted(read.rows, key=lambda row: place.get(row.check, 9999))
        ]  # fmt: skip
        empty = read.problem.say(say.language) if read.problem else say("inspection.part_none")
        r.draft.table(say.head("inspection_rows"), rows, (2.1, 1.7, *r.by_language(0.85, 1.3), 4.6), empty, dense=True)


def _by_chapter(check) -> tuple[int, str]:
    return (ORDER.index(check.chapter) if check.chapter in ORDER else 99, check.id)


def _appendix_checks(r: Report) -> None:
    say = r.say
    r.draft.appendix(say("inspection.appendix.checks"))
    rows = [
        (mono(check.id), r.title(check), say.known("part", check.chapter), r.limits(check) or "-", r.source(check) or "-")
        for check in sorted(r.record.checks, key=_by_chapter)
    ]
    r.draft.table(say.head("inspection_checks"), rows, (0.75, 2, *r.by_language(1.1, 1.8), 2.3, 2.8), say("inspection.part_none"), dense=True)


def _appendix_digests(r: Report) -> None:
    say, reads = r.say, r.record.reads
    r.draft.appendix(say("inspection.appendix.digests"))
    r.text("inspection.appendix.digests_text")
    rows = [(say("inspection.record"), mono(r.record.fingerprint()))]
    if len(reads) <= DIGESTS:
        rows += [(read.target, mono(read.fingerprint())) for read in reads]
    r.draft.table(say.head("inspection_digests"), rows, (1.6, 5), "", dense=True)
    if len(reads) > DIGESTS:
        r.text("inspection.appendix.digests_sheet", sheet=say("sheet.targets"))
