"""One person's leave by phone in an emergency: what it covers, that it is on record, and that a review follows by force (R160, R164, R165)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
import yaml

from reports.records import Approval, Closure
from tasks import approval, desk, emergency, emergency_review, gates, questions
from tasks.errors import BlockersFound
from tasks.planning.emergency import plan_restore
from tasks.requests import RestoreRequest, ReviewRequest
from tests.tasks.test_emergency_plan import NOW, WHOLE, cluster, known, survey

REVIEW = {"cause": "误删表", "judged": "恢复妥当", "follows": "收回权限", "requester": "赵工"}


@pytest.fixture
def people(office, tmp_path, monkeypatch):
    """Two approvers; mails are kept."""
    file = tmp_path / "inventory.yaml"
    content = yaml.safe_load(file.read_text())
    content["customers"][0]["approvers"].append({"name": "李工", "email": "li@bureau.example", "post": "管理员"})
    file.write_text(yaml.safe_dump(content, allow_unicode=True))
    office.forget_what_is_kept()
    sent: list[tuple[str, str]] = []
    monkeypatch.setattr("blocks.notices.Notices.send", lambda self, to, subject, text, attachments=(): sent.append((to, text)))
    return sent


def planned(minutes: float = 120, **more) -> str:
    """An emergency restore with its plan on record, as the procedure files it; it loses `minutes`."""
    request = RestoreRequest(**{"customer": "bureau", "hosts": ["web1"], "requester": "值班员", "operator": "赵工", "reason": "宕机",
                                "backup": "BAK-20261123-001", **more})
    archive = desk.archive()
    number = archive.new_change(procedure="emergency-restore", customer="bureau", requester=request.requester, operator="赵工", reason="宕机",
                                request=request.model_dump(mode="json"), opened_at=desk.now())
    now = survey("before 1", clusters=(cluster(1),))
    archive.save(number, "survey", "web1 before 1", now)
    archive.save(number, "plan", "1", plan_restore(number, request, now, known(WHOLE), NOW))
    archive.note(number, "loss foreseen", minutes=minutes)
    return number


def put(number: str):
    question = questions.question_of(number)
    question.send(number, question.ask(number, 1), "")
    return approval.decision_of(number, 1)


def entered(number: str, name: str = "王主任", code: str = "-", channel: str = "phone", taken_by: str = "赵工"):
    entry = gates.Entry(decision="approve", name=name, channel=channel, code=code, taken_by=taken_by)
    return approval.take_entry(number, 1, entry, without_code=questions.question_of(number).by_phone(number))


def leave(by: str = "王主任") -> dict:
    return {"by": by, "how": "phone", "taken_by": "赵工"}


def test_leave_that_came_with_the_call_counts_for_the_loss_that_was_accepted(people):
    given = put(planned(leave=leave(), accepted_loss_minutes=120))
    assert isinstance(given, Approval) and (given.decision, given.channel, given.name, given.taken_by) == ("approved", "phone", "王主任", "赵工")
    assert people and all("王主任 已通过电话批准" in text and not re.search(r"\d{4} \d{4}", text) for _, text in people), "all hear of it, nobody needs a code"
    number = planned(leave=leave(), accepted_loss_minutes=60)
    assert put(number) is None
    assert desk.archive().journal(number, event="leave does not cover")[0].detail["why"].startswith("the plan loses 120 minutes")
    assert isinstance(entered(number, channel="form"), gates.AskAgain), "a form needs its code"
    assert isinstance(entered(number, taken_by=""), gates.AskAgain), "who took it down must be named"
    assert isinstance(entered(number, name="孙工"), gates.AskAgain), "only approvers"
    assert entered(number).decision == "approved"


def test_nobody_gives_leave_for_what_he_asked_for(people):
    number = planned(requester="王主任", leave=leave(), accepted_loss_minutes=600)
    assert put(number) is None and isinstance(entered(number), gates.AskAgain) and entered(number, name="李工").decision == "approved"


def test_until_the_review_is_confirmed_by_another_no_leave_by_phone_is_taken(people):
    first = planned(leave=leave(), accepted_loss_minutes=600)
    put(first)
    desk.archive().close(first, Closure.SUCCESSFUL, "done", desk.now())
    desk.archive().seal(first, desk.now())
    review = emergency.open_review(first)
    assert emergency.open_review(first) == review and emergency.open_reviews("bureau") == [review]
    second = planned(leave=leave(), accepted_loss_minutes=600)
    assert put(second) is None and isinstance(entered(second), gates.AskAgain), "a code is needed now"

    assert emergency_review.open_review(ReviewRequest(change=first, **REVIEW)) == review
    question = questions.question_of(review)
    assert [one.name for one in question.ask(review, 1).approvers] == ["李工"], "not by who gave leave"
    people.clear()
    question.send(review, question.ask(review, 1), "")
    assert "误删表" in question.page(review, None) and "王主任" in people[0][1]
    code = re.search(r"^\s+(\d{4} \d{4})\s*$", people[0][1], re.M)[1]
    assert isinstance(entered(review, name="李工", taken_by="赵工"), gates.AskAgain), "a review is not confirmed without its code"
    assert entered(review, name="李工", code=code, channel="form").decision == "approved" and emergency_review.confirmed(review, "approved")
    assert desk.change(review).closure is Closure.SUCCESSFUL and not emergency.open_reviews("bureau")
    assert entered(second).decision == "approved", "the review is over"
    with pytest.raises(BlockersFound):
        emergency_review.open_review(ReviewRequest(change=first, **REVIEW))


def test_a_review_closes_nothing_but_the_review_of_its_own_emergency(people):
    """Neither a change that was approved once and is stuck, nor another emergency's review, is confirmed by naming its number."""
    first, stuck = (planned(leave=leave(), accepted_loss_minutes=600) for _ in range(2))
    for number, closure in ((first, Closure.SUCCESSFUL), (stuck, Closure.FAILED)):
        put(number)
        desk.archive().close(number, closure, "ended", desk.now())
    review = emergency.open_review(first)
    for number in (stuck, first, emergency.open_review(stuck)):
        with pytest.raises(BlockersFound, match=f"the review of {first} is {review}"):
            emergency_review.open_review(ReviewRequest(change=first, number=number, **REVIEW))
    emergency_review.open_review(ReviewRequest(change=first, number=review, **REVIEW))
    answer = approval.decision_of(first, 1)
    desk.archive().save(review, "approval", "1", answer)  # an answer to another question
    with pytest.raises(BlockersFound, match="not the review"):
        emergency_review.confirmed(review, "approved")
    assert desk.change(review).closure is None and desk.change(stuck).closure is Closure.FAILED


