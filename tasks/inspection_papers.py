"""The report of an inspection: put together from the archive, filed as evidence, sent to the customer."""

from __future__ import annotations

from blocks import lookup
from reports.archive import inspections
from reports.documents import render_inspection, render_inspection_page, render_security, render_security_page
from reports.records import CheckAbout, Development, FullForecast, InspectionRecord, LimitAbout, SecurityRecord, Text
from tasks import desk, inspection, security, trend
from tasks.checks.kinds import HostCheck, Limit, operation_of
from tasks.papers import TYPES, file_paper
from tasks.targets import ASKED, DATABASE, DIAGNOSIS, SECURITY


def record_of(number: str) -> InspectionRecord:
    """All that the report says, put together from the archive."""
    archive, row = desk.archive(), desk.change(number)
    this, people = inspection.inspection(number), desk.customer(row.customer)
    reads = inspections.reads_of(archive, this)
    reached = {read.target for read in reads if not read.problem}
    earlier = inspections.last_readings(archive, this, reached)
    last = max(earlier.values(), key=lambda one: one.id, default=None) if this.procedure == DIAGNOSIS else inspections.before(archive, this)
    points = inspections.points(archive, this)
    there = {trend.key(r) for read in reads for r in read.rows}
    forecasts = {one: f for one, f in trend.forecasts(points).items() if one in there}
    history: dict[trend.Key, list] = {}
    for p in points:
        history.setdefault((p.target, p.check, p.object), []).append((p.at, p.value))
    changes: dict[trend.Key, trend.Change] = {}
    if last:
        changes = trend.compared(inspection.last_rows(earlier), (r for read in reads for r in read.rows), reached)
    common = dict(
        number=number, procedure=this.procedure, customer=row.customer, customer_name=Text(zh=people.full_name.zh, en=people.full_name.en),
        provider_name=Text(zh=people.provider_name.zh, en=people.provider_name.en), language=people.language, contract=people.contract,
        requester=row.requester, operator=row.operator, reason=row.reason, opened_at=row.opened_at, finished_at=row.closed_at or desk.now(),
        late_days=inspection.days_late(number), grade=inspection.grade(reads, forecasts.values()), reads=reads,
        last_number=last.number if last else "", last_at=last.started_at if last else None,
        developments=tuple(Development(target=t, check=c, object=o, change=change) for (t, c, o), change in changes.items()),
        forecasts=tuple(_forecast(f, history[f.key]) for f in forecasts.values()))
    if this.procedure == SECURITY:
        return security.security_record(common, last, inspection.last_rows(earlier))
    return InspectionRecord(**common, checks=abouts(this.procedure, reads))


def _forecast(forecast: trend.Forecast, history: list) -> FullForecast:
    target, check, name = forecast.key
    return FullForecast(target=target, check=check, object=name, unit=forecast.unit, value=forecast.value, capacity=forecast.capacity,
                        per_day=forecast.per_day, days=forecast.days, earliest=forecast.earliest, latest=forecast.latest, history=tuple(history))


def abouts(procedure: str, reads: tuple) -> tuple[CheckAbout, ...]:
    """What the report says of each check that was asked."""
    kinds = {read.kind for read in reads} or ({"postgresql", "mysql"} if procedure == DATABASE else {"host"})
    checks = tuple({check.id: check for kind in sorted(kinds) for check in ASKED[kind]()}.values())
    if used := {row.check for read in reads for row in read.rows}:  # not every database server and not every device is asked everything
        checks = tuple(check for check in checks if isinstance(check, HostCheck) or check.id in used)
    return tuple(CheckAbout(id=check.id, title=check.title, chapter=check.chapter, remedy=check.remedy, source=check.source, clause=check.clause,
                            limits={name: _about(limit) for name, limit in check.limits.items()}, operation=operation_of(check),
                            objects=dict(check.objects))
                 for check in checks)


def _about(limit: Limit) -> LimitAbout:
    return LimitAbout(warning=limit.warning, critical=limit.critical, unit=limit.unit, source=limit.source, over=limit.over)


def write_report(record: InspectionRecord) -> None:
    """The report in both languages (R125), filed as evidence."""
    file_paper(record, "report", render_security if isinstance(record, SecurityRecord) else render_inspection)


def summary_page(record: InspectionRecord) -> str:
    """For the run's page, in the customer's language, as Markdown."""
    if isinstance(record, SecurityRecord):
        return render_security_page(record, record.language)
    return render_inspection_page(record, record.language)


def send_report(number: str) -> None:
    """Send the report to the customer's approvers, each once. A mail that fails is noted, and tried again when the inspection is taken up."""
    archive, row = desk.archive(), desk.change(number)
    sent = {entry.detail.get("to") for entry in archive.journal(number, event="report sent")}
    people = desk.customer(row.customer)
    language = people.language
    attachments = [(f"{number}-{e.name}", archive.read_evidence(e), TYPES["pdf"]) for e in archive.evidence(number) if e.name == f"report-{language}.pdf"]
    reason = row.closure_reason_zh if language == "zh" else row.closure_reason
    zh, en = ("安全检查报告", "Security check report") if row.procedure == SECURITY else ("巡检报告", "Inspection report")
    subject = f"{zh if language == 'zh' else en} {number}"
    for approver in people.approver_records():
        if approver.email in sent:
            continue
        try:
            lookup.find_notices("default").send(approver.email, subject, f"{subject}\n\n{reason}\n", attachments=attachments)
            archive.note(number, "report sent", to=approver.email)
        except Exception as problem:
            archive.note(number, "report not sent", to=approver.email, problem=str(problem))
