"""What the report of a security hardening says beside what every change's report says (R008): the score before and after, every control of the plan
and how it ended, what was changed and how to undo it, exceptions, what remains and why."""

from __future__ import annotations

from reports.documents.chapters import Chapters
from reports.documents.grouping import StepGroup
from reports.documents.paper import Cell, Tone, mono
from reports.documents.phrases import Phrases
from reports.documents.security import TARGETS, SecurityReport, exceptions_table, left_off_table
from reports.records import HardenedControl, Hardening, Outcome, Score

PATHS = 6  # files and units named of one step
TONES: dict[str, Tone] = {"taken back": "warn", "still": "bad", "new": "warn"}


class HardeningReport(SecurityReport):
    def __init__(self, hardening: Hardening, say: Phrases) -> None:
        super().__init__(hardening.now, say)
        self.hardening = hardening

    @property
    def measured(self) -> bool:
        """Whether it was read both times."""
        return self.record.last_score is not None

    def headline(self) -> str:
        score, last, kept = self.record.score, self.record.last_score, self.hardening
        if last is None:
            return self.say("hardening.not_after", level=self.record.profile.level, before=self.points(score.score))
        which = "taken_back" if kept.takes_back and kept.done else "done" if kept.done else "undone"
        return self.say(f"hardening.headline_{which}", level=self.record.profile.level, before=self.points(last.score), after=self.points(score.score),
                        change=self.change_of(score, last), failed_before=last.failed, failed=score.failed, other=kept.takes_back,
                        unread=len(self.found.unreached))

    def tone(self) -> Tone:
        return "good" if self.measured and self.hardening.done and not self.hardening.takes_back else "warn"

    def score_rows(self) -> list[tuple]:
        """All targets, then each, the lowest score first."""
        last = {score.target: score for score in self.record.last_scores}
        kinds = {read.target: self.kind(read) for read in self.record.reads}
        worst = sorted(self.record.scores, key=lambda score: (score.score is None, score.score or 0, score.target))
        whole = self._score_row(self.say("security.all"), "", self.record.last_score, self.record.score)
        return [whole, *(self._score_row(score.target, kinds.get(score.target, ""), last.get(score.target), score) for score in worst[:TARGETS])]

    def _score_row(self, name: str, kind: str, before: Score | None, now: Score) -> tuple:
        if not self.measured:
            return (name, kind, self.scored(now.score), "-", "-", "-", str(now.failed), "-", str(now.unknown), str(now.excepted))
        return (name, kind, self.points(before.score if before else None), self.scored(now.score), self.change_of(now, before), self.points(now.strict),
                str(before.failed) if before else "-", str(now.failed), str(now.unknown), str(now.excepted))

    def ended(self, outcome: Outcome | None) -> Cell:
        return Cell("-") if outcome is None else self.result(outcome)


def hardening_chapter(c: Chapters) -> None:
    """One chapter, right after the summary."""
    r = HardeningReport(c.record.hardening, c.say)
    r.draft = c.draft
    c.draft.chapter(c.say("hardening.title"))
    c.draft.notice(r.headline(), r.tone())
    for write in (_scores, _controls, _changed, _exceptions, _remaining, _left_off):
        write(c, r)


def _scores(c: Chapters, r: HardeningReport) -> None:
    r.section("security.scores")
    c.draft.table(c.say.head("hardening_scores"), r.score_rows(), (1.8, *r.by_language(1.1, 1.2), 0.9, 0.9, 0.9, *r.by_language(1, 1.2), 1, 1, 1, 1),
                  "", dense=True)
    if len(r.record.scores) > TARGETS:
        c.text("inspection.targets_more", n=len(r.record.scores) - TARGETS)
    for read in r.found.unreached:
        c.draft.notice(c.say("hardening.not_read", target=read.target, why=read.problem.say(c.say.language) if read.problem else ""), "warn")
    c.text("hardening.how", check=r.hardening.check)


