"""What happened: the journal of a change, its rehearsal, its approval, its closure."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from reports.records.base import NOTHING, Language, Moment, Record, Said, Text
from reports.records.hardening import Hardening
from reports.records.plan import Plan
from reports.records.survey import Difference, Health, Survey


class Closure(StrEnum):
    """How a change ends; there is no other way. The numbers are the command line's exit codes."""

    SUCCESSFUL = "successful"
    SUCCESSFUL_WITH_ISSUES = "successful with issues"
    NOTHING_TO_DO = "nothing to do"
    BACKED_OUT = "backed out"
    REFUSED = "refused"  # before anything was touched
    REJECTED = "rejected"  # the customer said no
    EXPIRED = "expired"  # the customer said nothing in time, which is no
    FAILED = "failed"  # stuck: neither forward nor back; people are called

    @property
    def exit_code(self) -> int:
        return {"successful": 0, "successful with issues": 0, "nothing to do": 0, "backed out": 3,
                "refused": 4, "rejected": 5, "expired": 5, "failed": 1}[self.value]


class StepOutcome(Record):
    """One attempt at a step, or at its undo, as its target recorded it.

    result: "done"; "nothing to do" (its effect already stood); "failed" (holds_before, command or proof said no,
    or its time ran out); "interrupted" (its machine went down under it); "foreign" (somebody else's doing).
    seconds: by the target's own uptime clock. output: what it printed, secrets removed, at most the last 64 KiB.
    """

    number: int
    key: str
    target: str
    title: Text
    action: Literal["carry out", "undo"] = "carry out"
    attempt: int = 1
    result: Literal["done", "nothing to do", "failed", "interrupted", "foreign"]
    exit_code: int | None = None
    started_at: Moment | None = None
    finished_at: Moment | None = None
    seconds: float = 0.0
    found: str = ""  # the probe's word
    problem: Said = NOTHING  # why it failed: which part and its last lines
    output: str = ""


class Copy(Record):
    """A simulated copy of a target (R174) and what it cost."""

    target: str
    place: str  # container or host it runs on
    bytes_read: int
    bytes_in_use: int  # of the target's file systems
    seconds: float
    masked: tuple[Said, ...] = ()  # what was replaced, never the values
    left_out: tuple[Said, ...] = ()


class Rehearsal(Record):
    """The plan carried out on a copy, word for word, then backed out, then compared (R174).

    plan: the plan's digest. remaining: what differed after the back-out; it must be empty.
    """

    change: str
    plan: str
    place: Literal["simulated copy", "staging host"]
    started_at: Moment
    finished_at: Moment
    copies: tuple[Copy, ...] = ()
    deviations: tuple[Text, ...] = ()  # how the copy differs from the target
    outcomes: tuple[StepOutcome, ...] = ()
    undone: tuple[StepOutcome, ...] = ()
    health_before: tuple[Health, ...] = ()
    health_after: tuple[Health, ...] = ()
    health_undone: tuple[Health, ...] = ()
    changed: tuple[Difference, ...] = ()
    remaining: tuple[Difference, ...] = ()
    passed: bool
    problem: Said = NOTHING


class Approver(Record):
    """Somebody who may say yes for the customer."""

    name: str
    email: str
    phone: str = ""
    post: str = ""


class ApprovalRequest(Record):
    """The question put to the customer. `digest` covers plan, targets' facts and rehearsal: exactly that and nothing else."""

    change: str
    gate: str  # "leave to change", "leave to log in"
    digest: str
    asked_at: Moment
    expires_at: Moment
    requester: str
    approvers: tuple[Approver, ...]
    sent_to: tuple[str, ...] = ()


class Approval(Record):
    """An answer, or the silence that counts as one. taken_by: the operator who took down a phone call or a paper."""

    change: str
    gate: str
    digest: str
    decision: Literal["approved", "rejected", "expired"]
    name: str = ""
    channel: Literal["form", "link", "phone", "paper", "none"]
    taken_by: str = ""
    reason: str = ""
    decided_at: Moment
    wrong_entries: int = 0


class JournalEntry(Record):
    """One line of the journal: written before an act (intent) or after it (fact); never changed, never removed."""

    sequence: int
    at: Moment
    event: str
    target: str = ""
    step: int | None = None
    attempt: int | None = None
    detail: dict = {}


class Contact(Record):
    role: Text
    name: str
    phone: str = ""
    email: str = ""


class Likeness(Record):
    """A host beside what it was at `at`, to which it was brought back. same: how many of each kind of difference there is none of; rows: in the equal
    tables."""

    target: str
    at: Moment
    same: dict[str, int]
    rows: int = 0
    differing: tuple[Difference, ...] = ()


class ChangeRecord(Record):
    """All that documents and bundle say of one change. Parts that have not happened yet are None or empty."""

    number: str
    procedure: str
    customer: str
    customer_name: Text
    provider_name: Text
    language: Language
    requester: str
    operator: str = ""
    reason: str
    opened_at: Moment
    closed_at: Moment | None = None
    closure: Closure | None = None
    closure_reason: Said = NOTHING
    request: dict = {}
    plan: Plan | None = None
    rehearsal: Rehearsal | None = None
    asked: ApprovalRequest | None = None
    approvals: tuple[Approval, ...] = ()
    contacts: tuple[Contact, ...] = ()
    before: tuple[Survey, ...] = ()
    after: tuple[Survey, ...] = ()
    outcomes: tuple[StepOutcome, ...] = ()
    undone: tuple[StepOutcome, ...] = ()
    changed: tuple[Difference, ...] = ()
    unexpected: tuple[Difference, ...] = ()  # differences nobody planned
    as_it_was: tuple[Likeness, ...] = ()  # of a restore
    issues: tuple[Said, ...] = ()
    journal: tuple[JournalEntry, ...] = ()
    run_url: str = ""
    owed: tuple[Text, ...] = ()  # reviews of earlier emergencies on these hosts that are not over
    hardening: Hardening | None = None  # of a security hardening, and of its back-out, once the baseline was read before it
