"""The customer's leave to log in (R104): told beforehand and taken down, or asked for by mail with a code. Without it nobody logs in.

A leave is for exactly one scope (hosts, databases, logs, span of time) and holds for a time. When it has run out, the customer is asked again.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from blocks.customer import Customer
from reports.documents import render_leave_page
from reports.documents.phrases import Phrases
from reports.records import AccessScope, Approval, ApprovalRequest, Approver, JournalEntry, Leave, Text
from tasks import approval, desk, gates
from tasks.errors import BlockersFound, NoLeave
from tasks.requests import DiagnosisRequest
from tasks.targets import targets_named

CLOCKS_DIFFER = timedelta(minutes=5)  # between who says when, and us


def scope_of(number: str) -> AccessScope:
    scope = desk.archive().load(number, "scope", "1", AccessScope)
    if scope is None:
        raise BlockersFound(f"{number} is no diagnosis, or was not opened to its end; start it again", f"{number} 不是远程诊断，或尚未完整登记；请重新启动")
    return scope


# --- given beforehand -----------------------------------------------------------------------------------------------------

def check_given(people: Customer, request: DiagnosisRequest, now: datetime) -> None:
    """Whether the leave that somebody says was given counts.

    Raises:
        BlockersFound: given by nobody whom the customer named, by one of us, in the future, or too long ago.
    """
    given = request.leave
    if given is None:
        return
    if _person(people, given.by) is None:
        known = [a.name for a in people.approver_records()] + [c.name for c in people.contact_records()]
        raise BlockersFound(f"{given.by} is neither an approver nor a contact of customer {people.name}; there are: {', '.join(dict.fromkeys(known))}",
                            f"{given.by} 不是客户 {people.name} 的批准人或联系人；现有：{'、'.join(dict.fromkeys(known))}")
    if any(gates.same_person(one, ours) for one in _called(people, given.by) for ours in (request.engineer, request.operator, given.taken_by) if ours):
        raise BlockersFound(f"{given.by} cannot give the leave and take it down or use it; another of the customer's people must give it",
                            f"{given.by} 不能既给予许可又记录或使用许可；须由客户的其他人员给予")
    at = given.at or now
    if at > now + CLOCKS_DIFFER:
        raise BlockersFound(f"the leave was given at {at:%Y-%m-%d %H:%M %Z}, which is still to come; correct the time",
                            f"许可时间 {at:%Y-%m-%d %H:%M %Z} 尚未到来；请更正")
    if at + timedelta(hours=request.leave_hours) <= now:
        raise BlockersFound(f"the leave of {at:%Y-%m-%d %H:%M %Z} lasted {request.leave_hours:g} h and has run out; ask for a new one",
                            f"{at:%Y-%m-%d %H:%M %Z} 给予的许可有效 {request.leave_hours:g} 小时，现已失效；请重新取得许可")


def record_given(number: str, request: DiagnosisRequest) -> None:
    """Take down the leave that came with the request, once."""
    if request.leave is None or leave_of(number, 1) is not None:
        return
    person = _person(desk.customer(request.customer), request.leave.by)
    scope, row = scope_of(number), desk.change(number)
    at = min(request.leave.at or row.opened_at, desk.now())
    _file(1, Leave(change=number, digest=scope.fingerprint(), given_by=person[0] if person else request.leave.by, post=person[1] if person else "",
                   how=request.leave.how, given_at=at, taken_by=request.leave.taken_by or request.operator or request.engineer,
                   valid_until=at + timedelta(hours=scope.leave_hours)))


def _person(people: Customer, name: str) -> tuple[str, str] | None:
    """Name and post of an approver or contact, by name or mail address."""
    there = [(a.name, a.email, a.post) for a in people.approver_records()] + [(c.name, c.email, c.role.say(people.language)) for c in people.contact_records()]
    return next(((known, post) for known, email, post in there if any(gates.same_person(name, one) for one in (known, email) if one)), None)


def _called(people: Customer, name: str) -> set[str]:
    """What this person is called, by name and by mail address."""
    known = [{person.name, person.email} for person in (*people.approver_records(), *people.contact_records())]
    return {name}.union(*(one for one in known if any(gates.same_person(name, called) for called in one if called))) - {""}


def _file(round_: int, leave: Leave) -> Leave:
    desk.archive().save(leave.change, "leave", str(round_), leave)
    desk.archive().note(leave.change, "leave recorded", round=round_, digest=leave.digest, by=leave.given_by, how=leave.how, taken_by=leave.taken_by,
                        given_at=leave.given_at.isoformat(), valid_until=leave.valid_until.isoformat())
    return leave


# --- whether it holds -----------------------------------------------------------------------------------------------------

def leave_of(number: str, round_: int) -> Leave | None:
    """The leave of one round, whether it still holds or not. An answer that says yes is one, filed when it is first asked for."""
    if filed := desk.archive().load(number, "leave", str(round_), Leave):
        return filed
    answer = approval.decision_of(number, round_)
    scope = desk.archive().load(number, "scope", "1", AccessScope)
    if scope is None or not gates.covers(answer, scope.fingerprint()) or answer is None:
        return None
    person = _person(desk.customer(scope.customer), answer.name)
    return _file(round_, Leave(change=number, digest=answer.digest, given_by=answer.name, post=person[1] if person else "", how=answer.channel,  # type: ignore[arg-type]
                               given_at=answer.decided_at, taken_by=answer.taken_by, valid_until=answer.decided_at + timedelta(hours=scope.leave_hours)))


def leaves_of(number: str) -> tuple[Leave, ...]:
    return tuple(leave for _, leave in desk.archive().load_all(number, "leave", Leave))


def holding(number: str) -> Leave | None:
    """The leave that holds now; None: there is none, or it has run out."""
    leave = leave_of(number, approval.current_round(number))
    return leave if leave is not None and desk.now() < leave.valid_until else None


def ask_anew_if_it_ran_out(number: str) -> None:
    """A leave that has run out begins a new round, in which the customer is asked."""
    round_ = approval.current_round(number)
    leave = leave_of(number, round_)
    if leave is not None and desk.now() >= leave.valid_until:
        desk.archive().note(number, "leave ran out", round=round_, valid_until=leave.valid_until.isoformat())


def log_in(number: str, target: str, what: str) -> None:
    """To be called right before every connection: notes it with the leave it is made by.

    Raises:
        NoLeave: there is none that holds, it is not for this target, or the inventory says by now that the target is another's or is
            reached through a host that the leave does not name.
    """
    leave, scope = holding(number), scope_of(number)
    if leave is None:
        raise NoLeave(f"{number}: the customer's leave to log in is missing or has run out; nobody logs in to {target}",
                      f"{number}：客户的登录许可不存在或已失效；不登录 {target}")
    if leave.digest != scope.fingerprint() or target not in (*scope.hosts, *scope.databases):
        raise NoLeave(f"{number}: the leave is not for {target}; nobody logs in", f"{number}：登录许可不包括 {target}；不登录")
    there = targets_named([target] if target in scope.hosts else [], [target] if target in scope.databases else []).get(target)
    if there is not None and there.block.customer != scope.customer:
        raise NoLeave(f"{number}: {target} is customer {there.block.customer}'s by now, and the leave is of {scope.customer}; nobody logs in",
                      f"{number}：{target} 现属于客户 {there.block.customer}，而许可来自 {scope.customer}；不登录")
    through = getattr(there.block, "through", None) if there is not None else None
    if through and through not in (*scope.hosts, *scope.passed):
        raise NoLeave(f"{number}: {target} is reached through {through} by now, for which there is no leave; nobody logs in",
                      f"{number}：{target} 现经由 {through} 访问，而许可不包括该主机；不登录")
    desk.archive().note(number, "logging in", target=target, what=what, leave=leave.fingerprint()[:16])


# --- asked for ------------------------------------------------------------------------------------------------------------

def ask(number: str, round_: int) -> ApprovalRequest:
    """Ask the customer's approvers. Whoever reported the problem may answer; who wants to log in may not."""
    request, scope = desk.change(number).request, scope_of(number)
    return approval.open_gate(number, round_, gate=gates.LEAVE, digest=scope.fingerprint(), asks=request["engineer"], hours=request["approval_hours"])


