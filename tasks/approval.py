"""The customer's answer: the question is put, codes are drawn and sent, entries judged, the answer filed (R104, R111). Which entries count stands in gates.py.

A *round* is one question. A change whose targets drifted after the approval asks anew in the next round, and so does a leave to log in that ran out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

from blocks import lookup
from blocks.notices import Attachment
from reports.records import Approval, ApprovalRequest, Approver, JournalEntry, Text
from tasks import desk, gates
from tasks.errors import BlockersFound, ProcedureError

ASKS_ANEW = ("drift found", "leave ran out", "review not confirmed")  # what was answered before no longer holds


def current_round(number: str) -> int:
    """1, and one more for every time that what was approved no longer held."""
    return 1 + sum(len(desk.archive().journal(number, event=event)) for event in ASKS_ANEW)


def open_gate(number: str, round_: int, *, gate: str, digest: str, asks: str, hours: float, but: str = "") -> ApprovalRequest:
    """The question as it is put to the customer's approvers. Filed once a round.

    asks: whose question it is; this person may not answer it. but: who may answer it only if there is nobody else.

    Raises:
        BlockersFound: nobody else may answer.
    """
    archive = desk.archive()
    if asked := archive.load(number, "request for approval", str(round_), ApprovalRequest):
        return asked
    people, now = desk.customer(desk.change(number).customer), desk.now()
    asked = ApprovalRequest(change=number, gate=gate, digest=digest, asked_at=now, expires_at=now + timedelta(hours=hours), requester=asks,
                            approvers=tuple(people.approver_records()))
    if others := tuple(one for one in gates.may_approve(asked) if but and not gates.same_person(one.name, but)):
        asked = asked.model_copy(update={"approvers": others})
    if not gates.may_approve(asked):
        raise BlockersFound(f"nobody may approve: the requester {asks} is the customer's only approver; name another approver",
                            f"没有可以批准的人：申请人 {asks} 是该客户唯一的批准人；请另行指定批准人")
    asked = asked.model_copy(update={"sent_to": tuple(a.email for a in gates.may_approve(asked))})
    archive.save(number, "request for approval", str(round_), asked)
    archive.note(number, "approval asked", round=round_, digest=asked.digest, expires_at=asked.expires_at.isoformat(), sent_to=list(asked.sent_to))
    return asked


def send_codes(number: str, asked: ApprovalRequest, letter: Callable[[Approver, str], tuple[str, str]], attachments: Sequence[Attachment] = ()) -> None:
    """Send each approver a fresh one-time code. letter: subject and text for an approver and his code.

    Raises:
        ProcedureError: no mail could be sent to anybody.
    """
    archive, codes = desk.archive(), new_codes(number, asked)
    sent, problems = 0, []
    for approver in gates.may_approve(asked):
        subject, text = letter(approver, codes[approver.name])
        try:
            lookup.find_notices("default").send(approver.email, subject, text, attachments=attachments)
            sent += 1
            archive.note(number, "code sent", to=approver.email, digest=asked.digest)
        except Exception as problem:  # a mail that fails must not hide that others went out
            problems.append(f"{approver.email}: {problem}")
            archive.note(number, "code not sent", to=approver.email, problem=str(problem))
    if not sent:
        raise ProcedureError("No approver could be sent a code, so nobody could approve: " + "; ".join(problems),
                             f"验证码邮件均未能发出（{'、'.join(asked.sent_to)}），无人可以批准；请检查邮件服务器设置")


def new_codes(number: str, asked: ApprovalRequest) -> dict[str, str]:
    """A fresh one-time code for each approver, by name; earlier ones no longer count. Only salted hashes are stored."""
    archive, codes = desk.archive(), {}
    archive.note(number, "codes renewed", digest=asked.digest)
    for approver in gates.may_approve(asked):
        codes[approver.name] = gates.new_code()
        archive.store_code(number, _code_gate(asked, approver.name), asked.digest, gates.plain_code(codes[approver.name]),
                           asked.expires_at, approver.email)
    return codes


def _code_gate(asked: ApprovalRequest, name: str) -> str:
    """A code counts for one approver and one mailing: the next mailing's makes it worthless."""
    return f"{asked.gate}/{''.join(name.split()).casefold()}/{len(desk.archive().journal(asked.change, event='codes renewed'))}"


def decision_of(number: str, round_: int) -> Approval | None:
    return desk.archive().load(number, "approval", str(round_), Approval)


