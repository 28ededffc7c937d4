"""The upgrade operation instruction (升级操作说明, R175): from plan and rehearsal, before the customer is asked."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from reports.documents.chapters import NAMED_HOSTS, TOP, Chapters, lettered
from reports.documents.cover import document_control, paper, signatures
from reports.documents.grouping import failed_services
from reports.documents.paper import Cell, Paper, mono
from reports.documents.phrases import Phrases
from reports.records import ChangeRecord, Survey

APPENDICES = ("commands", "hosts", "versions", "media", "improvements", "configuration", "digests")
BACK_OUT_CHAPTER = 13


def instruction(record: ChangeRecord, say: Phrases, made_at: datetime) -> Paper:
    chapters = Chapters(record, say, lettered(record, APPENDICES))
    document_control(chapters, made_at)
    for write in (
        _purpose,
        _scope,
        _versions,
        _media,
        _rehearsal,
        _people,
        _time,
        _ready,
        _facts,
        _steps,
        _verification,
        _back_out,
        _emergency,
        _notices,
        _record,
    ):
        write(chapters)
    chapters.appendices()
    plan = record.plan
    rows: list[tuple[str, str | Cell]] = []
    if plan:
        rows.append((say("cover.hosts"), chapters.hosts(plan.targets)))
        window = plan.window
        rows.append(
            (
                say("cover.window"),
                say("rehearsal.time_value", start=say.moment(window.opens_at), end=say.moment(window.closes_at))
                if window
                else say("time.no_window"),
            )
        )
    rows.append((say("cover.state"), chapters.approval_state()))
    return paper(chapters, "instruction", rows, made_at)


def _purpose(c: Chapters) -> None:
    say, record = c.say, c.record
    c.draft.chapter(say("purpose.title"))
    c.text("purpose.aim")
    if c.plan is None:
        c.draft.notice(say("purpose.no_plan"), "warn")
    elif c.rehearsal is None:
        c.text("purpose.basis_waived" if c.plan.no_rehearsal else "purpose.basis_plan")
    elif c.rehearsal.plan == c.plan.fingerprint():
        c.text("purpose.basis_same")
    rows = [(say("fact.number"), record.number), (say("fact.subject"), c.subject())]
    if c.plan:
        rows.append((say("fact.kind"), say.known("kind", c.plan.kind)))
    rows += [
        (say("fact.requester"), record.requester),
        (say("fact.reason"), say.known("reason", record.reason)),
        (say("fact.opened"), say.moment(record.opened_at)),
    ]
    c.draft.facts(rows)
    if c.repairs_something():
        c.draft.section(say("improvements.title"))
        c.improvements(10)


def _scope(c: Chapters) -> None:
    say, plan = c.say, c.plan
    c.draft.chapter(say("scope.title"))
    if plan is None:
        c.text("report.not_ended_plan")
        return
    c.draft.section(say("scope.hosts_title"))
    c.batches()
    c.draft.section(say("scope.impact_title"))
    c.draft.paragraph(plan.impact.say(say.language))
    c.interruptions()
    c.draft.section(say("scope.risk_title"))
    c.risk()
    c.draft.section(say("scope.untested_title"))
    if plan.untested:
        c.text("scope.untested")
        c.draft.items([text.say(say.language) for text in plan.untested])
    else:
        c.text("scope.untested_waived" if plan.no_rehearsal else "scope.no_untested")


def _versions(c: Chapters) -> None:
    c.draft.chapter(c.say("versions.title"))
    c.draft.section(c.say("versions.changes"))
    c.versions()
    if c.plan and any(version.before for version in c.plan.versions):
        c.text("versions.path")
    c.settings(c.rehearsal.outcomes if c.rehearsal else ())
    if c.plan:
        c.draft.section(c.say("versions.blockers"))
        c.blockers()


def _media(c: Chapters) -> None:
    c.draft.chapter(c.say("media.title"))
    c.media()


def _rehearsal(c: Chapters) -> None:
    c.draft.chapter(c.say("rehearsal.title"))
    c.rehearsal_chapter("rehearsal.not_yet")


def _people(c: Chapters) -> None:
    say, record = c.say, c.record
    c.draft.chapter(say("people.title"))
    rows = [(contact.role.say(say.language), contact.name, contact.phone, contact.email) for contact in record.contacts]
    rows += [(say("people.approver", post=a.post), a.name, a.phone, a.email) for a in c.approvers()]
    rows += [(say("people.requester"), record.requester, "", "")]
    if record.contacts:
        c.text("people.text")
    else:
        c.draft.notice(say("people.none"), "warn")
    rows += [(say("people.operator"), record.operator, "", ""), (say("people.reviewer"), "", "", "")]
    c.draft.table(say.head("people"), rows, (2.4, 1.4, 1.8, 3), say("people.none"))


def _time(c: Chapters) -> None:
    say = c.say
    c.draft.chapter(say("time.title"))
    if c.plan is None:
        c.text("report.not_ended_plan")
        return
    c.draft.facts([*c.timetable_facts(), (say("people.arrival"), "")])
    if c.window_too_short():
        c.draft.notice(say("time.too_short"), "bad")
    c.draft.section(say("time.timetable"))
    if c.groups:
        c.text("time.timetable_in_order" if c.plan.in_order else "time.timetable_text")
    seconds = _rehearsed_seconds(c)
    rows, changed = [], False
    for group in c.groups:
        changed |= group.step.changes  # what stands by then is taken back, also if a step fails that only reads
        no_return = any(step.point_of_no_return for step in group.steps)
        decision = (
            say("time.decision_no_return")
            if no_return
            else say("time.decision_fail" if changed and not c.goes_back else "time.decision_stop")
        )
        rows.append(
            (
                str(group.number),
                c.title_and_host(group.step),
                str(len(group.targets)),
                say.duration(seconds.get(group.key)),
                say.duration(group.step.time_limit_s),
                Cell(decision, tone="bad" if no_return else ""),
            )
        )
    c.draft.table(say.head("timetable"), rows, (0.6, 3.4, 0.9, 1.4, 1.2, 2.3), say("time.no_steps"))


def _rehearsed_seconds(c: Chapters) -> dict[str, float]:
    seconds: dict[str, float] = {}
    for outcome in c.rehearsal.outcomes if c.rehearsal else ():
        seconds[outcome.key] = max(seconds.get(outcome.key, 0.0), outcome.seconds)
    return seconds


def _ready(c: Chapters) -> None:
    say, plan, rehearsal = c.say, c.plan, c.rehearsal
    c.draft.chapter(say("ready.title"))
    c.text("ready.text")
    approval = c.last_approval()
    same = bool(plan and rehearsal and rehearsal.plan == plan.fingerprint() and rehearsal.passed)
    confirmed = {
        "approved": bool(approval and approval.decision == "approved" and c.record.asked),
        "rehearsed": same,
        "undo": bool(same and rehearsal.undone and not rehearsal.remaining),
    }
    rows = []
    for number, item in enumerate(
        ("approved", "rehearsed", "undo", "told", "old", "backup", "space", "access", "alarms", "drift"), 1
    ):
        state = "ready.confirmed" if confirmed.get(item) else "ready.open"
        if item == "old" and plan and not any(medium.role == "old" for medium in plan.media):
            state = "ready.na"
        if item in ("rehearsed", "undo") and plan and plan.no_rehearsal:
            state = "ready.na"
        rows.append((str(number), say(f"ready.{item}"), Cell(say(state), tone="good" if state == "ready.confirmed" else ""), ""))
    c.draft.table(say.head("ready"), rows, (0.6, 5, 1.7, 1.4), "")


def _facts(c: Chapters) -> None:
    say, surveys = c.say, c.record.before
    c.draft.chapter(say("facts.title"))
    if not surveys:
        c.draft.notice(say("facts.none"), "warn")
        return
    c.text("facts.text")
    if len(surveys) <= NAMED_HOSTS:
        c.draft.table(
            say.head("facts"),
            [
                (s.target, s.os_name or s.os_id, mono(s.kernel), str(len(s.packages)), c._running(s), str(len(s.ports)))
                for s in surveys
            ],
            (1.7, 2.5, 2.1, 1.15, 1.3, 0.9),
            "",
        )
    else:
        c.text("facts.where", letter=c.letters["hosts"])
        counts = Counter((s.os_name or s.os_id, s.kernel, s.architecture) for s in surveys)
        c.draft.table(
            say.head("facts_sum"),
            [(name, mono(kernel), architecture, str(n)) for (name, kernel, architecture), n in counts.most_common()],
            (3, 3, 1.4, 1),
            "",
        )
    c.draft.section(say("facts.databases"))
    if len(c.databases()) > TOP:
        c.text("facts.databases_where", n=len(c.databases()), letter=c.letters["hosts"])
    else:
        c.databases_table()
    if releases := [(survey, release) for survey in surveys for release in survey.releases]:
        c.draft.section(say("facts.releases"))
        c.draft.table(say.head("releases"), [(s.target, mono(r.root), mono(r.current)) for s, r in releases], (2, 4, 2), "")
    c.draft.section(say("facts.services"))
    c.draft.table(
        say.head("services"),
        [(mono(name), mono("failed"), c.hosts(hosts)) for name, hosts in failed_services(surveys)],
        (3, 1.5, 4),
        say("facts.no_services"),
    )
    c.draft.section(say("facts.disks"))
    _disks(c, surveys)


def _disks(c: Chapters, surveys: tuple[Survey, ...]) -> None:
    say = c.say
    systems = [(f.free_kib / f.size_kib, s.target, f) for s in surveys for f in s.disks if f.size_kib > 0]
    if len(systems) > TOP:
        systems = sorted(systems, key=lambda row: row[0])[:TOP]
        c.text("facts.disks_few", n=TOP)
    c.draft.table(
        say.head("disks"),
        [
            (target, mono(f.mount), say.size(f.size_kib * 1024), say.size(f.free_kib * 1024), f"{share:.0%}")
            for share, target, f in systems
        ],
        (2, 3, 1.6, 1.6, 1.2),
        say("facts.no_disks"),
    )


def _steps(c: Chapters) -> None:
    say, plan = c.say, c.plan
    c.draft.chapter(say("steps.title"))
    if not c.groups or plan is None:
        c.text("steps.none")
        return
    c.text("steps.text", letter=c.letters["commands"])
    c.text("steps.grouped", n=len(plan.steps), groups=len(c.groups))
    if plan.point_of_no_return:
        c.draft.notice(say("steps.no_return", step=c.title(plan.point_of_no_return)), "bad")
    if guarded := [step.confirm_s for step in plan.steps if step.confirm_s]:
        c.text("steps.confirmed", time=say.duration(max(guarded)))
    rows = []
    for group in c.groups:
        step = group.step
        marks = [say("steps.mark.changes" if step.changes else "steps.mark.reads")]
        marks += [
            say(f"steps.mark.{mark}")
            for mark, there in (
                ("interrupts", any(s.interrupts for s in group.steps)),
                ("no_return", any(s.point_of_no_return for s in group.steps)),
                ("confirmed", step.confirm_s),
            )
            if there
        ]
        way = "-" if c.goes_back or not step.undo and step.reversible == "auto" else say(f"reversible.{step.reversible}")
        rows.append(
            (
                str(group.number),
                c.title(step),
                c.hosts(group.targets),
                mono(step.account),
                step.expected.say(say.language),
                say.join(marks),
                Cell(way, tone="bad" if step.reversible == "no" and not c.goes_back else ""),
            )
        )
    c.draft.table(say.head("steps"), rows, (0.6, 2.2, 1.55, 1.05, 2.5, 1.5, 1.25), "")
    if any(step.files for step in plan.steps):
        c.draft.section(say("part.files"))
        c.file_changes()


def _verification(c: Chapters) -> None:
    say = c.say
    c.draft.chapter(say("verify.title"))
    checks = c.acceptance_grouped()
    if checks:
        c.text("verify.text_back_out" if c.goes_back else "verify.text", chapter=BACK_OUT_CHAPTER)
    rows = [
        (
            str(n),
            a.title.say(say.language),
            c.hosts(hosts),
            mono(a.account),
            say("verify.judged", within=a.within_s, steady=a.steady_s) if a.check else say("verify.steady", within=a.within_s, steady=a.steady_s),
        )
        for n, (a, hosts) in enumerate(checks, 1)
    ]
    c.draft.table(say.head("acceptance"), rows, (0.6, 3.2, 2, 1.1, 2.4), say("verify.none"))
    c.draft.section(say("verify.business"))
    c.text("verify.who")
    c.draft.table(say.head("business"), [(str(n), "", "", "", "") for n in range(1, 4)], (0.6, 3, 2.4, 2.4, 1.2), "", tall=True)


def _back_out(c: Chapters) -> None:
    say = c.say
    c.draft.chapter(say("back_out.title"))
    if c.plan is None:
        c.text("report.not_ended_plan")
        return
    c.draft.section(say("back_out.trigger"))
    c.draft.paragraph(c.plan.back_out.say(say.language))
    c.draft.facts([(say("time.no_return"), c.no_return())])
    if c.goes_back:
        return
    c.draft.section(say("back_out.steps"))
    groups = [group for group in reversed(c.groups) if group.step.undo or group.step.reversible != "auto"]
    if groups:
        c.text("back_out.steps_text", letter=c.letters["commands"])
        undo = c.undo_seconds()
        c.draft.paragraph(say("back_out.no_time") if undo is None else say("back_out.time", time=say.duration(undo)))
    measured: dict[str, list[float]] = {}
    for outcome in c.rehearsal.undone if c.rehearsal else ():
        measured.setdefault(outcome.key, []).append(outcome.seconds)
    c.draft.table(
        say.head("back_out"),
        [
            (
                str(n),
                c.title(g.step),
                c.hosts(g.targets),
                Cell(say(f"reversible.{g.step.reversible}"), tone="bad" if g.step.reversible == "no" else ""),
                c.span(measured.get(g.key, [])),
            )
            for n, g in enumerate(groups, 1)
        ],
        (0.6, 3.6, 2, 1.4, 1.8),
        say("back_out.none"),
    )


def _emergency(c: Chapters) -> None:
    c.draft.chapter(c.say("emergency.title"))
    c.draft.items([c.say("emergency.2_back_out" if c.goes_back and n == 2 else f"emergency.{n}", chapter=BACK_OUT_CHAPTER) for n in range(1, 5)])


def _notices(c: Chapters) -> None:
    say = c.say
    c.draft.chapter(say("notices.title"))
    rows = [
        (say(f"notices.{when}"), say(f"notices.{whom}"), say(f"notices.{when}_text"), say(f"notices.{how}"))
        for when, whom, how in (
            ("before", "customer", "mail"),
            ("start", "users", "phone_mail"),
            ("during", "all", "phone"),
            ("after", "archive", "mail"),
        )
    ]
    c.draft.table(say.head("notices"), rows, (1.4, 2.6, 3.4, 1.3), "")


def _record(c: Chapters) -> None:
    say = c.say
    c.draft.chapter(say("record.title"))
    c.text("record.text")
    c.draft.table(
        say.head("record"),
        [(str(g.number), c.title_and_host(g.step), "", "", "", "", "") for g in c.groups],
        (0.6, 3, 1.2, 1.2, 1, 1, 1),
        say("steps.none"),
        tall=True,
    )
    c.draft.facts([(say("record.deviations"), "\n\n\n")])
    c.draft.section(say("sign.title"))
    approval = c.last_approval()
    if approval and approval.decision == "approved":
        c.text(
            "sign.approved",
            at=say.moment(approval.decided_at),
            name=approval.name,
            channel=say(f"channel.{approval.channel}"),
            letter=c.letters["digests"],
        )
    signatures(c, ("author", "operator", "reviewer", "approver", "acceptance"))
