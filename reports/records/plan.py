"""A plan: what will be done, in which order, how each step is proved and undone.

A plan is data. It is shown to the customer word for word, carried out word for word,
on the simulated copy as on the real host, and its digest is what is approved.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from reports.records.base import NOTHING, Moment, Record, Said, Text


class FileChange(Record):
    """Lines of a file before and after, for people to read: the step's command says the same. before: empty where only lines are added.

    whole: the file has these lines and no others afterwards.
    """

    path: str
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    whole: bool = False


class Step(Record):
    """One step on one host.

    All scripts are POSIX shell, run by `sh` with standard input closed, as `account`, in the order
    probe, holds_before, command, proof. Exit status 0 means yes; what they print is kept as evidence.

    key:             short name, stable over plans of the same kind, [a-z0-9-]+, unique per target
    probe:           prints one word first: ABSENT, PARTIAL, DONE or FOREIGN; read-only. DONE: nothing to do.
                     PARTIAL: an earlier attempt was cut off; `command` is run again and must finish it.
                     FOREIGN: somebody else's doing; stop and ask a human. Empty: always ABSENT.
    holds_before:    must exit 0 before the command runs; read-only. Empty: nothing to hold.
    command:         what is done.
    proof:           must exit 0 for the step to count as done, whatever the command's exit status was; read-only.
    undo:            brings back the state before this step from any state, done, half done or not begun; empty: nothing to undo.
    undo_proof:      must exit 0 for the undo to count; read-only.
    undo_holds:      must exit 0 before the step is undone on request, long after: what others did since would be lost. Read-only.
    reversible:      "auto" by undo, "restore" only from a saved copy (data written since is lost), "no".
    changes:         False for a step that only reads or prepares beside the running system.
    interrupts:      True where users notice.
    time_limit_s:    the step is ended and counts as failed after so many seconds.
    touches:         services and absolute paths that it is meant to change, beside what the plan's versions tell; /a/folder/ with all in it.
    on_copy:         False where a simulated copy cannot show it; there it is left out, and the plan says so under `untested`.
    on_host:         False where it is done in the rehearsal only, as the customer wishes: a load that the live system is spared.
    confirm_s:       over 0 where it can lock us out. The host then takes it back by itself so many seconds after it began, unless we log in
                     anew from outside, become root and confirm.
    patience_s:      over 0 where going back serves users sooner than waiting: its host out of reach for so long counts as a failure.
    files:           which lines of which files it changes, as a plan shows them.
    mends:           the checks and controls whose findings it puts right.
    """

    number: int
    key: str
    target: str
    title: Text
    account: str = "root"
    probe: str = ""
    holds_before: str = ""
    command: str
    proof: str
    undo: str = ""
    undo_proof: str = ""
    expected: Text
    reversible: Literal["auto", "restore", "no"] = "auto"
    changes: bool = True
    interrupts: bool = False
    point_of_no_return: bool = False
    time_limit_s: int = 1800
    # Left out of the canonical form where nothing is said: plans of older versions keep their digests.
    touches: tuple[str, ...] = Field(default=(), exclude_if=lambda value: not value)
    on_copy: bool = Field(default=True, exclude_if=bool)
    on_host: bool = Field(default=True, exclude_if=bool)
    confirm_s: int = Field(default=0, exclude_if=lambda value: not value)
    patience_s: int = Field(default=0, exclude_if=lambda value: not value)
    files: tuple[FileChange, ...] = Field(default=(), exclude_if=lambda value: not value)
    mends: tuple[str, ...] = Field(default=(), exclude_if=lambda value: not value)
    undo_holds: str = Field(default="", exclude_if=lambda value: not value)


class Medium(Record):
    """A file from the vendor that the plan installs (R173).

    delivered: "by us" - we hold the bytes and place them on the target under media/<name> before the first step;
               "by the target" - a step fetches it from the target's own package source.
    signature: who vouches for the bytes, in words that can be checked ("Debian archive key ..., chain InRelease > Packages > file").
    """

    name: str
    target: str = ""  # empty: every target
    source: str
    size: int  # bytes
    sha256: str
    signature: Said
    delivered: Literal["by us", "by the target"]
    role: Literal["new", "old"] = "new"  # old: kept for the back-out


class VersionChange(Record):
    """One thing that changes its version on one host."""

    target: str
    name: str
    before: str
    after: str
    size: int = 0  # installed bytes of the new version


class Improvement(Record):
    """What a change repairs or adds: of a new version, in the vendor's words (R177); of a correction, the finding, with the check's id as its name."""

    name: str
    version: str
    kind: Literal["security", "fix", "feature", "note"]
    text: Said
    references: tuple[str, ...] = ()  # CVE-2026-1234, bug numbers


FIGURES = "figures: "  # a check's answer that is figures alone


class Acceptance(Record):
    """A check of the live system that the customer accepts by; run before, in the copy, and after.

    command: shell, exit 0 = good; prints what it saw. Runs as `account` on the target.
    steady_s: must be good for so many seconds in a row; within_s: must become so within so many seconds.
    check: instead, the inspection's check of this id is read anew and judged as in an inspection: none of `objects` may be found fault with.
        It is not required after a back-out, which brings the finding back. on_copy: as of a step.
    database: the database server that such a check asks, by its name in the inventory; it is asked on the live system only.
    reads: what its answer says where that is a line `figures: 12 34`: the sentence with {1}, {2} in their places.
    """

    target: str
    title: Text
    command: str
    account: str = "root"
    steady_s: int = 3
    within_s: int = 60
    check: str = Field(default="", exclude_if=lambda value: not value)
    objects: tuple[str, ...] = Field(default=(), exclude_if=lambda value: not value)
    database: str = Field(default="", exclude_if=lambda value: not value)
    on_copy: bool = Field(default=True, exclude_if=bool)
    reads: Said = Field(default=NOTHING, exclude_if=lambda value: not value)


class LeftOut(Record):
    """A finding that was asked for, still stands or could not be read, and gets no step. why: what a person has to settle first."""

    target: str
    check: str
    object: str = ""
    why: Text


class Window(Record):
    """The maintenance window agreed with the customer: no changing step begins outside it."""

    opens_at: Moment
    closes_at: Moment


class Risk(Record):
    level: Literal["low", "medium", "high", "unknown"]  # unknown: not weighed while something stands in the way
    reasons: tuple[Text, ...]


class Measurement(Record):
    """A load and by which of its figures a change is kept. Its steps are `measure-before-<key>` and `measure-after-<key>`.

    better: which figures are. at_least_pct: by how much the median of the rounds must be better, in percent of the median before; 0 or less: by
    how much it may at most be worse, for loads that must not suffer. chance_pct: that luck alone gives such a difference is at most so probable;
    not asked where it need not be better. seconds: how long the load runs at most on one host, before and after together.
    on_copy, on_host: where it runs. in_rehearsal: its figures decide there, too; False: a staging host only tries the command.
    """

    key: str
    target: str
    title: Said
    unit: str
    better: Literal["higher", "lower"]
    at_least_pct: float
    chance_pct: float = 5.0
    rounds: int
    seconds: int
    on_copy: bool = True
    on_host: bool = True
    in_rehearsal: bool = True

    def steps(self) -> tuple[str, str]:
        return f"measure-before-{self.key}", f"measure-after-{self.key}"


class SettingChange(Record):
    """One setting of one host, before and after. source: file and line that set it before, or that nobody did.

    takes: when the new value comes into force.
    """

    target: str
    system: str
    name: str
    before: str
    source: Said
    after: str
    takes: Literal["at once", "reload", "restart"]


class Plan(Record):
    """The whole change. `facts` maps each target to the digest of the survey the plan was made from.

    batches: which hosts are changed together, canary first. blockers: why it must not be carried out; empty if nothing stands
    in the way. untested: what the simulated copy cannot show. left: findings without a step. nothing_to_do: every target is already as wished.
    in_order: the hosts depend on each other, so all steps are one sequence across them: one at a time, as they are numbered, and backed out
        in exactly the opposite order. Such hosts are one batch, are rehearsed together, and know each other's addresses and keys (tasks/peers.py).
    ways: where such hosts are for each other, address and port by name; what they say to each other goes there and nowhere else.
    """

    change: str
    procedure: str
    kind: str
    title: Text
    customer: str
    requester: str
    reason: str
    targets: tuple[str, ...]
    batches: tuple[tuple[str, ...], ...]
    facts: dict[str, str]
    versions: tuple[VersionChange, ...]
    improvements: tuple[Improvement, ...]
    media: tuple[Medium, ...]
    steps: tuple[Step, ...]
    acceptance: tuple[Acceptance, ...] = ()
    window: Window | None = None
    impact: Text
    risk: Risk
    back_out: Text  # when it is backed out, by whom it is decided, what it brings back
    blockers: tuple[Text, ...] = ()
    untested: tuple[Text, ...] = ()
    left: tuple[LeftOut, ...] = Field(default=(), exclude_if=lambda value: not value)
    no_rehearsal: Text | None = None  # why this plan need not be rehearsed (it was, in an earlier change); None: it must be
    in_order: bool = Field(default=False, exclude_if=lambda value: not value)
    ways: dict[str, str] = Field(default_factory=dict, exclude_if=lambda value: not value)
    settings: tuple[SettingChange, ...] = Field(default=(), exclude_if=lambda value: not value)
    measurements: tuple[Measurement, ...] = Field(default=(), exclude_if=lambda value: not value)  # all of them must be satisfied, or it is backed out

    @model_validator(mode="after")
    def _one_sequence(self) -> Plan:
        if self.in_order and ([step.number for step in self.steps] != list(range(1, len(self.steps) + 1)) or len(self.batches) > 1):
            raise ValueError("the steps of a plan in order are numbered from 1 without gaps, and its hosts are one batch")
        return self

    @property
    def nothing_to_do(self) -> bool:
        return not self.steps and not self.blockers

    def steps_of(self, target: str) -> tuple[Step, ...]:
        return tuple(step for step in self.steps if step.target == target)

    @property
    def point_of_no_return(self) -> Step | None:
        return next((step for step in self.steps if step.point_of_no_return), None)
