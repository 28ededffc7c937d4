"""The change report (变更报告, R179): what was asked, tried, approved, done and found, however the change ended."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from functools import partial

from reports.documents.chapters import TOP, Chapters, last_outcomes, lettered
from reports.documents.cover import document_control, paper, signatures
from reports.documents.grouping import differences_grouped, outcomes_by_key
from reports.documents.hardening import HardeningReport, hardening_chapter
from reports.documents.paper import Cell, Paper, mono, visible
from reports.documents.phrases import Phrases
from reports.records import Approval, ChangeRecord, Closure, Language, StepOutcome, Text, canonical

APPENDICES = ("commands", "attempts", "outputs", "hosts", "versions", "media", "improvements", "differences", "journal", "digests")
ATTEMPTS = 200  # more than these are told host by host
OUTPUT_LINES = 40  # of one output
OUTPUTS = 60  # different outputs in all
JOURNAL_FIRST, JOURNAL_LAST = 100, 100
UNTOUCHED = {Closure.REFUSED, Closure.REJECTED, Closure.EXPIRED, Closure.NOTHING_TO_DO}
TONES = {
    Closure.SUCCESSFUL: "good",
    Closure.SUCCESSFUL_WITH_ISSUES: "warn",
    Closure.NOTHING_TO_DO: "good",
    Closure.BACKED_OUT: "warn",
    Closure.FAILED: "bad",
    Closure.REFUSED: "warn",
    Closure.REJECTED: "warn",
    Closure.EXPIRED: "warn",
    None: "warn",
}


def report(record: ChangeRecord, say: Phrases, made_at: datetime) -> Paper:
    chapters = Chapters(record, say, lettered(record, APPENDICES))
    for write in (_summary, _hardening, _request, _plan, _rehearsal, _approvals, _course, _verification, _comparison, _back_out, _issues):
        write(chapters)
    document_control(chapters, made_at)
    _archive(chapters)
    chapters.draft.chapter(say("sign.title"))
    signatures(chapters, ("operator", "reviewer", "acceptance"))
    ours = {"attempts": _appendix_attempts, "outputs": _appendix_outputs, "differences": _appendix_differences, "journal": _appendix_journal}
    chapters.appendices(**{name: partial(write, chapters) for name, write in ours.items()})
    rows: list[tuple[str, str | Cell]] = []
    if record.plan:
        rows.append((say("cover.hosts"), chapters.hosts(record.plan.targets)))
    rows.append((say("cover.closure"), Cell(_closure(chapters), tone=TONES[record.closure])))
    if record.hardening and record.hardening.now.last_score:
        rows.append((say("hardening.score"), _score(chapters)))
    if record.closed_at:
        rows.append((say("cover.ended"), say.moment(record.closed_at)))
    return paper(chapters, "report", rows, made_at)


def _closure(c: Chapters) -> str:
    return c.say(f"closure.{c.record.closure.value if c.record.closure else 'none'}")


def _failed(outcome: StepOutcome) -> bool:
    return outcome.result not in ("done", "nothing to do")


def _summary(c: Chapters) -> None:
    say, record = c.say, c.record
    c.draft.chapter(say("report.summary"))
    colon, end = ("：", "") if say.language == "zh" else (": ", "")
    word = record.closure.value if record.closure else "none"
    c.draft.notice(f"{_closure(c)}{colon}{say(f'report.say.{word}', issues=len(record.issues))}{end}", TONES[record.closure])
    approval = c.last_approval()
    started = [o.started_at for o in record.outcomes if o.started_at]
    last = last_outcomes(record.outcomes)
    rows: list[tuple[str, str | Cell]] = [
        (say("fact.number"), record.number),
        (say("fact.subject"), c.subject()),
        (say("report.closure"), Cell(_closure(c), tone=TONES[record.closure])),
    ]
    if record.closure_reason:
        rows.append((say("report.closure_reason"), record.closure_reason.say(say.language)))
    if c.plan:
        rows.append((say("report.hosts"), c.hosts(c.plan.targets)))
    rows.append(
        (
            say("report.approved_by"),
            f"{c.approval_state()}{say('word.semicolon')}{say.moment(approval.decided_at)}"
            if approval
            else say("report.not_approved"),
        )
    )
    rows.append(
        (
            say("report.begun"),
            say.moment(min(started), seconds=True)
            if started
            else say("report.not_begun")
            if not record.outcomes
            else say("word.unknown_time"),
        )
    )
    rows.append((say("report.ended"), say.moment(record.closed_at, seconds=True) if record.closed_at else say("closure.none")))
    for entry in record.journal:  # of an emergency
        if entry.event == "promises kept":
            rows.append((say("report.promised"), Text.of_fields(entry.detail, "said").say(say.language)))
        if entry.event == "review opened":
            rows.append((say("report.review"), say("report.review_open", number=entry.detail.get("review", ""))))
    if record.hardening and record.hardening.now.last_score:
        rows.append((say("hardening.score"), _score(c)))
    if record.outcomes:
        counts = Counter(o.result for o in last)
        rows.append(
            (
                say("report.steps"),
                say(
                    "report.steps_value",
                    planned=sum(step.on_host for step in c.plan.steps) if c.plan else 0,
                    done=counts["done"],
                    nothing=counts["nothing to do"],
                    failed=sum(map(_failed, last)),
                ),
            )
        )
    if record.undone:
        undone = last_outcomes(record.undone)
        rows.append((say("report.undone"), say("report.undone_value", n=len(undone), failed=sum(map(_failed, undone)))))
    c.draft.facts(rows)


def _score(c: Chapters) -> Cell:
    r = HardeningReport(c.record.hardening, c.say)
    now, last = r.record.score, r.record.last_score
    return Cell(c.say("hardening.score_value", before=r.points(last.score), after=r.points(now.score), change=r.change_of(now, last)), strong=True)


def _hardening(c: Chapters) -> None:
    if c.record.hardening:
        hardening_chapter(c)


def _request(c: Chapters) -> None:
    say, record = c.say, c.record
    c.draft.chapter(say("report.request"))
    c.draft.facts(
        [
            (say("fact.requester"), record.requester),
            (say("fact.customer"), record.customer_name.say(say.language)),
            (say("fact.reason"), say.known("reason", record.reason)),
            (say("fact.procedure"), c.procedure()),
            (say("fact.opened"), say.moment(record.opened_at)),
            (say("fact.operator"), record.operator or say("word.not_given")),
        ]
    )
    if c.plan and c.repairs_something():
        c.draft.section(say("improvements.title"))
        c.improvements(10)


def _plan(c: Chapters) -> None:
    say = c.say
    c.draft.chapter(say("report.plan"))
    if c.plan is None:
        c.text("report.no_plan" if c.record.closure else "report.not_ended_plan")
        return
    c.draft.section(say("scope.hosts_title"))
    c.batches()
    c.draft.section(say("versions.changes"))
    c.versions()
    c.settings((*c.record.outcomes, *c.record.undone))
    c.draft.section(say("versions.blockers"))
    c.blockers()
    c.draft.section(say("media.title"))
    c.media()
    c.draft.section(say("time.title"))
    c.draft.facts(c.timetable_facts())
    c.draft.section(say("scope.impact_title"))
    c.draft.paragraph(c.plan.impact.say(say.language))
    c.draft.section(say("scope.risk_title"))
    c.risk()


def _rehearsal(c: Chapters) -> None:
    c.draft.chapter(c.say("rehearsal.title"))
    c.rehearsal_chapter("rehearsal.not_done" if c.record.closure else "rehearsal.not_yet")


def _approvals(c: Chapters) -> None:
    say, record, asked = c.say, c.record, c.record.asked
    c.draft.chapter(say("report.approvals"))
    if asked:
        names = [
            f"{a.name}（{a.post}）" if say.language == "zh" and a.post else f"{a.name} ({a.post})" if a.post else a.name
            for a in asked.approvers
        ]
        c.draft.facts(
            [
                (say("report.asked"), say.moment(asked.asked_at)),
                (say("report.expires"), say.moment(asked.expires_at)),
                (say("report.approvers"), say.join(names) or say("word.none")),
                (say("control.approval"), mono(asked.digest)),
            ]
        )
    elif not record.approvals:
        c.text("report.not_asked")
        return
    c.draft.table(
        say.head("approvals"),
        [
            (
                say.known("gate", a.gate),
                Cell(say(f"decision.{a.decision}"), tone="good" if a.decision == "approved" else "bad"),
                a.name or "-",
                say(f"channel.{a.channel}"),
                a.taken_by or "-",
                say.moment(a.decided_at),
                _reason(c, a),
            )
            for a in record.approvals
        ],
        (1.1, 1.2, 1.1, 1.1, 1, 2, 2),
        say("report.no_answer"),
    )
    if asked and record.approvals:
        same = any(a.digest == asked.digest for a in record.approvals)
        c.text("report.same_digest" if same else "report.other_digest")
    if wrong := sum(a.wrong_entries for a in record.approvals):
        c.text("report.wrong_entries", n=wrong)


def _reason(c: Chapters, approval: Approval) -> str:
    """The person's own words; where no person spoke, ours."""
    if approval.channel == "none":
        return c.say("reason.expired" if approval.decision == "expired" else "reason.too many")
    return approval.reason or "-"


