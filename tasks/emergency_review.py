"""The review after an emergency restore: put together from the archive, confirmed by another approver of the customer with a code of his own.

An answer that is no, or none in time, ends the run and not the review: it stays open, is reminded of, and is put anew.
"""

from __future__ import annotations

from blocks.customer import Customer
from reports.documents.phrases import Phrases
from reports.records import Approval, ApprovalRequest, Approver, Closure, EmergencyReview, JournalEntry, Text
from tasks import approval, desk, emergency, gates, lifecycle
from tasks.errors import BlockersFound
from tasks.requests import ReviewRequest

GATE = "review of an emergency"
ZH, EN = Phrases("zh", "UTC"), Phrases("en", "UTC")


def open_review(request: ReviewRequest, run_id: str = "") -> str:
    """The review's number; what was found is filed for the round that begins.

    Raises:
        BlockersFound: the change needs no review, is still open, or was reviewed; or the number is not that of its review.
    """
    archive = desk.archive()
    number = emergency.review_of(request.change)
    if request.number not in ("", number):
        raise BlockersFound(f"the review of {request.change} is {number}, not {request.number}; leave the number empty",
                            f"{request.change} 的复核编号是 {number}，不是 {request.number}；编号请留空")
    if desk.change(number).closure is Closure.SUCCESSFUL:
        raise BlockersFound(f"{request.change} was reviewed ({number})", f"{request.change} 已经复核（{number}）")
    if desk.change(request.change).closure in (None, Closure.FAILED):
        raise BlockersFound(f"{request.change} is still open; take it up or back it out first", f"{request.change} 尚未结束；请先继续处理或回退")
    if run_id:
        archive.attach_run(number, run_id)
    round_ = approval.current_round(number)
    if archive.load(number, "review", str(round_), EmergencyReview) is None:
        archive.save(number, "review", str(round_), _put_together(number, request))
        archive.note(number, "reviewed", round=round_, by=request.requester, hours=request.approval_hours)
    return number


def _put_together(number: str, request: ReviewRequest) -> EmergencyReview:
    archive, row, plan = desk.archive(), desk.change(request.change), lifecycle.plan_of(request.change)
    answers = [a for _, a in archive.load_all(request.change, "approval", Approval)]
    given = answers[-1] if answers else None
    bundles = archive.bundles(request.change)
    times = archive.journal(request.change, event="promises kept")
    given_at = f"{given.decided_at.astimezone(desk.customer(row.customer).time_zone()):%Y-%m-%d %H:%M}" if given else ""
    return EmergencyReview(
        number=number, change=request.change, bundle=bundles[-1].manifest if bundles else "",
        leave=Text(zh=f"{given.name}，{given_at}，{ZH(f'channel.{given.channel}')}，记录人 {given.taken_by or '无'}",
                   en=f"{given.name}, {given_at}, {EN(f'channel.{given.channel}')}, taken down by {given.taken_by or 'nobody'}")
        if given else Text(zh="无", en="none"),
        ended=Text(zh=f"{ZH(f'closure.{row.closure.value}')}：{row.closure_reason_zh}", en=f"{row.closure.value}: {row.closure_reason}"),
        loss=plan.impact if plan else Text(zh="无", en="none"), times=Text.of_fields(times[-1].detail, "said") if times else Text(zh="无", en="none"),
        cause=request.cause, judged=request.judged, follows=request.follows, done=request.done, reviewed_by=request.requester)


def request_of(number: str) -> ReviewRequest:
    """The form again, of what is filed for this round, to take the review up."""
    found = review(number)
    return ReviewRequest(change=found.change, cause=found.cause, judged=found.judged, follows=found.follows, done=found.done, requester=found.reviewed_by,
                         number=number)


def review(number: str) -> EmergencyReview:
    found = desk.archive().load(number, "review", str(approval.current_round(number)), EmergencyReview)
    if found is None:
        raise BlockersFound(f"{number} has nothing to confirm yet; start an emergency review", f"{number} 尚无可确认的内容；请启动应急复核")
    return found


