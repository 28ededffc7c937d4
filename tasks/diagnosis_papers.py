"""The report of a diagnosis: filed as evidence, sent to who reported the problem (R108)."""

from __future__ import annotations

from blocks import lookup
from reports.documents import render_diagnosis, render_diagnosis_page
from reports.documents.phrases import Phrases
from reports.records import DiagnosisRecord
from tasks import desk, gates, remote_diagnosis
from tasks.papers import TYPES, file_paper


def write_report(record: DiagnosisRecord) -> str:
    """The diagnosis report in both languages, filed as evidence; once more for everything that became of the problem. Returns its name."""
    name = f"report-{1 + len(record.solutions)}" if record.solutions else "report"
    file_paper(record, name, render_diagnosis)
    return name


def summary_page(number: str) -> str:
    """For the run's page, in the customer's language, as Markdown."""
    record = remote_diagnosis.record_of(number)
    return render_diagnosis_page(record, record.language, desk.customer(record.customer).zone)


def send_report(number: str) -> None:
    """Send the report to who reported the problem, and to the approvers, each once. A mail that fails is noted, and tried again when it is taken up."""
    archive, row = desk.archive(), desk.change(number)
    people = desk.customer(row.customer)
    language, say = people.language, Phrases(people.language, people.zone)
    sent = {entry.detail.get("to") for entry in archive.journal(number, event="report sent")}
    attachments = [(f"{number}-{e.name}", archive.read_evidence(e), TYPES["pdf"]) for e in archive.evidence(number) if e.name == f"report-{language}.pdf"]
    reason = row.closure_reason_zh or row.closure_reason if language == "zh" else row.closure_reason
    subject = f"{say('diagnosis.cover')} {number}"
    for address in addresses(number):
        if address in sent:
            continue
        try:
            lookup.find_notices("default").send(address, subject, f"{subject}\n\n{reason}\n", attachments=attachments)
            archive.note(number, "report sent", to=address)
        except Exception as problem:
            archive.note(number, "report not sent", to=address, problem=str(problem))


def addresses(number: str) -> list[str]:
    """Who reported the problem, where he is among the customer's people, and the approvers."""
    row = desk.change(number)
    people = desk.customer(row.customer)
    known = [(person.name, person.email) for person in (*people.approver_records(), *people.contact_records()) if person.email]
    first = [email for name, email in known if gates.same_person(name, row.requester) or gates.same_person(email, row.requester)]
    return list(dict.fromkeys([*first, *(approver.email for approver in people.approver_records())]))