def _controls(c: Chapters, r: HardeningReport) -> None:
    """Equal rows of several targets are one."""
    r.section("hardening.controls")
    c.text("hardening.controls_text")
    groups: dict[tuple, list[HardenedControl]] = {}
    for one in r.hardening.controls:
        groups.setdefault((one.control, one.steps, one.objects, one.before, one.after), []).append(one)
    rows = []
    for (control, steps, objects, before, after), ones in groups.items():
        about = r.controls.get(control)
        named = [name for name in objects if name]
        where = "\n".join(filter(None, [r.names([one.target for one in ones]), r.names(named)]))
        rows.append((", ".join(map(str, steps)) or "-", control, r.title(about) if about else "-", where, r.references(about) if about else "-",
                     r.ended(before), r.ended(after)))
    c.draft.table(c.say.head("hardening_controls"), rows, (0.6, 1.2, 2.1, 1.7, 2.4, *r.by_language(0.9, 0.9) * 2), c.say("hardening.controls_none"), dense=True)


def _changed(c: Chapters, r: HardeningReport) -> None:
    say = c.say
    r.section("hardening.changed")
    if r.hardening.takes_back:
        c.text("hardening.changed_back", other=r.hardening.takes_back)
        return
    c.text("hardening.undo_done" if r.hardening.done else "hardening.undo_undone", number=c.record.number, letter=c.letters["commands"])
    outcomes = {(o.target, o.number): o for o in c.record.outcomes}
    undone = {(o.target, o.number): o for o in c.record.undone}
    rows = []
    for group in c.groups:
        done = [outcomes[key] for step in group.steps if (key := (step.target, step.number)) in outcomes]
        back = [undone[key] for step in group.steps if (key := (step.target, step.number)) in undone]
        result = c.results(done) if done else Cell(say("hardening.not_begun"))
        rows.append((str(group.number), c.title(group.step), c.hosts(group.targets), mono(_touched(group, say)), result,
                     c.results(back) if back else _way_back(group, say)))
    c.draft.table(say.head("hardening_changed"), rows, (0.5, 3, 1.4, 2.6, 1, 1.8), say("report.course_none"), dense=True)
    if any(step.files for group in c.groups for step in group.steps):
        c.text("hardening.lines")
        c.file_changes()


def _touched(group: StepGroup, say: Phrases) -> str:
    names = list(dict.fromkeys(name for step in group.steps for name in (*(change.path for change in step.files), *step.touches)))
    return "\n".join([*names[:PATHS], *([say("hardening.more_files", n=len(names) - PATHS)] if len(names) > PATHS else [])]) or "-"


def _way_back(group: StepGroup, say: Phrases) -> Cell:
    if not group.step.undo:
        return Cell(say("hardening.no_undo"), tone="warn")
    return Cell(say("hardening.undo_guarded" if group.step.confirm_s else "hardening.undo", seconds=say.duration(group.step.confirm_s)))


def _exceptions(c: Chapters, r: HardeningReport) -> None:
    r.section("security.exceptions")
    exceptions_table(r)


def _remaining(c: Chapters, r: HardeningReport) -> None:
    say = c.say
    r.section("hardening.remaining")
    if not r.measured:
        c.text("hardening.remaining_unknown")
        return
    if r.hardening.remaining:
        c.text("hardening.remaining_text")
    rows = []
    for one in r.hardening.remaining:
        about = r.controls.get(one.control)
        why = [say(f"hardening.reason.{one.reason}"), one.why.say(say.language)]
        rows.append((one.control, r.title(about) if about else "-", r.severity(about) if about else "-", r.where(one.rows), r.sayings(one.rows, 2),
                     Cell("\n".join(filter(None, why)), tone=TONES.get(one.reason, ""))))
    c.draft.table(say.head("hardening_remaining"), rows, (1.2, 1.8, *r.by_language(1, 0.9), 1.4, 2.1, 2.4), say("hardening.remaining_none"), dense=True)
    if r.record.score.unknown:
        c.text("hardening.unknown", n=r.record.score.unknown)


def _left_off(c: Chapters, r: HardeningReport) -> None:
    r.section("security.left_off")
    left_off_table(r)