def _course(c: Chapters) -> None:
    say, record = c.say, c.record
    c.draft.chapter(say("report.course"))
    if not record.outcomes:
        c.text("report.course_none")
        return
    starts = [o.started_at for o in record.outcomes if o.started_at]
    ends = [o.finished_at for o in record.outcomes if o.finished_at]
    c.text(
        "report.course_text",
        start=say.moment(min(starts, default=None), seconds=True),
        end=say.moment(max(ends, default=None), seconds=True),
        n=len(record.outcomes),
        letter=c.letters["attempts"],
    )
    _outcome_table(c, record.outcomes, c.rehearsal.outcomes if c.rehearsal else ())
    c.draft.section(say("report.failures"))
    bad = [o for o in record.outcomes if _failed(o)]
    _failure_table(c, bad, "report.no_failures")


def _outcome_table(c: Chapters, outcomes: tuple[StepOutcome, ...], rehearsed: tuple[StepOutcome, ...]) -> None:
    say = c.say
    numbers = {group.key: group.number for group in c.groups}
    before = outcomes_by_key(rehearsed)
    rows = []
    for place, (key, found) in enumerate(outcomes_by_key(outcomes).items(), 1):
        rows.append(
            (
                str(numbers.get(key, place)),
                c.title_and_host(found[0]),
                str(len({o.target for o in found})),
                c.results(last_outcomes(found)),
                c.span([o.seconds for o in found]),
                c.span([o.seconds for o in before[key]]) if key in before else say("word.not_measured"),
            )
        )
    c.draft.table(say.head("course"), rows, (0.6, 3.7, 0.9, 1.4, 1.7, 1.7), say("report.course_none"))


