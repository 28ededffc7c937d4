"""Waiting for the customer's answer, in a flow."""

from __future__ import annotations

from flows.parts import steps
from flows.parts.run import ask_in_the_ui, can_be_suspended, link_to_this_run
from tasks import approval, gates
from tasks.approval_form import is_wake_up
from tasks.questions import question_of


def ask_approval(number: str, round_: int) -> str | None:
    """The decision, or None where this run cannot wait for it. The run is suspended while it waits and costs nothing."""
    while not (decision := approval.decision_of(number, round_)):
        asked = question_of(number).ask(number, round_)
        if approval.decision_of(number, round_):
            continue  # in an emergency the leave came with the request
        wrong = approval.wrong_entries(number, round_)
        steps.send_codes(number, round_, approval.mailing_due(number, round_), link_to_this_run())
        if not can_be_suspended():
            return None
        form = ask_in_the_ui(number, asked, wrong)
        answer = approval.take_entry(number, round_, None if is_wake_up(form) else form.entry(), patient=True,
                                     without_code=question_of(number).by_phone(number))
        if isinstance(answer, gates.AskAgain):
            continue
    return decision.decision