def page(number: str, refused: JournalEntry | None) -> str:
    """What the form shows: the statement of what will be looked at, in the customer's language. Markdown."""
    people = desk.customer(desk.change(number).customer)
    asked = desk.archive().load(number, "request for approval", str(approval.current_round(number)), ApprovalRequest)
    why = Text.of_fields(refused.detail, "why") if refused else Text(zh="", en="")
    return render_leave_page(scope_of(number), asked, people.language, people.zone, why)


LETTER = Text(
    zh="""{name},您好:

{provider}为处理贵单位 {requester} 反映的问题,请求准许远程登录({number})。
问题:{problem}

{statement}

请在 {expires} 之前答复,逾期未答复视为不准许,我方不会登录。

您的一次性验证码(仅对以上范围有效,摘要 {digest}):

    {code}

答复方式:{answer}
请勿转发本邮件。
""",
    en="""Dear {name},

{provider} asks for leave to log in from afar, to look into the problem that {requester} reported ({number}).
The problem: {problem}

{statement}

Please answer before {expires}; no answer counts as no, and nobody logs in.

Your one-time code (valid for exactly this, digest {digest}):

    {code}

How to answer: {answer}
Please do not forward this mail.
""")


def send(number: str, asked: ApprovalRequest, link: str) -> None:
    """Codes and letters to the approvers."""
    from reports.documents import leave_statement
    from tasks.papers import BY_PAGE, BY_PHONE

    row, scope = desk.change(number), scope_of(number)
    people = desk.customer(row.customer)
    say = Phrases(people.language, people.zone)

    def letter(approver: Approver, code: str) -> tuple[str, str]:
        text = LETTER.say(people.language).format(
            name=approver.name, provider=people.provider_name.zh if people.language == "zh" else people.provider_name.en, requester=row.requester,
            number=number, problem=scope.problem, statement="\n".join(f"- {line}" for line in leave_statement(scope, people.language, people.zone)),
            expires=f"{say.moment(asked.expires_at)} ({people.zone})", digest=asked.digest[:16], code=code,
            answer=(BY_PAGE if link else BY_PHONE).say(people.language).format(link=link))
        return {"zh": f"请准许远程登录 {number}", "en": f"Please give leave to log in: {number}"}[people.language], text

    approval.send_codes(number, asked, letter)


def refusal(number: str) -> Approval | None:
    """The answer of this round that was no leave."""
    answer = approval.decision_of(number, approval.current_round(number))
    return answer if answer is not None and answer.decision != "approved" else None