def _failure_table(c: Chapters, outcomes: list[StepOutcome], empty: str) -> None:
    say = c.say
    c.draft.table(
        say.head("failures"),
        [
            (
                str(o.number),
                o.target,
                c.title(o),
                Cell(say(f"result.{o.result}"), tone="bad"),
                mono(_last_lines(o.problem.say(say.language) or o.found, 12)[0] or "-"),
            )
            for o in outcomes
        ],
        (0.9, 1.3, 2.1, 1, 4),
        say(empty),
    )


def _verification(c: Chapters) -> None:
    say, record = c.say, c.record
    c.draft.chapter(say("report.verification"))
    before = {(survey.target, health.title.en): health for survey in record.before for health in survey.health}
    answers = {
        (survey.target, health.title.en): (health.title.say(say.language), health.ok, health.detail.say(say.language))
        for survey in record.after
        for health in survey.health
    }
    titles = {(a.target, a.title.en): a.title.say(say.language) for a in (c.plan.acceptance if c.plan else ())}
    asked = set(titles)
    for entry in record.journal:  # what was accepted on the live system, the last answer counting
        if entry.event in ("accepted", "not accepted") and (title := entry.detail.get("check")):
            asked.add((entry.target, str(title)))
            answers[entry.target, str(title)] = (
                titles.get((entry.target, str(title)), Text.of_fields(entry.detail, "check").say(say.language)),
                entry.event == "accepted",
                Text.of_fields(entry.detail, "detail").say(say.language),
            )
    if not answers:
        c.text("report.verify_skipped" if record.closure in UNTOUCHED else "report.verify_none")
        return
    required = {key: ok for key, (_, ok, _) in answers.items() if key in asked}
    if bad := sum(not ok for ok in required.values()):
        c.draft.notice(say("report.verify_bad", n=len(required), bad=bad), "bad")
    elif required:
        c.draft.notice(say("report.verify_good", n=len(required)), "good")
    if others := len(answers) - len(required):
        c.text("report.verify_not_required", n=others)
    if record.closure in (Closure.BACKED_OUT, Closure.FAILED) and record.undone:
        c.text("report.verify_when_backed_out")
    word = {True: Cell(say("word.good")), False: Cell(say("word.bad"), tone="bad")}
    spared = {True: Cell(say("report.not_required", found=say("word.good"))), False: Cell(say("report.not_required", found=say("word.bad")))}
    groups: dict[tuple, list[str]] = {}
    for (target, key), (title, ok, detail) in answers.items():
        earlier = before.get((target, key))
        groups.setdefault((title, earlier.ok if earlier else None, ok, (target, key) in required, _last_lines(detail, 4)[0]), []).append(target)
    rows = [
        (c.hosts(hosts), title, word[earlier] if earlier is not None else Cell("-"), (word if counts else spared)[ok], mono(detail or "-"))
        for (title, earlier, ok, counts, detail), hosts in sorted(groups.items(), key=lambda item: item[0][2])
    ]
    c.draft.table(say.head("verification"), rows, (1.6, 2.6, 1, 1, 3), "")
    c.measurements(record.outcomes)


