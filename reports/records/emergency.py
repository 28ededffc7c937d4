"""The review after an emergency restore."""

from __future__ import annotations

from reports.records.base import Record, Said


class EmergencyReview(Record):
    """What is put before the customer. bundle: SHA-256 of the sealed manifest of the restore; leave: who gave it, how, and who took it down.

    loss: as the plan had said it. times: whether the promised ones were kept. done: nothing is taken back any more.
    """

    number: str
    change: str
    bundle: str
    leave: Said
    ended: Said
    loss: Said
    times: Said
    cause: str
    judged: str
    follows: str
    done: bool
    reviewed_by: str