def test_a_review_that_nobody_confirms_stays_open_and_is_reminded_of(people, monkeypatch):
    first = planned(leave=leave(), accepted_loss_minutes=600)
    put(first)
    desk.archive().close(first, Closure.BACKED_OUT, "a step failed", desk.now())
    desk.archive().seal(first, desk.now())
    review = emergency.open_review(first)
    emergency_review.open_review(ReviewRequest(change=first, **REVIEW))
    questions.question_of(review).ask(review, 1)
    later = desk.now() + timedelta(days=6)
    monkeypatch.setattr(desk, "now", lambda: later)
    approval.take_entry(review, 1, None)
    assert not emergency_review.confirmed(review, "expired") and approval.current_round(review) == 2 and emergency.open_reviews("bureau") == [review]
    people.clear()
    assert emergency.remind() == [review] and people and emergency.remind() == []
    assert emergency_review.open_review(ReviewRequest(change=first, **REVIEW)) == review


def test_promised_times_are_counted_from_the_call(people):
    number = planned(reported_at=datetime(2026, 11, 20, 9, tzinfo=UTC))  # a Friday, 17:00 there
    second, restored = emergency.promises(number)
    assert second == datetime(2026, 11, 20, 11, tzinfo=UTC) and restored == datetime(2026, 11, 23, 10, tzinfo=UTC), "Monday, 18:00 there"
    assert "within two hours" in emergency.kept_promises(number, second).en and "later than one working day" in emergency.kept_promises(
        number, restored + timedelta(minutes=1)).en
    people.clear()
    assert emergency.tell_what_is_late() == [number] and people and emergency.tell_what_is_late() == []