def _comparison(c: Chapters) -> None:
    say, record = c.say, c.record
    c.draft.chapter(say("report.comparison"))
    if not record.after and not record.changed:
        c.text("report.compared_none")
        return
    if record.changed:
        counts = Counter(d.kind for d in record.changed)
        kinds = say.join([say("improvements.kind_count", kind=say(f"difference.{kind}"), n=n) for kind, n in counts.items()])
        c.text("report.changed", n=len(record.changed), kinds=kinds)
        if len(differences_grouped(record.changed)) > 2 * TOP:
            c.text("report.changed_top", n=2 * TOP, letter=c.letters["differences"])
        c.differences(record.changed, 2 * TOP)
    else:
        c.text("report.changed_none")
    c.draft.section(say("report.unexpected"))
    c.differences(record.unexpected, empty="report.unexpected_none")
    if record.as_it_was:
        c.draft.section(say("report.as_it_was"))
    for host in record.as_it_was:
        kinds = say.join([say("improvements.kind_count", kind=say(f"same.{kind}"), n=n) for kind, n in host.same.items() if n])
        c.text("report.same", host=host.target, at=say.moment(host.at), kinds=kinds or say("word.none"), rows=host.rows)
        c.differences(host.differing, empty="report.same_all", head="likeness")


def _back_out(c: Chapters) -> None:
    say, record = c.say, c.record
    c.draft.chapter(say("report.backed_out"))
    if not record.undone and record.closure is not Closure.BACKED_OUT:
        c.text("report.no_back_out")
        return
    if record.closure_reason:
        c.draft.facts([(say("report.closure_reason"), record.closure_reason.say(say.language))])
    c.text("report.back_out_text", n=len(record.undone))
    if record.undone:
        _outcome_table(c, record.undone, c.rehearsal.undone if c.rehearsal else ())
        if bad := [o for o in record.undone if _failed(o)]:
            _failure_table(c, bad, "report.no_failures")
    if not record.after:
        c.draft.notice(say("report.back_out_unknown"), "warn")
    elif record.changed:
        c.draft.notice(
            say("report.back_out_differs", n=len(record.changed)), "bad" if record.closure is Closure.FAILED else "warn"
        )
    else:
        c.draft.notice(say("report.back_out_same"), "good")


def _issues(c: Chapters) -> None:
    c.draft.chapter(c.say("report.issues"))
    if c.record.issues:
        c.draft.items([issue.say(c.say.language) for issue in c.record.issues])
    else:
        c.text("report.no_issues")


def _archive(c: Chapters) -> None:
    c.draft.chapter(c.say("report.archive"))
    c.text("report.archive_text")


def _last_lines(text: str, lines: int) -> tuple[str, int]:
    """The last lines of a text and how many were cut; lines beyond 2,000 characters lose their middle."""
    found = text.strip("\n").split("\n")
    kept = [line if len(line) <= 2000 else f"{line[:1000]} ... {line[-900:]}" for line in found[-lines:]]
    return "\n".join(kept), max(0, len(found) - lines)


def _appendix_attempts(c: Chapters) -> None:
    say, record = c.say, c.record
    c.draft.appendix(say("appendix.attempts"))
    if len(record.outcomes) + len(record.undone) > ATTEMPTS:
        _attempts_by_host(c)
        return
    rows = [
        (
            str(o.number),
            o.target,
            c.title(o),
            say(f"action.{o.action}"),
            Cell(say(f"result.{o.result}"), tone="bad" if _failed(o) else ""),
            str(o.attempt),
            say.moment(o.started_at, seconds=True)[5:] if o.started_at else "-",
            say.duration(o.seconds),
        )
        for o in (*record.outcomes, *record.undone)
    ]
    c.draft.table(say.head("attempts"), rows, (0.8, 1.6, 2.6, 0.8, 1.2, 0.5, 1.7, 1.2), say("appendix.no_attempts"))


