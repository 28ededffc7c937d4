"""The customer's approval: what is asked, and which entries count. Pure, but for drawing a code.

An approval covers exactly one digest: plan, targets' facts and rehearsal (R104, R111, house rule for X7). It is never given by
silence, by the requester, or by somebody the customer did not name. An entry that does not count asks again; it ends nothing.
"""

from __future__ import annotations

import hashlib
import secrets
import unicodedata
from datetime import datetime
from typing import Literal

from reports.records import Approval, ApprovalRequest, Approver, Plan, Record, Rehearsal, Text, canonical, same

GATE, LEAVE = "leave to change", "leave to log in"
WRONG_ENTRIES_PER_CODE = 5  # then the codes are burnt and new ones sent: nobody tries them all
WRONG_ENTRIES_IN_ALL = 50   # then the gate closes as refused

NO_ANSWER = Text(zh="期限内没有收到有效答复", en="no answer that counts before the request expired")

CodeState = Literal["right", "wrong", "expired", "used", "other digest", "none"]


class Entry(Record):
    """What somebody entered in the form, on the command line, or had taken down."""

    decision: Literal["approve", "reject"]
    name: str
    channel: Literal["form", "link", "phone", "paper"]
    taken_by: str = ""
    reason: str = ""
    code: str

    def without_code(self) -> dict[str, str]:
        return self.model_dump(exclude={"code"})


class AskAgain(Record):
    """The entry does not count, and why."""

    why: Text


def approval_digest(plan: Plan, rehearsal: Rehearsal | None) -> str:
    """What is approved: SHA-256 over the plan, the facts of its targets, and the rehearsal."""
    parts = {"plan": plan.fingerprint(), "facts": plan.facts, "rehearsal": rehearsal.fingerprint() if rehearsal else ""}
    return hashlib.sha256(canonical(parts).encode()).hexdigest()


def new_code() -> str:
    """A one-time code of eight digits, in two groups so that it can be read out on the phone."""
    digits = f"{secrets.randbelow(10**8):08d}"
    return f"{digits[:4]} {digits[4:]}"


def plain_code(code: str) -> str:
    """The code's digits, as stored and compared: spaces and dashes do not matter; full-width digits count."""
    return "".join(str(int(c)) for c in code if c.isdecimal())


def same_person(one: str, other: str) -> bool:
    return _folded(one) == _folded(other)


def _folded(name: str) -> str:
    return "".join(unicodedata.normalize("NFKC", name).split()).casefold()


def is_requester(request: ApprovalRequest, approver: Approver) -> bool:
    """Whether an approver is the requester himself, by name or by mail address."""
    return same_person(approver.name, request.requester) or same_person(approver.email, request.requester)


def approver_named(request: ApprovalRequest, name: str) -> Approver | None:
    return next((a for a in request.approvers if same_person(a.name, name)), None)


def may_approve(request: ApprovalRequest) -> tuple[Approver, ...]:
    """The customer's approvers without the requester: nobody approves his own request."""
    return tuple(a for a in request.approvers if not is_requester(request, a))


def judge(request: ApprovalRequest, entry: Entry, code: CodeState, now: datetime, wrong_before: int) -> Approval | AskAgain:
    """Whether an entry is an answer.

    code: what the archive says of the entered code, for this approver and this digest.
    wrong_before: entries that did not count so far.
    """
    if now >= request.expires_at:
        return silence(request, now, wrong_before)
    approver = approver_named(request, entry.name)
    if approver is None:
        named = "、".join(a.name for a in may_approve(request))
        return _again(f"“{entry.name}” 不在客户指定的批准人之列，请填写：{named}。",
                      f"“{entry.name}” is not one of the customer's approvers; enter one of: {', '.join(a.name for a in may_approve(request))}.")
    if is_requester(request, approver):
        return _again("申请人不能批准自己的申请，请由其他批准人答复。", "The requester cannot approve his own request; another approver must answer.")
    if code != "right":
        why = {"expired": ("验证码已过期", "The code has expired"), "used": ("验证码已使用过", "The code was used before"),
               "other digest": ("验证码属于另一份方案", "The code belongs to another plan")}.get(
                   code, ("验证码不正确", "The code is not right"))
        return _again(f"{why[0]}，请填写发送给 {approver.name} 的最新邮件中的验证码。",
                      f"{why[1]}; enter the code from the newest mail to {approver.name}.")
    if entry.channel in ("phone", "paper") and not entry.taken_by.strip():
        return _again("电话或纸质答复须填写记录人。", "An answer by phone or on paper needs the name of the operator who took it down.")
    if entry.channel in ("phone", "paper") and same_person(entry.taken_by, entry.name):
        return _again("记录人不能是批准人本人。", "The operator who took the answer down cannot be the approver.")
    if entry.decision == "reject" and not entry.reason.strip():
        return _again("拒绝时须填写理由。", "A refusal needs a reason.")
    return Approval(change=request.change, gate=request.gate, digest=request.digest,
                    decision="approved" if entry.decision == "approve" else "rejected", name=approver.name, channel=entry.channel,
                    taken_by=entry.taken_by.strip(), reason=entry.reason.strip(), decided_at=now, wrong_entries=wrong_before)


def silence(request: ApprovalRequest, now: datetime, wrong_before: int) -> Approval:
    """No answer in time, which is a refusal."""
    return Approval(change=request.change, gate=request.gate, digest=request.digest, decision="expired", channel="none",
                    reason=NO_ANSWER.en, decided_at=now, wrong_entries=wrong_before)


def why_not(approval: Approval) -> Text:
    """Why it is no approval: the person's own words, and ours where nobody spoke."""
    if approval.channel != "none":
        return same(approval.reason)
    if approval.decision == "expired":
        return NO_ANSWER
    return Text(zh=f"无效填写已达 {approval.wrong_entries} 次，审批已关闭", en=approval.reason)


def too_many(request: ApprovalRequest, now: datetime, wrong_before: int) -> Approval:
    """The gate closes after too many entries that did not count."""
    return Approval(change=request.change, gate=request.gate, digest=request.digest, decision="rejected", channel="none",
                    reason=f"{wrong_before} entries that did not count; the gate was closed", decided_at=now, wrong_entries=wrong_before)


def covers(approval: Approval | None, digest: str) -> bool:
    """Whether this approval allows carrying out exactly this."""
    return approval is not None and approval.decision == "approved" and approval.digest == digest


def _again(zh: str, en: str) -> AskAgain:
    return AskAgain(why=Text(zh=zh, en=en))
