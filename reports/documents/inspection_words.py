"""How the inspection report names things: places, figures, deadlines, limits. The same words in paper, page and spreadsheet."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta

from reports.documents.findings import BYTES, Findings, Group, share
from reports.documents.paper import Cell, Tone
from reports.documents.phrases import Phrases
from reports.records import CheckAbout, CheckRow, Development, FullForecast, InspectionRecord, Outcome, TargetRead, Text

TONES: dict[Outcome, Tone] = {Outcome.CRITICAL: "bad", Outcome.WARNING: "warn", Outcome.OK: "good"}
NAMED = 4     # targets named in a field
SAYINGS = 3   # sentences quoted of findings of one kind
EXCERPT_LINES, EXCERPT = 2, 160
MENDABLE = 40  # checks named whose findings can become changes
BRIEF = ("cores", "databases")
FAR_DAYS = 36500  # a date later than this is not written


class Words:
    def __init__(self, record: InspectionRecord, say: Phrases) -> None:
        self.record, self.say = record, say
        self.found = Findings(record)

    # --- targets and places

    def names(self, names: Sequence[str], limit: int = NAMED) -> str:
        names = list(dict.fromkeys(names))
        some = self.say.join(names[:limit])
        return some if len(names) <= limit else self.say("inspection.names_more", some=some)

    def where(self, rows: Sequence[CheckRow], limit: int = NAMED, line: bool = False) -> str:
        """Up to four places by name; of more, how many on how many targets, and some of them. line: on one line."""
        if len(rows) <= limit:
            return (self.say("word.separator") if line else "\n").join(map(self.place, rows))
        targets = list(dict.fromkeys(row.target for row in rows))
        return self.say("inspection.where", targets=len(targets), places=len(rows), names=self.names(targets, limit))

    def place(self, row: CheckRow | Development | FullForecast) -> str:
        return f"{row.target} {self.object(row)}".strip()

    def object(self, row: CheckRow | Development | FullForecast) -> str:
        """Its name; where it is made of words of ours, in the language of the paper."""
        words, name = self.found.about(row.check).objects if self.say.language == "zh" else {}, row.object
        if name in words:
            return words[name]
        for word, zh in words.items():
            if name.endswith(f" {word}"):
                return name.removesuffix(word) + zh
            if name.startswith(f"{word} "):
                return zh + name.removeprefix(word)
        return name

    def about_target(self, read: TargetRead) -> str:
        parts = [self.say("inspection.colon", name=self.say.known("about", name), text=self._about(name, text)) for name, text in list(read.about.items())[:8]]
        return self.say("word.semicolon").join(parts)

    def brief(self, read: TargetRead, parts: int) -> str:
        """What it is, without the names of its facts: a bare figure says of what it is one."""
        return " / ".join(self.say(f"brief.{name}", n=int(text)) if name in BRIEF and text.isdigit() else self._about(name, text)
                          for name, text in list(read.about.items())[:parts])

    def _about(self, name: str, text: str) -> str:
        return f"{text.removesuffix(' d')} {self.say('unit.days')}" if name == "uptime" and text.endswith(" d") else text

    def kind(self, read: TargetRead) -> str:
        return self.say(f"target.{read.kind}")

    # --- outcomes

    def grade(self, outcome: Outcome) -> Cell:
        return Cell(self.say(f"outcome.{outcome.value}"), tone=TONES.get(outcome, ""))

    def counted(self, counts: Mapping[Outcome, int]) -> str:
        """critical 2, warning 3: what there is, the worst first."""
        order = (Outcome.CRITICAL, Outcome.WARNING, Outcome.UNKNOWN, Outcome.OK, Outcome.NOT_APPLICABLE)
        return self.say.join([f"{self.say(f'outcome.{outcome.value}')} {counts[outcome]}" for outcome in order if counts.get(outcome)])

    def result(self) -> str:
        counts = self.found.outcomes
        return self.say("inspection.result_value", critical=counts[Outcome.CRITICAL], warning=counts[Outcome.WARNING],
                        unknown=counts[Outcome.UNKNOWN], ok=counts[Outcome.OK], na=counts[Outcome.NOT_APPLICABLE])  # fmt: skip

    def conclusion(self) -> str:
        counts = self.found.outcomes
        return self.say(f"inspection.says.{self.record.grade.value}", critical=counts[Outcome.CRITICAL], warning=counts[Outcome.WARNING],
                        unknown=counts[Outcome.UNKNOWN], unreached=len(self.found.unreached))  # fmt: skip

    def targets_value(self) -> str:
        return self.say("inspection.targets_value", n=len(self.record.reads), read=len(self.found.reached))

    def change(self, row: CheckRow) -> str:
        found = self.found.changes.get((row.target, row.check, row.object))
        return self.say(f"change.{found}") if found else ""

    def changes(self, group: Group) -> str:
        """new 2, same 5; the bare word where all are alike."""
        counts = Counter(filter(None, map(self.change, group.rows)))
        if len(counts) == 1 and counts.total() == len(group.rows):
            return next(iter(counts))
        return "\n".join(f"{word} {n}" for word, n in counts.items())

    # --- what is said

    def title(self, check: CheckAbout) -> str:
        return check.title.say(self.say.language)

    def sayings(self, rows: Sequence[CheckRow], limit: int = SAYINGS, named: bool = True) -> str:
        """What the first rows say, equal sentences once; named: with the target where several say different things."""
        said: dict[str, list[str]] = {}
        for row in rows:
            said.setdefault(row.says.say(self.say.language), []).append(row.target)
        lines = [
            self.say("inspection.colon", name=self.names(targets, 3), text=text) if named and len(said) > 1 else text
            for text, targets in list(said.items())[:limit]
        ]
        rest = sum(len(targets) for targets in list(said.values())[limit:])
        return "\n".join([*lines, self.say("inspection.more_places", n=rest)] if rest else lines)

    def evidence(self, row: CheckRow, lines: int = EXCERPT_LINES) -> str:
        """The beginning of the lines that a finding rests on."""
        whole = re.sub(r"[ \t]*\n\s*", "\n", re.sub(r"[ \t]+", " ", row.evidence)).strip()
        text = "\n".join(line[:120] for line in whole.split("\n")[:lines])[: EXCERPT * lines // EXCERPT_LINES].rstrip()
        return text + (" ..." if text and len(text) < len(whole) else "")

    def advice(self, check: CheckAbout) -> str:
        parts = [check.remedy.say(self.say.language) or self.say("inspection.no_remedy")]
        if check.operation:
            how = "inspection.by_tuning" if check.operation == "configuration-tuning" else "inspection.by_operation"
            parts.append(self.say(how, name=self.say.known("word.procedure", check.operation), procedure=check.operation,
                                  number=self.record.number, check=check.id))
        return "\n".join(parts)

    def mendable(self, groups: Sequence[Group]) -> str:
        """How findings become changes, in one sentence; nothing where none can."""
        if not (able := [group.check for group in groups if group.check.operation]):
            return ""
        return self.say("inspection.page.mend", number=self.record.number, checks=self.say.joined(list(dict.fromkeys(check.id for check in able)), MENDABLE),
                        procedures=self.say.join(list(dict.fromkeys(check.operation for check in able))))

    def deadline(self, outcome: Outcome) -> str:
        return self.say(f"inspection.deadline.{outcome.value}")

    def limits(self, check: CheckAbout) -> str:
        lines = []
        for name, limit in check.limits.items():
            sign = "≥" if limit.over else "≤"
            both = (("warning", limit.warning), ("critical", limit.critical))
            text = self.say.join([f"{self.say(f'limit.{word}')} {sign} {self._limit(value, limit.unit)}" for word, value in both if value is not None])
            if limit.source:
                text = self.say("inspection.limit_source", limit=text, source=self._judgement(limit.source))
            lines.append(self.say("inspection.colon", name=name, text=text) if len(check.limits) > 1 else text)
        return "\n".join(lines)

    def _limit(self, value: float, unit: str) -> str:
        return self.amount(value, unit) if unit in BYTES else f"{value:,.10g} {self.say.known('unit', unit)}".rstrip()

    def source(self, check: CheckAbout) -> str:
        return "\n".join(filter(None, [self._judgement(check.source), check.clause]))

    def _judgement(self, source: Text) -> str:
        """Beside titles of documents, these are the only words of ours that need no Chinese where they stand."""
        return source.say(self.say.language).replace("own judgement", self.say("inspection.own_judgement"))

    # --- figures

    def percent(self, row: CheckRow | FullForecast) -> str:
        full = share(row)
        return "" if full is None else f"{full:.1f} %"

    def amount(self, value: float, unit: str, a_day: bool = False) -> str:
        """A figure with its unit, bytes as the largest unit that leaves a figure of one or more."""
        if unit in BYTES:
            size = value * BYTES[unit]
            for name in ("TiB", "GiB", "MiB", "KiB"):
                if abs(size) >= BYTES[name]:
                    return f"{size / BYTES[name]:,.1f} {name}"
            return f"{size:,.0f} B"
        figure = f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.2f}" if a_day or abs(value) < 10 else f"{value:.1f}"
        return f"{figure} {self.say.known('unit', unit)}".strip()

    def day(self, days: float) -> str:
        return self.say.moment(self.record.finished_at + timedelta(days=days))[:10] if 0 <= days <= FAR_DAYS else ""

    def in_days(self, days: float | None, line: bool = False) -> str:
        if days is None or days > FAR_DAYS:
            return self.say("inspection.not_in_sight")
        if days <= 0:
            return self.say("inspection.already")
        return self.say("inspection.in_days_line" if line else "inspection.in_days", n=max(1, round(days)), day=self.day(days))