def _attempts_by_host(c: Chapters) -> None:
    """One row a host, where one row an attempt would fill a hundred pages; what failed is listed in the chapter."""
    say = c.say
    by_host: dict[str, list[StepOutcome]] = {}
    for outcome in (*c.record.outcomes, *c.record.undone):
        by_host.setdefault(outcome.target, []).append(outcome)
    c.text("appendix.attempts_by_host", n=len(c.record.outcomes) + len(c.record.undone))
    rows = []
    for host, outcomes in by_host.items():
        starts, ends = [o.started_at for o in outcomes if o.started_at], [o.finished_at for o in outcomes if o.finished_at]
        undone, bad = sum(o.action == "undo" for o in outcomes), sum(map(_failed, outcomes))
        rows.append(
            (
                host,
                str(len(outcomes) - undone),
                str(undone),
                Cell(str(bad), tone="bad" if bad else ""),
                say.moment(min(starts), seconds=True)[5:] if starts else "-",
                say.moment(max(ends), seconds=True)[5:] if ends else "-",
                say.duration(sum(o.seconds for o in outcomes)),
            )
        )
    c.draft.table(say.head("attempts_by_host"), rows, (2.4, 0.8, 0.8, 0.9, 1.7, 1.7, 1.4), "")


def _appendix_outputs(c: Chapters) -> None:
    """What hosts printed: what failed first; equal outputs of one step once."""
    say, record = c.say, c.record
    c.draft.appendix(say("appendix.outputs"))
    groups: dict[tuple, list[StepOutcome]] = {}
    for outcome in sorted((*record.outcomes, *record.undone), key=lambda o: not _failed(o)):
        if outcome.output.strip():
            groups.setdefault((outcome.key, outcome.action, outcome.result, outcome.output), []).append(outcome)
    if not groups:
        c.text("appendix.no_outputs")
        return
    c.text("appendix.outputs_text", lines=OUTPUT_LINES)
    for outcomes in list(groups.values())[:OUTPUTS]:
        o = outcomes[0]
        text, cut = _last_lines(o.output, OUTPUT_LINES)
        host = o.target if len(outcomes) == 1 else say("appendix.output_hosts", host=o.target, n=len(outcomes))
        c.draft.code(
            say(
                "appendix.output_of",
                number=o.number,
                host=host,
                title=c.title(o),
                action=say(f"action.{o.action}"),
                result=say(f"result.{o.result}"),
                cut=cut,
            ),
            text,
        )
    if len(groups) > OUTPUTS:
        c.text("appendix.outputs_more", n=len(groups) - OUTPUTS)


def _appendix_differences(c: Chapters) -> None:
    c.draft.appendix(c.say("appendix.differences"))
    c.differences((*c.record.changed, *(d for d in c.record.unexpected if d not in set(c.record.changed))))


def _written(value: object) -> str:
    return (
        value
        if isinstance(value, str)
        else f"{value:.3f}".rstrip("0").rstrip(".")
        if isinstance(value, float)
        else canonical(value)
    )


def _of_language(detail: dict, language: Language) -> dict:
    """Where an entry says something in both languages, the one of this paper."""
    both = {key for key in detail if f"{key}_zh" in detail}
    return {key: detail[f"{key}_zh"] if key in both and language == "zh" else value
            for key, value in detail.items() if key.removesuffix("_zh") not in both or key in both}


def _appendix_journal(c: Chapters) -> None:
    say, journal = c.say, c.record.journal
    c.draft.appendix(say("appendix.journal"))
    if journal:
        c.text("appendix.journal_text")
    if len(journal) > JOURNAL_FIRST + JOURNAL_LAST:
        c.text("appendix.journal_more", n=len(journal), first=JOURNAL_FIRST, last=JOURNAL_LAST)
        journal = journal[:JOURNAL_FIRST] + journal[-JOURNAL_LAST:]
    rows = []
    for entry in journal:
        where = " ".join(filter(None, [entry.target, f"#{entry.step}" if entry.step is not None else ""]))
        detail = ", ".join(f"{key}={_written(value)}" for key, value in _of_language(entry.detail, say.language).items())
        rows.append(
            (
                str(entry.sequence),
                say.moment(entry.at, seconds=True)[5:],
                say.known("event", entry.event),
                where or "-",
                mono(visible(detail)[:400] + ("..." if len(detail) > 400 else "")),
            )
        )
    c.draft.table(say.head("journal"), rows, (0.7, 1.5, 2, 1.3, 4), say("appendix.no_journal"))
