"""Documents and letters of a change: rendered from the record, filed as evidence, sent to the customer."""

from __future__ import annotations

from pathlib import Path

from blocks import lookup
from reports.documents import render_instruction, render_outcome_page, render_plan_page, render_report
from reports.documents.phrases import Phrases
from reports.records import NOTHING, ApprovalRequest, Approver, ChangeRecord, DiagnosisRecord, InspectionRecord, JournalEntry, Text
from tasks import approval, change_record, desk, lifecycle, rehearsal

TYPES = {"html": "text/html", "pdf": "application/pdf", "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
         "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "txt": "text/plain"}


def ask_customer(number: str, round_: int) -> ApprovalRequest:
    """Open the gate for a plan whose rehearsal passed; the instruction, which names the question's digest, is written.

    Raises:
        BlockersFound: not rehearsed, or nobody may approve.
    """
    rehearsal.require_rehearsed(lifecycle.plan_of(number, round_), lifecycle.rehearsal_of(number, round_))
    write_instruction(number, round_)
    return lifecycle.ask_customer(number, round_)


def write_instruction(number: str, round_: int) -> None:
    """The upgrade operation instruction (升级操作说明, R175), in both languages; before approval, naming the digest that is asked for."""
    lifecycle.ask_customer(number, round_)
    _write(number, f"instruction-{round_}", render_instruction)


def write_report(number: str) -> None:
    """The change report (R179), in both languages; after the change ended, however it ended. A change that was stuck gets a second one."""
    edition = len(desk.archive().journal(number, event="closed"))
    _write(number, "report" if edition < 2 else f"report-{edition}", render_report)


def _write(number: str, name: str, render) -> None:
    file_paper(change_record.record_of(number), name, render)


def file_paper(record: ChangeRecord | InspectionRecord | DiagnosisRecord, name: str, render) -> None:
    """A paper in both languages and all its formats, filed as evidence and laid out; what is filed is not made again."""
    archive = desk.archive()
    there = {e.name for e in archive.evidence(record.number)}
    zone = desk.customer(record.customer).zone
    for language in ("zh", "en"):
        if f"{name}-{language}.pdf" in there:
            continue
        files = render(record, language, desk.now(), zone=zone)
        for suffix, content in sorted(files.items(), key=lambda item: item[0] == "pdf"):  # the PDF last: it says that all are there
            archive.file_evidence(record.number, f"{name}-{language}.{suffix}", content, TYPES[suffix.rpartition(".")[2]])
            _lay_out(record.number, f"{name}-{language}.{suffix}", content)


def _lay_out(number: str, name: str, content: bytes) -> None:
    """A copy under a name that people find; what counts is the evidence, whose digest is sealed."""
    folder = desk.archive().root / "documents" / number
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f".{name}.part"
    part.write_bytes(content)
    part.replace(folder / name)


def documents(number: str) -> dict[str, Path]:
    """Where the change's documents lie, by name."""
    folder = desk.archive().root / "documents" / number
    return {path.name: path for path in sorted(folder.glob("*")) if path.suffix[1:] in TYPES}


def plan_page(number: str) -> str:
    """The page that the approver reads, in the customer's language, as Markdown."""
    record = change_record.record_of(number)
    return render_plan_page(record, record.language, desk.customer(record.customer).zone)


def approval_page(number: str, refused: JournalEntry | None) -> str:
    """The same above the form, with the reason why the last entry did not count."""
    record = change_record.record_of(number)
    why = Text.of_fields(refused.detail, "why") if refused else NOTHING
    return render_plan_page(record, record.language, desk.customer(record.customer).zone, why)


ASKING = Text(
    zh="""{name}，您好：

{provider}请您批准变更 {number}：{title}。
申请人：{requester}；原因：{reason}
演练结果：{rehearsal}
操作说明见附件。请在 {expires} 之前答复，逾期未答复视为不批准。

您的一次性验证码(仅对本方案有效):

    {code}

待批准摘要值(与操作说明及方案页面所列一致):{digest}
答复方式：{answer}
请勿转发本邮件。
""",
    en="""Dear {name},

{provider} asks you to approve change {number}: {title}.
Requested by {requester}; reason: {reason}
Rehearsal: {rehearsal}
The operation instruction is attached. Please answer before {expires}; no answer counts as no.

Your one-time code (valid for exactly this plan):

    {code}

Digest to approve (the same as in the instruction and on the plan's page): {digest}
How to answer: {answer}
Please do not forward this mail.
""")
BY_PAGE = Text(zh="在批准页面填写（{link}），或电话告知值班工程师。", en="on the approval page ({link}), or tell our engineer on duty by phone.")
BY_PHONE = Text(zh="电话告知值班工程师。", en="tell our engineer on duty by phone.")
PASSED = Text(zh="已在模拟环境中完成实施与回退演练，全部通过", en="the change and its back-out were rehearsed in a simulated environment; all passed")


def send_codes(number: str, asked: ApprovalRequest, link: str) -> None:
    """Send each approver a fresh one-time code with the instruction attached (R104, R111)."""
    from zoneinfo import ZoneInfo

    record = change_record.record_of(number)
    people = desk.customer(record.customer)
    language, plan = people.language, record.plan
    archive = desk.archive()
    there = [e for e in archive.evidence(number) if e.name.startswith("instruction-")]
    attachments = [(f"{number}-{e.name}", archive.read_evidence(e), TYPES[ending.rpartition(".")[2]]) for ending in ("pdf", "commands.txt")
                   for e in [e for e in there if e.name.endswith(f"-{language}.{ending}")][-1:]]

    def letter(approver: Approver, code: str) -> tuple[str, str]:
        text = ASKING.say(language).format(
            name=approver.name, provider=getattr(people.provider_name, language), number=number, title=plan.title.say(language),
            requester=record.requester, reason=record.reason, digest=asked.digest, code=code,
            answer=(BY_PAGE if link else BY_PHONE).say(language).format(link=link),
            rehearsal=(plan.no_rehearsal or PASSED).say(language),
            expires=f"{asked.expires_at.astimezone(ZoneInfo(people.zone)):%Y-%m-%d %H:%M} ({people.zone})")
        return {"zh": f"请批准变更 {number}", "en": f"Please approve change {number}"}[language], text

    approval.send_codes(number, asked, letter, attachments)


def send_outcome(number: str) -> None:
    """Tell the customer's approvers how the change ended, with the report attached. A mail that fails is noted, no more."""
    record = change_record.record_of(number)
    people = desk.customer(record.customer)
    language, archive = people.language, desk.archive()
    attachments = [(f"{number}-{e.name}", archive.read_evidence(e), TYPES["pdf"]) for e in archive.evidence(number)
                   if e.name.startswith("report-") and e.name.endswith(f"{language}.pdf")][-1:]
    say = Phrases(language, people.zone)
    subject = say("page.outcome", number=number, closure=say(f"closure.{record.closure.value}"))
    for approver in people.approver_records():
        try:
            lookup.find_notices("default").send(approver.email, subject, f"{subject}\n\n{record.closure_reason.say(language)}\n", attachments=attachments)
        except Exception as problem:
            if record.closure and record.closure.value == "failed":
                archive.note(number, "outcome not sent", to=approver.email, problem=str(problem))


def outcome_page(number: str) -> str:
    """How the change ended, for the run's page: closure, steps with seconds, where the documents lie. Markdown."""
    record = change_record.record_of(number)
    page = render_outcome_page(record, record.language, desk.customer(record.customer).zone)
    return "\n".join([page, *(f"- `{path}`" for name, path in documents(number).items() if name.startswith("report-"))])
