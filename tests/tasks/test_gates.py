"""The approval gate (R104, R111, house rule for X7): which entries count."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.records import Approval, ApprovalRequest, Approver, Plan, Rehearsal, Risk, Text
from tasks import gates
from tasks.gates import AskAgain, Entry

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
T = Text(zh="试", en="try")
ASKED = ApprovalRequest(change="CHG-20261122-001", gate=gates.GATE, digest="d" * 64, asked_at=NOW, expires_at=NOW + timedelta(hours=72),
                        requester="张工", approvers=(Approver(name="王主任", email="wang@bureau.example"), Approver(name="张工", email="z@bureau.example")))


def entry(**changes) -> Entry:
    return Entry(**{"decision": "approve", "name": "王主任", "channel": "form", "code": "1234 5678", **changes})


def judged(code: str = "right", now: datetime = NOW, wrong: int = 0, **changes):
    return gates.judge(ASKED, entry(**changes), code, now, wrong)


def test_the_right_entry_is_an_approval_of_exactly_this_digest():
    answer = judged()
    assert isinstance(answer, Approval) and answer.decision == "approved" and answer.digest == ASKED.digest
    assert gates.covers(answer, ASKED.digest) and not gates.covers(answer, "e" * 64)


@pytest.mark.parametrize("changes", [
    {"name": "李四"}, {"name": ""}, {"name": "张工"}, {"code": "wrong"}, {"code": "expired"}, {"code": "used"}, {"code": "other digest"},
    {"code": "none"}, {"channel": "phone"}, {"channel": "paper", "taken_by": " "}, {"channel": "phone", "taken_by": "王主任"},
    {"decision": "reject"}, {"decision": "reject", "reason": "  "},
])
def test_what_does_not_count_asks_again_and_says_why_in_both_languages(changes):
    code = changes.get("code", "right")
    answer = judged(code=code, **{k: v for k, v in changes.items() if k != "code"})
    assert isinstance(answer, AskAgain) and answer.why.zh and answer.why.en


def test_the_requester_cannot_approve_even_with_the_right_code():
    assert isinstance(judged(name=" 张 工 "), AskAgain)
    assert [a.name for a in gates.may_approve(ASKED)] == ["王主任"]


def test_a_refusal_with_a_reason_is_a_rejection():
    answer = judged(decision="reject", reason="业务高峰")
    assert answer.decision == "rejected" and answer.reason == "业务高峰" and not gates.covers(answer, ASKED.digest)


def test_silence_and_late_answers_are_no_approval():
    late = judged(now=ASKED.expires_at)
    assert late.decision == "expired" and not gates.covers(late, ASKED.digest)
    assert gates.silence(ASKED, ASKED.expires_at, 3).decision == "expired"


@given(decision=st.sampled_from(["approve", "reject"]), name=st.text(max_size=8) | st.just("王主任"),
       channel=st.sampled_from(["form", "phone", "paper", "link"]),
       taken_by=st.text(max_size=5), reason=st.text(max_size=5), code=st.sampled_from(["right", "wrong", "expired", "used", "other digest", "none"]),
       late=st.booleans())
def test_only_a_named_approver_with_the_right_code_in_time_ever_approves(decision, name, channel, taken_by, reason, code, late):
    answer = gates.judge(ASKED, entry(decision=decision, name=name, channel=channel, taken_by=taken_by, reason=reason), code,
                         ASKED.expires_at if late else NOW, 0)
    if isinstance(answer, Approval) and answer.decision == "approved":
        assert decision == "approve" and gates.same_person(name, "王主任") and code == "right" and not late


def plan(**changes) -> Plan:
    return Plan(**{"change": "CHG-20261122-001", "procedure": "software-upgrade", "kind": "packages", "title": T, "customer": "bureau", "requester": "张工",
                   "reason": "r", "targets": ("web1",), "batches": (("web1",),), "facts": {"web1": "a" * 64}, "versions": (), "improvements": (),
                   "media": (), "steps": (), "impact": T, "risk": Risk(level="low", reasons=()), "back_out": T, **changes})


def test_the_digest_moves_with_plan_facts_and_rehearsal():
    rehearsal = Rehearsal(change="c", plan="p", place="simulated copy", started_at=NOW, finished_at=NOW, passed=True)
    digests = {gates.approval_digest(plan(), None), gates.approval_digest(plan(), rehearsal), gates.approval_digest(plan(reason="s"), rehearsal),
               gates.approval_digest(plan(facts={"web1": "b" * 64}), rehearsal),
               gates.approval_digest(plan(), rehearsal.model_copy(update={"problem": T}))}
    assert len(digests) == 5
    assert gates.approval_digest(plan(), rehearsal) == gates.approval_digest(plan(), rehearsal)


def test_codes_are_eight_digits_however_they_are_typed():
    codes = {gates.new_code() for _ in range(200)}
    assert len(codes) == 200 and all(len(gates.plain_code(c)) == 8 for c in codes)
    assert gates.plain_code("1234-5678") == gates.plain_code("１２３４ ５６７８") == "12345678"
