"""How the diagnosis report and its pages name things."""

from __future__ import annotations

from reports.documents.inspection_words import TONES, Words
from reports.documents.paper import Cell, Tone
from reports.documents.phrases import Phrases
from reports.records import AccessScope, Cause, DiagnosisRecord, Outcome, RecentChange, Sighting, Text

SEVERITY_TONES: dict[str, Tone] = {"critical": "bad", "warning": "warn", "info": ""}


class DiagnosisWords(Words):
    """The words of an inspection, over its readings, and those of the diagnosis."""

    def __init__(self, diagnosis: DiagnosisRecord, say: Phrases) -> None:
        super().__init__(diagnosis.readings, say)
        self.diagnosis = diagnosis

    def text_of(self, text: Text) -> str:
        return text.say(self.say.language)

    def targets_named(self, limit: int = 6) -> str:
        return self.names([*self.diagnosis.scope.hosts, *self.diagnosis.scope.databases], limit)

    def nobody_logged_in(self) -> bool:
        return not self.diagnosis.leaves

    def no_leave(self) -> str:
        refusal = self.diagnosis.refusal
        if refusal is None:
            return self.say("diagnosis.leave_none")
        if refusal.decision == "expired" or not refusal.name:
            return self.say("diagnosis.no_leave.expired") if refusal.decision == "expired" else refusal.reason
        return self.say("diagnosis.no_leave.rejected", name=refusal.name, reason=refusal.reason)

    def conclusion_says(self) -> tuple[str, Tone]:
        """The first sentence of all."""
        found = self.diagnosis
        if self.nobody_logged_in():
            return self.say("diagnosis.says_no_leave", why=self.no_leave()), "warn"
        said = self.say("diagnosis.says_nothing")
        tone: Tone = "good" if found.grade is Outcome.OK else "warn"
        if found.causes:
            first = found.causes[0]
            said = self.say("diagnosis.says", n=len(found.causes), title=self.text_of(first.title), targets=self.names(first.targets, 3))
            tone = TONES.get(found.grade, "warn")
        return (self.say("diagnosis.says_stopped", why=self.no_leave()) + " " + said if found.refusal else said), tone

    def leave_line(self) -> str:
        if self.nobody_logged_in():
            return self.say("word.none")
        last = self.diagnosis.leaves[-1]
        return f"{last.given_by}{self.say('word.separator')}{self.say(f'channel.{last.how}')}{self.say('word.separator')}{self.say.moment(last.given_at)}"

    def severity(self, severity: str) -> Cell:
        return Cell(self.say(f"severity.{severity}"), tone=SEVERITY_TONES[severity])

    def because(self, cause: Cause) -> str:
        return self.say("word.semicolon").join(self.text_of(text) for text in cause.because)

    def proposals(self, cause: Cause) -> str:
        return "\n".join(self.text_of(proposal.text) for proposal in cause.proposals)

    def seen_at(self, sighting: Sighting) -> str:
        return f"{sighting.target}\n{sighting.source}"

    def clock(self, at) -> str:
        """Hour, minute and second, with the day only where it is not that of the problem."""
        if at is None:
            return "-"
        whole = self.say.moment(at, seconds=True)
        return whole[11:] if whole[:10] == self.say.moment(self.diagnosis.scope.happened_at)[:10] else whole[5:]

    def changed(self, change: RecentChange) -> str:
        return f"{change.number} {self.text_of(change.what)}".strip()


def statement(scope: AccessScope, say: Phrases) -> list[str]:
    """What the customer is asked for, line by line; the same in the mail, the form and the report."""
    return [
        say("leave.targets", hosts=say.join(list(scope.hosts)), databases=say.join(list(scope.databases)), passed=say.join(list(scope.passed))),
        say("leave.nothing"),
        say("leave.checks", databases=bool(scope.databases)),
        *([say("leave.logs", since=say.moment(scope.span_from), until=say.moment(scope.span_until)), say("leave.state")] if scope.hosts else []),
        say("leave.kept"),
        say("leave.hours", hours=f"{scope.leave_hours:g}"),
    ]
