"""The papers of a change: operation instruction (R175), change report (R179), page for the approver, plan as text; of an inspection:
report and spreadsheet (R123-R142), page of its run; of a security check: the same
(R008, R058); of a diagnosis: what leave is asked for, report (R108), page of its run.

Pure functions over records: no clock, network or environment; equal input gives equal bytes.
Whatever a record lacks is said in the paper.
"""

from __future__ import annotations

from datetime import datetime

from reports.documents.chapters import Chapters
from reports.documents.charts import get_ready
from reports.documents.diagnosis import diagnosis
from reports.documents.diagnosis_page import diagnosis_page, leave_page
from reports.documents.diagnosis_words import statement
from reports.documents.html import to_html
from reports.documents.inspection import inspection
from reports.documents.inspection_page import inspection_page
from reports.documents.inspection_sheet import inspection_sheet
from reports.documents.instruction import instruction
from reports.documents.page import outcome_page, plan_page, plan_text
from reports.documents.paper import Paper
from reports.documents.pdf import to_pdf
from reports.documents.phrases import Phrases
from reports.documents.report import report
from reports.documents.security import security
from reports.documents.security_page import security_page
from reports.documents.security_sheet import security_sheet
from reports.documents.word import to_word
from reports.records import NOTHING, AccessScope, ApprovalRequest, ChangeRecord, DiagnosisRecord, InspectionRecord, Language, Plan, SecurityRecord, Text

ZONE = "Asia/Shanghai"

__all__ = ["get_ready", "leave_statement", "render_diagnosis", "render_diagnosis_page", "render_inspection", "render_inspection_page",
           "render_instruction", "render_leave_page", "render_outcome_page", "render_plan_page", "render_plan_text", "render_report",
           "render_security", "render_security_page"]


def _formats(paper: Paper, made_at: datetime) -> dict[str, bytes]:
    return {"html": to_html(paper), "pdf": to_pdf(paper, made_at), "docx": to_word(paper, made_at)}


def _commands(record: ChangeRecord, say: Phrases) -> dict[str, bytes]:
    commands = Chapters(record, say, {}).commands
    return {"commands.txt": commands.text.encode()} if commands.apart else {}


def render_instruction(record: ChangeRecord, language: Language, made_at: datetime, zone: str = ZONE) -> dict[str, bytes]:
    """The upgrade operation instruction (升级操作说明): "html", "pdf" and "docx" by name; of a plan with long commands these too, "commands.txt".

    made_at: when it was made, with its zone; printed, and the only time in the files.
    zone: the customer's; all times are shown in it.

    Raises:
        ValueError: the zone is not known.
    """
    say = Phrases(language, zone, record.procedure)
    return {**_formats(instruction(record, say, made_at), made_at), **_commands(record, say)}


def render_report(record: ChangeRecord, language: Language, made_at: datetime, zone: str = ZONE) -> dict[str, bytes]:
    """The change report (变更报告), for any closure: as for the instruction; of a hardening every control as "xlsx" beside it."""
    say = Phrases(language, zone, record.procedure)
    sheet = {"xlsx": security_sheet(record.hardening.now, say, made_at)} if record.hardening else {}
    return {**_formats(report(record, say, made_at), made_at), **sheet, **_commands(record, say)}


def render_plan_page(record: ChangeRecord, language: Language, zone: str = ZONE, not_counted: Text = NOTHING) -> str:
    """Markdown for the approver: what, why, where, when, rehearsal, risk, failure, repairs, digest. No raw HTML in it.

    not_counted: why the last entry in the approval's form did not count; said on top.
    """
    return plan_page(record, Phrases(language, zone, record.procedure), not_counted)


def render_outcome_page(record: ChangeRecord, language: Language, zone: str = ZONE) -> str:
    """Markdown for the run's page: how the change ended, every step with its time. No raw HTML in it."""
    return outcome_page(record, Phrases(language, zone, record.procedure))


def render_plan_text(plan: Plan, language: Language, zone: str = ZONE, *, appendices: bool = True) -> str:
    """The plan as plain text, for a terminal; without its appendices where the operation instruction lies beside it, which has the same ones."""
    return plan_text(plan, Phrases(language, zone, plan.procedure), appendices=appendices)


def render_inspection(record: InspectionRecord, language: Language, made_at: datetime, zone: str = ZONE) -> dict[str, bytes]:
    """The inspection report (巡检报告): "html", "pdf" and "docx" by name, and every result as "xlsx". Arguments as for the instruction."""
    say = Phrases(language, zone)
    return {**_formats(inspection(record, say, made_at), made_at), "xlsx": inspection_sheet(record, say, made_at)}


def render_inspection_page(record: InspectionRecord, language: Language, zone: str = ZONE) -> str:
    """Markdown for the page of the run: grade, targets not reached, counts, worst findings, forecast, what changed. No raw HTML in it."""
    return inspection_page(record, Phrases(language, zone))


def render_security(record: SecurityRecord, language: Language, made_at: datetime, zone: str = ZONE) -> dict[str, bytes]:
    """The report of a security check (安全检查报告): "html", "pdf" and "docx" by name, and every result as "xlsx". Arguments as for the instruction."""
    say = Phrases(language, zone)
    return {**_formats(security(record, say, made_at), made_at), "xlsx": security_sheet(record, say, made_at)}


def render_security_page(record: SecurityRecord, language: Language, zone: str = ZONE) -> str:
    """Markdown for the page of the run: the score, what fails, what could not be read. No raw HTML in it."""
    return security_page(record, Phrases(language, zone))


def leave_statement(scope: AccessScope, language: Language, zone: str = ZONE) -> list[str]:
    """What will be looked at if leave is given, sentence by sentence (R104)."""
    return statement(scope, Phrases(language, zone))


def render_leave_page(scope: AccessScope, asked: ApprovalRequest | None, language: Language, zone: str = ZONE, not_counted: Text = NOTHING) -> str:
    """Markdown for who is asked for leave to log in. No raw HTML in it. not_counted: why the last entry did not count; said on top."""
    return leave_page(scope, asked, Phrases(language, zone), not_counted)


def render_diagnosis(record: DiagnosisRecord, language: Language, made_at: datetime, zone: str = ZONE) -> dict[str, bytes]:
    """The diagnosis report (远程诊断检测报告): "html", "pdf" and "docx" by name. Arguments as for the instruction."""
    return _formats(diagnosis(record, Phrases(language, zone), made_at), made_at)


def render_diagnosis_page(record: DiagnosisRecord, language: Language, zone: str = ZONE) -> str:
    """Markdown for the page of the run: suspected causes, timeline, counts. No raw HTML in it."""
    return diagnosis_page(record, Phrases(language, zone))
