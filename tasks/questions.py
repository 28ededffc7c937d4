"""Which question is put to the customer: a change asks by its plan, a diagnosis for leave to log in, a review for confirmation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from reports.records import ApprovalRequest, JournalEntry
from tasks import desk, emergency, emergency_review, leave, papers
from tasks.targets import DIAGNOSIS


@dataclass(frozen=True)
class Question:
    """ask: opens the gate, once a round. page: what the form shows, with the entry that did not count last. send: codes and letters; with the run's page."""

    ask: Callable[[str, int], ApprovalRequest]
    page: Callable[[str, JournalEntry | None], str]
    send: Callable[[str, ApprovalRequest, str], None]
    by_phone: Callable[[str], bool] = lambda number: False  # whether what is said on the phone counts without a code


CHANGE = Question(papers.ask_customer, papers.approval_page, papers.send_codes)
LEAVE = Question(leave.ask, leave.page, leave.send)
OF = {DIAGNOSIS: LEAVE, emergency.PROCEDURE: Question(emergency.ask, papers.approval_page, emergency.send, emergency.by_phone),
      emergency.REVIEW: Question(emergency_review.ask, emergency_review.page, emergency_review.send)}


def question_of(number: str) -> Question:
    return OF.get(desk.change(number).procedure, CHANGE)
