"""What both papers say: hosts, versions, media, rehearsal, steps, commands. A record goes in, blocks of a paper come out."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import cached_property

from reports.documents.commands import Commands, commands_of
from reports.documents.grouping import (
    SCRIPTS,
    StepGroup,
    configuration_grouped,
    differences_grouped,
    improvements_ordered,
    in_words,
    last_outcomes,
    media_grouped,
    outcomes_by_key,
    ranges,
    step_groups,
    versions_grouped,
)
from reports.documents.paper import Cell, Draft, mono
from reports.documents.phrases import Phrases
from reports.records import (
    Approval,
    Approver,
    ChangeRecord,
    Cluster,
    Difference,
    Health,
    Medium,
    Plan,
    Rehearsal,
    Step,
    StepOutcome,
    Survey,
)
from reports.records.measurement import WHY, effects_of, figure, measured, percent, spread, wanted

NAMED_HOSTS = 8  # more hosts than these are counted in a table and listed in an appendix
TOP = 20  # rows of a summary in a chapter
_DIGEST = re.compile(r"\b([0-9a-f]{12})[0-9a-f]{52}\b")


def _backup_of(medium: Medium) -> str:
    """The number of the backup that a medium is a file of; empty: it is none."""
    return medium.source.removeprefix("backup ") if medium.source.startswith("backup ") else ""


def lettered(record: ChangeRecord, names: Sequence[str]) -> dict[str, str]:
    """The letter of each appendix, by name, in this order. New versions, files and repairs have one where there are some, an upgrade always."""
    plan = record.plan
    empty = {name for name in ("versions", "media", "improvements") if not getattr(plan, name)} if plan and record.procedure != "software-upgrade" else set()
    return {name: chr(ord("A") + place) for place, name in enumerate(name for name in names if name not in empty)}


class Chapters:
    """Writes chapters of one paper into a draft. `letters`: which appendix holds what, by name."""

    def __init__(self, record: ChangeRecord, say: Phrases, letters: dict[str, str]) -> None:
        self.record, self.say, self.letters = record, say, letters
        self.draft = Draft(say.language)
        self.plan: Plan | None = record.plan
        self.rehearsal: Rehearsal | None = record.rehearsal
        self.groups: list[StepGroup] = step_groups(self.plan) if self.plan else []
        self.all_hosts = set(self.plan.targets) if self.plan else {survey.target for survey in record.before}

    @cached_property
    def commands(self) -> Commands:
        return commands_of(self)

    # --- small things

    def text(self, key: str, **values: object) -> None:
        self.draft.paragraph(self.say(key, **values))

    def hosts(self, names: Sequence[str], letter: str = "hosts") -> str:
        """Names of hosts, short enough for a table."""
        names = list(dict.fromkeys(names))
        if not names:
            return self.say("word.every_host")
        if len(names) <= NAMED_HOSTS:
            return self.say.join(names)
        if set(names) == self.all_hosts:
            return self.say("word.all_hosts", n=len(names))
        if letter not in self.letters:
            return self.say("page.more_hosts", some=self.say.join(names[:4]), n=len(names))
        return self.say("word.hosts_and_more", some=self.say.join(names[:4]), n=len(names), letter=self.letters[letter])

    def full_hosts(self, names: Sequence[str]) -> str:
        """Every name, unless it is simply all hosts of the plan."""
        names = list(dict.fromkeys(names))
        return self.hosts(names) if set(names) == self.all_hosts else self.say.join(names)

    def title(self, step: Step | StepOutcome) -> str:
        return step.title.say(self.say.language)

    def title_and_host(self, step: Step | StepOutcome) -> str:
        """With its host where the steps go to and fro between hosts, and two of them may bear one name."""
        return f"{step.target} · {self.title(step)}" if self.plan and self.plan.in_order else self.title(step)

    def procedure(self) -> str:
        return self.say.known("word.procedure", self.record.procedure)

    def subject(self) -> str:
        return self.plan.title.say(self.say.language) if self.plan else self.say("cover.no_plan")

    def span(self, seconds: Sequence[float]) -> str:
        """The longest time, or from the shortest to the longest."""
        if not seconds:
            return self.say("word.not_measured")
        low, high = self.say.duration(min(seconds)), self.say.duration(max(seconds))
        return high if low == high else self.say("word.range", low=low, high=high)

    # --- times

    def upgrade_seconds(self) -> float | None:
        """The longest upgrade of one host in the rehearsal; None if there was none."""
        return self._seconds(self.rehearsal.outcomes) if self.rehearsal else None

    def undo_seconds(self) -> float | None:
        return self._seconds(self.rehearsal.undone) if self.rehearsal else None

    def interrupted_seconds(self) -> float | None:
        """How long users were cut off in the rehearsal of a plan in order; of other plans the hosts are interrupted one by one, each by itself."""
        if self.plan is None or self.rehearsal is None or not self.plan.in_order:
            return None
        interrupting = {step.number for step in self.plan.steps if step.interrupts}
        there = [outcome.seconds for outcome in self.rehearsal.outcomes if outcome.number in interrupting]
        return sum(there) if there else None

    def _seconds(self, outcomes: Sequence[StepOutcome]) -> float | None:
        one_after_the_other = self.plan is not None and self.plan.in_order and bool(outcomes)
        return sum(outcome.seconds for outcome in outcomes) if one_after_the_other else _longest(outcomes)

    def timetable_facts(self) -> list[tuple[str, str]]:
        say, plan = self.say, self.plan
        if plan is None:
            return []
        batches = max(1, len(plan.batches))
        upgrade, undo = self.upgrade_seconds(), self.undo_seconds()
        if plan.window:
            opens, closes = plan.window.opens_at, plan.window.closes_at
            window = say(
                "time.window_value",
                start=say.moment(opens),
                end=say.moment(closes),
                length=say.duration((closes - opens).total_seconds()),
            )
        else:
            window = say("time.no_window")
        unknown = say("time.unknown_waived" if plan.no_rehearsal else "time.unknown")
        if upgrade is None:
            expected = unknown
        elif batches == 1:
            expected = say("time.expected_one", all=say.duration(upgrade))
        else:
            expected = say("time.expected_value", all=say.duration(upgrade * batches), one=say.duration(upgrade), batches=batches)
        rows = [
            (say("time.window"), window),
            (say("time.expected"), expected),
            (say("time.back_out"), unknown if undo is None else say.duration(undo * batches)),
        ]
        if (interrupted := self.interrupted_seconds()) is not None:
            rows.insert(2, (say("time.interruption"), say("time.interruption_value", time=say.duration(interrupted))))
        if plan.window and undo is not None:
            latest = plan.window.closes_at - timedelta(seconds=undo * batches)
            rows.append((say("time.latest"), say("time.latest_value", at=say.moment(latest))))
        rows.append((say("time.no_return"), self.no_return()))
        return rows

    def window_too_short(self) -> bool:
        upgrade, undo = self.upgrade_seconds(), self.undo_seconds()
        if not self.plan or not self.plan.window or upgrade is None:
            return False
        length = (self.plan.window.closes_at - self.plan.window.opens_at).total_seconds()
        return (upgrade + (undo or 0.0)) * max(1, len(self.plan.batches)) > length

    def no_return(self) -> str:
        say, plan = self.say, self.plan
        if plan is None:
            return say("cover.no_plan")
        if self.goes_back:
            return say("time.no_return_back_out")
        if step := plan.point_of_no_return:
            return say("time.no_return_value", step=self.title(step), host=step.target, number=step.number)
        limited = [self.title(group.step) for group in self.groups if group.step.reversible != "auto"]
        return say("time.no_no_return_but", steps=say.join(limited)) if limited else say("time.no_no_return")

    @property
    def goes_back(self) -> bool:
        """Whether this is a back-out, which has no way back of its own."""
        return self.plan is not None and self.plan.kind == "back-out"

    # --- chapters

    def repairs_something(self) -> bool:
        """Whether the plan is of a kind that repairs or adds something that can be listed: new versions, findings. Others have a reason, and that is all."""
        return self.plan is None or bool(self.plan.improvements) or self.record.procedure == "software-upgrade"

    def improvements(self, rows: int, key: str = "improvements.top", head: str = "improvements") -> None:
        say = self.say
        found = improvements_ordered(self.plan.improvements) if self.plan else []
        if not found:
            self.text("improvements.none")
            return
        counts = Counter(improvement.kind for improvement in found)
        kinds = say.join([say("improvements.kind_count", kind=say(f"improvement.{kind}"), n=n) for kind, n in counts.items()])
        of_versions = any(improvement.version for improvement in found)  # else they are findings of an inspection or a check
        lead = say("improvements.count" if of_versions else "improvements.count_found", n=len(found), kinds=kinds)
        if len(found) > rows:
            lead += ("" if say.language == "zh" else " ") + say(key, n=rows, letter=self.letters.get("improvements", ""))
        self.draft.paragraph(lead)
        self.improvements_table(found[:rows], head)

    def improvements_table(self, found, head: str = "improvements") -> None:
        say, short = self.say, head == "improvements_page"

        def line(text: str) -> str:
            first = text.strip().split("\n")[0]
            return first if len(first) <= 160 else first[:157] + "..."

        if found and not any(i.version or i.references for i in found):  # findings of a check, by its number
            self.draft.table(say.head("improvements_found"), [(mono(i.name), line(i.text.say(say.language))) for i in found], (1.6, 7), "")
            return
        rows = [
            (
                mono(i.name),
                *(() if short else (mono(i.version),)),
                say(f"improvement.{i.kind}"),
                line(i.text.say(say.language)) if short else i.text.say(say.language).strip(),
                say.joined(i.references, 3 if short else 6),
            )
            for i in found
        ]
        self.draft.table(say.head(head), rows, (2, 1, 5, 2.2) if short else (1.7, 1.9, 1.1, 4.5, 1.9), say("improvements.none"))

    def batches(self) -> None:
        say, plan = self.say, self.plan
        if plan is None or not plan.targets:
            self.text("scope.no_hosts")
            return
        if len(plan.targets) == 1:
            self.text("scope.one_host")
        else:
            self.text("scope.in_order" if plan.in_order else "scope.hosts", n=len(plan.targets), batches=len(plan.batches))
        rows = [
            (
                say("scope.batch_first") if n == 1 and len(plan.batches) > 1 else say("scope.batch", n=n),
                str(len(batch)),
                say.join(batch),
            )
            for n, batch in enumerate(plan.batches, 1)
        ]
        self.draft.table(say.head("batches"), rows, (1.5, 0.9, 6), say("scope.no_hosts"))

    def risk(self) -> None:
        say, plan = self.say, self.plan
        tone = {"low": "good", "medium": "warn", "high": "bad", "unknown": "warn"}[plan.risk.level]
        self.draft.notice(say("scope.risk", level=say(f"risk.{plan.risk.level}")), tone)
        if plan.risk.reasons:
            self.text("scope.risk_reasons")
            self.draft.items([reason.say(say.language) for reason in plan.risk.reasons])
        for owed in self.record.owed:
            self.draft.notice(say("scope.owed", what=owed.say(say.language)), "warn")

    def interruptions(self) -> None:
        say = self.say
        steps = [say("word.quoted", text=self.title(group.step)) for group in self.groups if any(step.interrupts for step in group.steps)]
        if steps:
            self.text("scope.interrupts", steps=self.say.join(steps))
        else:
            self.text("scope.no_interrupts")

    def blockers(self) -> None:
        if self.plan.blockers:
            self.draft.notice(self.say("versions.blocked"), "bad")
            self.draft.items([blocker.say(self.say.language) for blocker in self.plan.blockers])
            self.text("versions.unblock")
        else:
            self.text("versions.not_blocked")

    def versions(self) -> None:
        say = self.say
        groups = versions_grouped(self.plan.versions) if self.plan else []
        if not groups:
            self.text("versions.unsettled" if self.plan and self.plan.blockers else "versions.none")
            return
        lead = say(
            "versions.count",
            names=len({change.name for change, _ in groups}),
            hosts=len({v.target for v in self.plan.versions}),
            n=len(self.plan.versions),
        )
        if len(groups) > TOP:
            lead += ("" if say.language == "zh" else " ") + say("versions.top", n=TOP, letter=self.letters["versions"])
        self.draft.paragraph(lead)
        self._versions_table(groups[:TOP])

    def _versions_table(self, groups) -> None:
        say = self.say
        self.draft.table(
            say.head("versions_changed"),
            [
                (
                    mono(change.name),
                    mono(change.before or say("versions.absent")),
                    mono(change.after or say("versions.absent")),
                    say.size(change.size) if change.size else "-",
                    self.hosts(targets),
                )
                for change, targets in groups
            ],
            (2.4, 2.1, 2.1, 1.2, 1.9),
            say("versions.none"),
        )

    def media(self) -> None:
        say = self.say
        groups = media_grouped(self.plan.media) if self.plan else []
        if not groups:
            self.text("media.none" if "media" in self.letters else "media.not_used")
            return
        new, old = sum(m.role == "new" for m, _ in groups), sum(m.role == "old" for m, _ in groups)
        kept = all(_backup_of(m) for m, _ in groups)
        lead = [
            say("media.count_backup" if kept else "media.count", new=new, old=old, size=say.size(sum(m.size for m, _ in groups))),
            say("media.top", n=TOP, letter=self.letters["media"])
            if len(groups) > TOP
            else say("media.all", letter=self.letters["media"]),
        ]
        self.draft.paragraph(("" if say.language == "zh" else " ").join(lead))
        self.draft.table(
            say.head("media"),
            [
                (
                    mono(m.name),
                    say("role.backup" if _backup_of(m) else f"role.{m.role}"),
                    say.size(m.size),
                    Cell(say("media.of_backup", number=_backup_of(m))) if _backup_of(m) else mono(m.source),
                    say(f"delivered.{m.delivered}"),
                )
                for m, _ in groups[:TOP]
            ],
            (2.6, 1.2, 0.9, 3.4, 1.2),
            say("media.none"),
        )
        self.draft.items(
            [say("media.signature", text=text) for text in list(dict.fromkeys(m.signature.say(say.language) for m, _ in groups if m.signature))[:6]]
        )

    def rehearsal_chapter(self, missing: str) -> None:
        """missing: the sentence where there was none."""
        say, rehearsal = self.say, self.rehearsal
        if rehearsal is None:
            if self.plan and self.plan.no_rehearsal:
                self.text("rehearsal.none_needed", why=self.plan.no_rehearsal.say(say.language))
            else:
                self.draft.notice(say(missing), "warn")
            return
        self.rehearsal_result()
        if self.plan and rehearsal.plan != self.plan.fingerprint():
            self.draft.notice(say("purpose.basis_other"), "bad")
        self.draft.facts(self.rehearsal_facts())
        self.draft.section(say("rehearsal.copies"))
        if rehearsal.copies:
            self.text("rehearsal.copies_text")
        self.draft.table(
            say.head("copies"),
            [
                (c.target, mono(c.place), say.size(c.bytes_read), say.size(c.bytes_in_use), say.duration(c.seconds))
                for c in rehearsal.copies
            ],
            (2, 3, 1.4, 1.6, 1.4),
            say("rehearsal.no_copies"),
        )
        if masked := list(dict.fromkeys(item.say(say.language) for copy in rehearsal.copies for item in copy.masked)):
            self.text("rehearsal.masked", items=say.joined(masked, 12))
        if left_out := list(dict.fromkeys(item.say(say.language) for copy in rehearsal.copies for item in copy.left_out)):
            self.text("rehearsal.left_out", items=say.joined(left_out, 12))
        self.draft.section(say("rehearsal.deviations"))
        if rehearsal.deviations:
            if any(copy.masked for copy in rehearsal.copies):
                self.text("rehearsal.deviations_masked")
            self.draft.items([_DIGEST.sub(r"\1…", deviation.say(say.language)) for deviation in rehearsal.deviations])
        else:
            self.text("rehearsal.no_deviations")
        self.draft.section(say("rehearsal.steps"))
        self.rehearsed_steps()
        self.measurements(rehearsal.outcomes, live=False)
        self.draft.section(say("rehearsal.checks"))
        self.rehearsed_checks()
        if rehearsal.changed:
            self.text("rehearsal.changed", n=len(rehearsal.changed))
        if rehearsal.remaining:
            self.draft.section(say("rehearsal.remaining"))
            self.differences(rehearsal.remaining)

    def rehearsal_result(self) -> None:
        say, rehearsal = self.say, self.rehearsal
        if not rehearsal.passed:
            why = rehearsal.problem.say(say.language) or say("rehearsal.no_problem_given")
            self.draft.notice(say("rehearsal.failed", problem=why), "bad")
        elif rehearsal.undone and rehearsal.outcomes and not rehearsal.remaining:
            self.draft.notice(say("rehearsal.passed"), "good")
        else:
            self.draft.notice(say("rehearsal.passed_plain"), "good")

    def rehearsal_facts(self) -> list[tuple[str, str | Cell]]:
        say, rehearsal = self.say, self.rehearsal
        if rehearsal.remaining:
            proof = Cell(say("rehearsal.proof_bad", n=len(rehearsal.remaining)), tone="bad")
        elif rehearsal.undone:
            proof = Cell(say("rehearsal.proof_good"))
        else:
            proof = Cell(say("rehearsal.proof_none"))
        return [
            (say("rehearsal.place"), say(f"place.{rehearsal.place}")),
            (
                say("rehearsal.time"),
                say("rehearsal.time_value", start=say.moment(rehearsal.started_at), end=say.moment(rehearsal.finished_at)),
            ),
            (say("rehearsal.took"), say.duration(self.upgrade_seconds())),
            (say("rehearsal.undo_took"), say.duration(self.undo_seconds())),
            (say("rehearsal.proof"), proof),
        ]

    def rehearsed_steps(self, page: bool = False) -> None:
        """Each step's result and time, and its undo's."""
        say, rehearsal = self.say, self.rehearsal
        undone = outcomes_by_key(rehearsal.undone)
        numbers = {group.key: group.number for group in self.groups}
        rows = []
        for place, (key, outcomes) in enumerate(outcomes_by_key(rehearsal.outcomes).items(), 1):
            row: list[str | Cell] = [
                str(numbers.get(key, place)),
                self.title_and_host(outcomes[0]),
                str(len({o.target for o in outcomes})),
                self.results(outcomes),
                self.span([o.seconds for o in outcomes]),
                self.span([o.seconds for o in undone[key]]) if key in undone else "-",
            ]
            rows.append(row[:2] + row[3:] if page else row)
        if page:
            self.draft.table(say.head("rehearsed_page"), rows, (0.6, 4, 1.3, 1.6, 1.6), say("rehearsal.no_steps"))
        else:
            self.draft.table(say.head("rehearsed"), rows, (0.6, 3.7, 1.1, 1.3, 1.6, 1.6), say("rehearsal.no_steps"))

    def results(self, outcomes: Sequence[StepOutcome]) -> Cell:
        """ "done", or the counts of each result; red if one is not good."""
        say, counts = self.say, Counter(o.result for o in outcomes)
        bad = any(o.result not in ("done", "nothing to do") for o in outcomes)
        words = (
            [say(f"result.{result}") for result in counts]
            if len(counts) == 1
            else [say("report.result_count", result=say(f"result.{result}"), n=n) for result, n in counts.items()]
        )
        return Cell(say.join(words), tone="bad" if bad else "")

    def rehearsed_checks(self) -> None:
        say, rehearsal = self.say, self.rehearsal
        columns = (rehearsal.health_before, rehearsal.health_after, rehearsal.health_undone)
        answers: dict[str, list[list[Health]]] = {}
        for place, healths in enumerate(columns):
            for health in healths:
                answers.setdefault(health.title.say(say.language), [[], [], []])[place].append(health)
        rows = [(title, *(self._answer(group) for group in groups)) for title, groups in answers.items()]
        self.draft.table(say.head("health3"), rows, (3.4, 1.5, 1.5, 1.5), say("rehearsal.no_checks"))

    def _answer(self, healths: Sequence[Health]) -> Cell:
        if not healths:
            return Cell("-")
        bad = [health for health in healths if not health.ok]
        return Cell(self.say("word.bad"), tone="bad") if bad else Cell(self.say("word.good"))

    def differences(self, found: Sequence[Difference], rows: int | None = None, empty: str = "appendix.no_differences", head: str = "differences") -> None:
        say = self.say
        groups = differences_grouped(found)[:rows]
        self.draft.table(
            say.head(head),
            [
                (
                    self.hosts(hosts),
                    say(f"difference.{d.kind}"),
                    mono(self._health_titles().get(d.name, d.name) if d.kind == "health" else d.name),
                    mono(in_words(d.kind, d.before, say.language) or say("word.absent")),
                    mono(in_words(d.kind, d.after, say.language) or say("word.absent")),
                )
                for d, hosts in groups
            ],
            (1.6, 1.2, 2.4, 2.2, 2.2),
            say(empty),
        )

    def _health_titles(self) -> dict[str, str]:
        """Of the hosts' own checks, by their English title, as differences name them."""
        surveys = (*self.record.before, *self.record.after)
        return {health.title.en: health.title.say(self.say.language) for survey in surveys for health in survey.health}

    # --- settings, and loads that judge them

    def settings(self, outcomes: Sequence[StepOutcome] = ()) -> None:
        """Every setting before and after, and what it really is, as the steps last saw it; nothing where the plan has none."""
        say, plan = self.say, self.plan
        if plan is None or not plan.settings:
            return
        self.draft.section(say("settings.title"))
        effects = {target: effects_of(outcomes, target) for target in plan.targets}
        rows = [
            (
                one.target,
                mono(f"{one.system} {one.name}"),
                mono(one.before),
                one.source.say(say.language),
                mono(one.after),
                mono(effects[one.target].get(one.name) or "-"),
                say(f"takes.{one.takes}"),
            )
            for one in plan.settings
        ]
        self.draft.table(say.head("settings"), rows, (1, 2, 1.3, 2.2, 1.3, 1.3, 1.1), say("settings.none"))

    def measurements(self, outcomes: Sequence[StepOutcome] = (), live: bool = True) -> None:
        """Every load, its criterion, its figures before and after, and what follows; nothing where the plan has none."""
        say, plan = self.say, self.plan
        if plan is None or not plan.measurements:
            return
        self.draft.section(say("measured.title"))
        self.text("measured.how", seconds=say.duration(max(one.seconds for one in plan.measurements)))
        rows, rounds = [], []
        for one in plan.measurements:
            found = measured(one, outcomes)
            where = one.on_host if live else one.on_copy
            rows.append(
                (
                    one.target,
                    one.title.say(say.language),
                    spread(found.before, one.unit) or "-",
                    spread(found.after, one.unit) or "-",
                    "-" if found.gain_pct is None else f"{found.gain_pct:+.1f} %",
                    "-" if found.chance_pct is None else percent(found.chance_pct),
                    Cell(WHY[found.why].say(say.language), tone="" if found.kept else "bad")
                    if found.before or found.after
                    else Cell(say("measured.not_yet") if where else say("measured.not_here")),
                )
            )
            rounds.append(say("measured.wanted", title=one.title.say(say.language), wanted=wanted(one).say(say.language)))
            for when, figures in (("before", found.before), ("after", found.after)):
                if figures:
                    rounds.append(say(f"measured.{when}", target=one.target, title=one.title.say(say.language), figures=say.join([figure(f) for f in figures])))
        self.draft.table(say.head("measured"), rows, (1, 1.8, 1.9, 1.9, 1, 1, 1.6), say("measured.none"))
        self.draft.items(list(dict.fromkeys(rounds)))

    # --- appendices

    def appendices(self, **others: Callable[[], None]) -> None:
        """Those that have a letter, in their order. others: what only one of the papers has, by name."""
        for name in self.letters:
            others[name]() if name in others else getattr(self, f"appendix_{name}")()

    def file_changes(self) -> None:
        """What every step changes in files, as people compare texts; nothing where no step says so."""
        for group in self.groups:
            for variant in group.variants:
                if variant.step.files:
                    on = "" if len(group.variants) == 1 else f" ({self.hosts(variant.targets)})"
                    self.draft.code(f"{self.title(group.step)}{on}", self._compared(variant.step))

    def _compared(self, step: Step) -> str:
        lines = []
        for change in step.files:
            lines.append(change.path + (f"  ({self.say('part.whole')})" if change.whole else ""))
            lines += [f"- {line}" for line in change.before] + [f"+ {line}" for line in change.after]
        return "\n".join(lines)

    def appendix_commands(self) -> None:
        say, draft = self.say, self.draft
        draft.appendix(say("appendix.commands"))
        if not self.groups:
            self.text("appendix.no_commands")
            return
        if self.commands.apart:
            self._commands_apart()
            return
        self.text("appendix.commands_text_waived" if self.plan and self.plan.no_rehearsal else "appendix.commands_text")
        for group in self.groups:
            draft.section(self.title(group.step))
            first = group.variants[0]
            for place, variant in enumerate(group.variants, 1):
                step = variant.step
                facts: list[tuple[str, str | Cell]] = [
                    (say("appendix.step_hosts"), self.full_hosts(variant.targets)),
                    (say("appendix.step_numbers"), ranges(s.number for s in variant.steps)),
                    (say("appendix.step_account"), mono(step.account)),
                    (say("appendix.step_limit"), say.duration(step.time_limit_s)),
                    *([(say("appendix.step_confirm"), say.duration(step.confirm_s))] if step.confirm_s else []),
                    (say("appendix.step_expected"), step.expected.say(say.language)),
                ]
                if len(group.variants) > 1:
                    draft.paragraph(say("appendix.variant", n=place))
                draft.facts(facts)
                same = [name for name in SCRIPTS if variant is not first and getattr(step, name) == getattr(first.step, name)]
                if shown := [say(f"part.{name}") for name in same if getattr(step, name)]:
                    self.text("part.same", parts=say.join(shown))
                if step.files:
                    draft.code(say("part.files"), self._compared(step))
                for name in SCRIPTS:
                    script = getattr(step, name)
                    if script.strip() and name not in same:
                        draft.code(say(f"part.{name}"), script)
        if self.plan.acceptance:
            draft.section(say("appendix.acceptance"))
            for acceptance, hosts in self.acceptance_grouped():
                draft.code(
                    say(
                        "appendix.acceptance_hosts",
                        title=acceptance.title.say(say.language),
                        account=acceptance.account,
                        hosts=self.hosts(hosts),
                    ),
                    acceptance.command,
                )

    def _commands_apart(self) -> None:
        """Where each step's commands stand in the file beside the paper."""
        say = self.say
        self.text("appendix.commands_apart", lines=self.commands.lines, digest=self.commands.digest)
        rows = [(str(group.number), self.title(group.step), self.hosts(group.targets), mono(group.step.account), say.duration(group.step.time_limit_s),
                 say.duration(group.step.confirm_s) if group.step.confirm_s else "-", "-".join(map(str, self.commands.places[group.key])))
                for group in self.groups]
        self.draft.table(say.head("commands_apart"), rows, (0.6, 3.6, 1.3, 0.9, 0.9, 1, 1.2), "", dense=True)

    def acceptance_grouped(self):
        groups: dict[str, tuple] = {}
        for acceptance in self.plan.acceptance if self.plan else ():
            key = acceptance.model_copy(update={"target": ""}).canonical()
            groups.setdefault(key, (acceptance, []))[1].append(acceptance.target)
        return list(groups.values())

    def appendix_hosts(self) -> None:
        say, draft = self.say, self.draft
        draft.appendix(say("appendix.hosts"))
        surveys = {survey.target: survey for survey in self.record.before}
        batch_of = {host: str(n) for n, batch in enumerate(self.plan.batches if self.plan else (), 1) for host in batch}
        names = list(dict.fromkeys([*(self.plan.targets if self.plan else ()), *surveys]))
        rows = []
        for name in names:
            survey = surveys.get(name)
            rows.append(
                (
                    name,
                    batch_of.get(name, "-"),
                    *(
                        ("-",) * 5
                        if survey is None
                        else (
                            survey.os_name or survey.os_id,
                            str(len(survey.packages)),
                            self._running(survey),
                            str(len(survey.ports)),
                            say.size(survey.memory_kib * 1024) if survey.memory_kib else "-",
                        )
                    ),
                )
            )
        draft.table(say.head("hosts"), rows, (2, 0.8, 2.8, 1, 1.1, 0.8, 1.3), say("appendix.no_hosts"))

        if len(self.databases()) > TOP:
            draft.section(say("facts.databases"))
            self.databases_table()

    def databases(self) -> list[tuple[Survey, Cluster]]:
        return [(survey, cluster) for survey in self.record.before for cluster in survey.clusters]

    def databases_table(self) -> None:
        say = self.say
        self.draft.table(
            say.head("databases"),
            [
                (
                    s.target,
                    mono(f"{d.engine} {d.name}"),
                    d.version,
                    str(d.port),
                    say("word.running" if d.running else "word.stopped"),
                    str(len(d.tables)),
                    f"{sum(t.rows for t in d.tables):,}",
                )
                for s, d in self.databases()
            ],
            (2, 2.1, 1, 0.8, 0.9, 0.8, 1.3),
            say("facts.no_databases"),
        )

    def _running(self, survey: Survey) -> str:
        return f"{sum(s.active == 'active' for s in survey.services)}/{len(survey.services)}"

    def appendix_versions(self) -> None:
        self.draft.appendix(self.say("appendix.versions"))
        self._versions_table(versions_grouped(self.plan.versions) if self.plan else [])

    def appendix_media(self) -> None:
        say = self.say
        self.draft.appendix(say("appendix.media"))
        groups = media_grouped(self.plan.media) if self.plan else []
        self.draft.table(
            say.head("media_full"),
            [(mono(m.name), say.size(m.size), mono(m.sha256), self.hosts(hosts)) for m, hosts in groups],
            (2.6, 1.1, 4.2, 1.5),
            say("media.none"),
        )

    def appendix_improvements(self) -> None:
        self.draft.appendix(self.say("appendix.improvements"))
        found = improvements_ordered(self.plan.improvements) if self.plan else []
        if any(improvement.version for improvement in found):
            self.text("improvements.words")
        self.improvements_table(found)

    def appendix_configuration(self) -> None:
        say = self.say
        self.draft.appendix(say("appendix.configuration"))
        groups = configuration_grouped(self.record.before)
        if groups:
            self.text("appendix.configuration_text")
        self.draft.table(
            say.head("configuration"),
            [(mono(path), mono(digest), self.hosts(hosts)) for path, digest, hosts in groups],
            (3, 4.4, 1.6),
            say("appendix.no_configuration"),
        )

    def appendix_digests(self) -> None:
        say, record = self.say, self.record
        self.draft.appendix(say("appendix.digests"))
        rows = [(say("digest.asked"), mono(record.asked.digest))] if record.asked else []
        rows += [
            (say("digest.approved", name=a.name or say("digest.nobody"), decision=say(f"decision.{a.decision}")), mono(a.digest))
            for a in record.approvals
        ]
        self.draft.table(say.head("digests"), rows, (3, 5), say("appendix.no_digests"))
        self.draft.section(say("appendix.facts_digests"))
        facts = record.plan.facts if record.plan else {}
        self.draft.table(
            say.head("facts_digests"),
            [(host, mono(digest)) for host, digest in facts.items()],
            (2, 5),
            say("appendix.no_facts_digests"),
        )

    # --- who and when

    def approvers(self) -> list[Approver]:
        """Who may approve: those the customer named, without the requester."""

        def plain(name: str) -> str:
            return "".join(name.split()).casefold()

        return [
            a for a in (self.record.asked.approvers if self.record.asked else ()) if plain(a.name) != plain(self.record.requester)
        ]

    def last_approval(self) -> Approval | None:
        """The answer to what was asked last; None if there is none to exactly that."""
        asked = self.record.asked
        fitting = [a for a in self.record.approvals if asked is None or a.digest == asked.digest]
        return max(fitting, key=lambda a: a.decided_at, default=None)

    def approval_state(self) -> str:
        approval = self.last_approval()
        if approval is None:
            return self.say("state.asked" if self.record.asked else "state.not_asked")
        return self.say(f"state.{approval.decision}", **({"name": approval.name} if approval.decision == "approved" else {}))


def _longest(outcomes: Sequence[StepOutcome]) -> float | None:
    """Seconds of all steps of one host, for the host that took longest."""
    totals: dict[str, float] = {}
    for outcome in outcomes:
        totals[outcome.target] = totals.get(outcome.target, 0.0) + outcome.seconds
    return max(totals.values(), default=None)


__all__ = ["NAMED_HOSTS", "TOP", "Chapters", "last_outcomes"]