def times_asked(number: str, round_: int) -> int:
    """How often the form was closed without a decision: by an entry that did not count, or by waking the run without one."""
    woken = [e for e in desk.archive().journal(number, event="woken without an answer") if e.detail.get("round") == round_]
    return len(wrong_entries(number, round_)) + len(woken)


def wrong_entries(number: str, round_: int) -> tuple[JournalEntry, ...]:
    return tuple(e for e in desk.archive().journal(number, event="entry refused") if e.detail.get("round") == round_)


def take_entry(number: str, round_: int, entry: gates.Entry | None, *, patient: bool = False, without_code: bool = False) -> Approval | gates.AskAgain:
    """Judge an entry and file what came of it; an answer once filed stands.

    entry None: nobody answered. If the request has not expired, `patient` asks again and otherwise BlockersFound is raised.
    without_code: an emergency, in which what was said on the phone and taken down by name counts without a code.
    """
    if decided := decision_of(number, round_):
        return decided
    archive, now = desk.archive(), desk.now()
    asked = archive.load(number, "request for approval", str(round_), ApprovalRequest)
    if asked is None:
        raise BlockersFound(f"{number} is not waiting for an approval", f"{number} 并未在等待批准")
    before = len(wrong_entries(number, round_))
    if entry is None:
        if now < asked.expires_at and patient:
            archive.note(number, "woken without an answer", round=round_)
            return gates.AskAgain(why=Text(zh="尚未答复", en="not answered yet"))
        if now < asked.expires_at:
            raise BlockersFound(f"{number} may still be answered until {asked.expires_at:%Y-%m-%d %H:%M %Z}",
                                f"{number} 的答复期限为 {asked.expires_at:%Y-%m-%d %H:%M %Z}，尚未届满")
        answer: Approval | gates.AskAgain = gates.silence(asked, now, before)
    else:
        approver = gates.approver_named(asked, entry.name)
        code = archive.check_code(number, _code_gate(asked, approver.name), asked.digest, gates.plain_code(entry.code), now) if approver else "none"
        needs_none = without_code and entry.channel == "phone" and code != "right"
        answer = gates.judge(asked, entry, "right" if needs_none else code, now, before)
        if isinstance(answer, Approval) and not needs_none and answer.decision != "expired" and approver is not None \
                and archive.burn_code(number, _code_gate(asked, approver.name), asked.digest, gates.plain_code(entry.code), now) != "right":
            answer = gates.judge(asked, entry, "used", now, before)  # somebody else used it in this very moment
        if isinstance(answer, gates.AskAgain):
            # A right code in an entry that does not count was seen by others: it is burnt, and a new one sent.
            burnt = code == "right" and approver is not None
            if burnt:
                archive.burn_code(number, _code_gate(asked, approver.name), asked.digest, gates.plain_code(entry.code), now)
            archive.note(number, "entry refused", round=round_, **answer.why.fields("why"), entry=entry.without_code(), burnt=burnt)
            if before + 1 >= gates.WRONG_ENTRIES_IN_ALL:
                answer = gates.too_many(asked, now, before + 1)
    if isinstance(answer, Approval):
        archive.save(number, "approval", str(round_), answer)
        archive.note(number, f"approval {answer.decision}", round=round_, digest=answer.digest, name=answer.name, channel=answer.channel,
                     taken_by=answer.taken_by, reason=answer.reason)
    return answer


def mailing_due(number: str, round_: int) -> int:
    """Which mailing of codes is in force: a new one after every fifth wrong entry, so that nobody can try them all,
    and whenever a right code was burnt."""
    wrong = wrong_entries(number, round_)
    return 1 + len(wrong) // gates.WRONG_ENTRIES_PER_CODE + sum(bool(e.detail.get("burnt")) for e in wrong)


def mailings(number: str) -> int:
    return len(desk.archive().journal(number, event="codes renewed"))


def codes_are_out(asked: ApprovalRequest, mailing: int) -> bool:
    """Whether this mailing's codes for this very question, or later ones, have gone to somebody; sending anew would make them worthless."""
    journal = desk.archive().journal(asked.change)
    renewed = [entry.sequence for entry in journal if entry.event == "codes renewed" and entry.detail.get("digest") == asked.digest]
    return len(renewed) >= mailing and any(entry.event == "code sent" and entry.sequence > renewed[-1] for entry in journal)
