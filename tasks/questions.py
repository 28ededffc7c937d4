"""Which question is put to the customer: a change asks by its plan, a diagnosis for leave to log in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from reports.records import ApprovalRequest, JournalEntry
from tasks import desk, leave, papers
from tasks.targets import DIAGNOSIS


@dataclass(frozen=True)
class Question:
    """ask: opens the gate, once a round. page: what the form shows, with the entry that did not count last. send: codes and letters; with the run's page."""

    ask: Callable[[str, int], ApprovalRequest]
    page: Callable[[str, JournalEntry | None], str]
    send: Callable[[str, ApprovalRequest, str], None]


CHANGE = Question(papers.ask_customer, papers.approval_page, papers.send_codes)
LEAVE = Question(leave.ask, leave.page, leave.send)


def question_of(number: str) -> Question:
    return LEAVE if desk.change(number).procedure == DIAGNOSIS else CHANGE
