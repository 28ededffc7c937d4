"""What the archive hands out: frozen records, times with a zone, in UTC."""

from __future__ import annotations

from pathlib import Path

from reports.records import Closure, Moment, Record


class ChangeRow(Record):
    """A change as it is registered. phase: "opened", "closed" or "sealed"; run_id: the newest flow run that works on it."""

    number: str
    procedure: str
    customer: str
    requester: str
    operator: str
    reason: str
    request: dict
    opened_at: Moment
    closed_at: Moment | None = None
    closure: Closure | None = None
    closure_reason: str = ""
    closure_reason_zh: str = ""  # empty where it is the same, or the change was closed before there was one
    run_id: str = ""
    phase: str = "opened"


class Evidence(Record):
    """One piece of evidence; its bytes lie in the store under their SHA-256. size in bytes; position counts from 1 per change."""

    number: str
    position: int
    name: str
    sha256: str
    size: int
    media_type: str
    filed_at: Moment


class Bundle(Record):
    """A sealed bundle. sequence: its place in the chain, from 1; edition: 1, or more if the change went on after it was sealed.

    manifest and previous: SHA-256 of this manifest and of the one before (64 zeros before the first).
    """

    sequence: int
    number: str
    edition: int
    path: Path
    manifest: str
    previous: str
    sealed_at: Moment


class Verdict(Record):
    """Whether it all fits. problem: the first thing that does not, in one sentence, empty if ok.

    checked: how many files of a bundle, or bundles of a chain, were found good before the verdict.
    """

    ok: bool
    problem: str = ""
    checked: int = 0

    def __bool__(self) -> bool:
        return self.ok