def ask(number: str, round_: int) -> ApprovalRequest:
    """Put to the customer's approvers but him who gave leave, where there is another."""
    found = review(number)
    noted = desk.archive().journal(number, event="reviewed")
    return approval.open_gate(number, round_, gate=GATE, digest=found.fingerprint(), asks=found.reviewed_by,
                              hours=float(noted[-1].detail.get("hours", 120)), but=emergency.who_gave_leave(found.change))


def lines(found: EmergencyReview, language: str) -> list[str]:
    """The review, line by line."""
    heads = Text(zh="应急恢复 数据损失与恢复内容 结果 批准 时限 原因 评价 后续措施 复核人 封存包摘要",
                 en="Emergency_restore Restored_and_lost Ended Leave Promised_times Cause Judgement What_follows Reviewed_by Digest_of_its_bundle")
    says = [found.change, *(text.say(language) for text in (found.loss, found.ended, found.leave, found.times)), found.cause, found.judged, found.follows,
            found.reviewed_by, " ".join(found.bundle[at:at + 16] for at in range(0, len(found.bundle), 16))]
    return [f"{head.replace('_', ' ')}{'：' if language == 'zh' else ': '}{said}" for head, said in zip(heads.say(language).split(" "), says, strict=True)]


def page(number: str, refused: JournalEntry | None) -> str:
    """What the form shows, in the customer's language. Markdown, without raw HTML."""
    people: Customer = desk.customer(desk.change(number).customer)
    why = Text.of_fields(refused.detail, "why") if refused else None
    title = {"zh": f"应急恢复复核 {number}", "en": f"Review of an emergency restore {number}"}[people.language]
    head = [f"**{why.say(people.language)}**", ""] if why else []
    return "\n".join([f"# {title}", "", *head, *(f"- {_plain(line)}" for line in lines(review(number), people.language))])


def _plain(line: str) -> str:
    return " ".join(line.replace("<", "‹").replace(">", "›").split())


def send(number: str, asked: ApprovalRequest, link: str) -> None:
    """Codes and letters to the approvers."""
    people, found = desk.customer(desk.change(number).customer), review(number)
    language = people.language

    def letter(approver: Approver, code: str) -> tuple[str, str]:
        zh, en = (f"请确认应急恢复 {found.change} 的复核（{number}）", f"Please confirm the review of emergency restore {found.change} ({number})")
        text = {"zh": f"{approver.name}，您好：\n\n{zh}。\n\n%s\n\n如内容属实，请用以下一次性验证码确认：\n\n    {code}\n\n请勿转发本邮件。\n",
                "en": f"Dear {approver.name},\n\n{en}.\n\n%s\n\nIf this is what happened, please confirm it with this one-time code:\n\n    {code}\n\n"
                      "Please do not forward this mail.\n"}[language]
        return {"zh": zh, "en": en}[language], text.replace("%s", "\n".join(lines(found, language))) + (f"\n{link}\n" if link else "")

    approval.send_codes(number, asked, letter)


def confirmed(number: str, decision: str) -> bool:
    """What came of the answer: confirmed, the review is closed and sealed; else it stays open, and the next one is put in a new round."""
    archive, round_ = desk.archive(), approval.current_round(number)
    if decision == "approved":
        answer, found = approval.decision_of(number, round_), review(number)
        if answer.gate != GATE or not gates.covers(answer, found.fingerprint()):
            raise BlockersFound(f"what was confirmed is not the review {number} as it is filed; start the emergency review of {found.change} again",
                                f"所确认的内容与复核 {number} 的存档不一致；请重新启动 {found.change} 的应急复核")
        says = Text(zh=f"{found.change} 已复核，由 {answer.name} 确认", en=f"{found.change} is reviewed, confirmed by {answer.name}")
        if desk.change(number).closure is not Closure.SUCCESSFUL:
            archive.close(number, Closure.SUCCESSFUL, says, desk.now())
            archive.note(number, "closed", closure="successful", **says.fields("reason"))
        archive.seal(number, desk.now())
        return True
    archive.note(number, "review not confirmed", round=round_, **gates.why_not(approval.decision_of(number, round_)).fields("why"))
    return False
