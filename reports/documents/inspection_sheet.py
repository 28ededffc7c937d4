"""The inspection as a spreadsheet: every result, to be filtered and counted.

Written row by row, so that memory does not grow with formats and cells. Whatever comes from a host is text: nothing is a formula.
"""

from __future__ import annotations

import io
import zipfile
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from reports.documents.findings import BAD, share
from reports.documents.inspection_words import Words
from reports.documents.paper import visible
from reports.documents.phrases import Phrases
from reports.documents.word import without_times
from reports.records import InspectionRecord, Outcome

LONGEST = 32_000  # a cell of a spreadsheet holds 32,767 characters
HEAD = "DFE7F1"
FILLS = {Outcome.CRITICAL: "F6D5D2", Outcome.WARNING: "FCE9C4", Outcome.UNKNOWN: "E3E7ED"}
ACTS = ("=", "+", "-", "@", "\t", "\r")
COLUMNS = (Outcome.CRITICAL, Outcome.WARNING, Outcome.UNKNOWN, Outcome.OK, Outcome.NOT_APPLICABLE)


@lru_cache(maxsize=4096)
def _shown(text: str) -> str:
    """Most of what is written stands there a hundred times: titles, grades, what a well target says."""
    return visible(text)[:LONGEST]


class _Book:
    """A workbook of plain sheets, each with a head that stays and can be filtered."""

    def __init__(self, say: Phrases, about: dict[str, Any]) -> None:
        from openpyxl import Workbook
        from openpyxl.styles import Alignment, Font, PatternFill

        self.say = say
        self.book = Workbook(write_only=True)
        for name, value in about.items():
            setattr(self.book.properties, name, value)
        face = "宋体" if say.language == "zh" else "Arial"
        self._font, self._bold = Font(name=face, size=10), Font(name=face, size=10, bold=True)
        self._fill, self._styles = PatternFill, {}
        self._wrap = Alignment(vertical="top", wrap_text=True)

    def _cell(self, sheet: Any, value: object, fill: str = "", bold: bool = False) -> Any:
        from openpyxl.cell import WriteOnlyCell

        if value in (None, ""):
            return None
        if isinstance(value, str):
            text = _shown(value)
            cell, acts = WriteOnlyCell(sheet, text), text.startswith(ACTS)
            cell.data_type = "s"  # also where it begins with =
        else:
            cell, acts = WriteOnlyCell(sheet, value), False
        style = self._styles.get((bold, fill, acts))
        if style is None:  # looking a style up in the workbook takes longer than all else of a cell
            cell.font, cell.alignment = self._bold if bold else self._font, self._wrap
            if fill:
                cell.fill = self._fill("solid", fgColor=fill)
            if acts:
                cell.quotePrefix = True  # and stays text when somebody edits it
            self._styles[bold, fill, acts] = cell._style
        else:
            cell._style = style
        return cell

    def sheet(
        self, name: str, head: Sequence[str], widths: Sequence[float], rows: Iterable[tuple[Outcome | None, Sequence[object]]]
    ) -> None:
        """rows: each with the outcome that colours its field for the grade (the first text that names it), or None."""
        from openpyxl.utils import get_column_letter

        sheet = self.book.create_sheet(self.say(f"sheet.{name}"))
        for number, width in enumerate(widths, 1):
            sheet.column_dimensions[get_column_letter(number)].width = width
        sheet.freeze_panes = "A2"
        sheet.page_setup.orientation, sheet.page_setup.paperSize, sheet.page_setup.fitToHeight = "landscape", 9, 0
        sheet.sheet_properties.pageSetUpPr.fitToPage = True
        sheet.print_title_rows = "1:1"
        sheet.append([self._cell(sheet, name, HEAD, bold=True) for name in head])
        count = 1
        for outcome, row in rows:
            word = self.say(f"outcome.{outcome.value}") if outcome else ""
            fill = FILLS.get(outcome, "") if outcome else ""
            sheet.append([self._cell(sheet, value, fill if value == word else "") for value in row])
            count += 1
        sheet.auto_filter.ref = f"A1:{get_column_letter(len(head))}{count}"

    def facts(self, name: str, rows: Iterable[tuple[str, object]]) -> None:
        sheet = self.book.create_sheet(self.say(f"sheet.{name}"))
        sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = 26, 90
        for label, value in rows:
            sheet.append([self._cell(sheet, label, HEAD, bold=True), self._cell(sheet, value)])

    def bytes(self) -> bytes:
        from openpyxl.writer.excel import ExcelWriter

        saved = io.BytesIO()
        # Workbook.save would write the time of day into the properties
        ExcelWriter(self.book, zipfile.ZipFile(saved, "w", zipfile.ZIP_DEFLATED, allowZip64=True)).save()
        return without_times(saved)


def inspection_sheet(record: InspectionRecord, say: Phrases, made_at: datetime) -> bytes:
    w = Words(record, say)
    found, language = w.found, say.language
    at = made_at.astimezone(UTC).replace(tzinfo=None, microsecond=0)
    title = say(f"inspection.cover.{record.procedure}")
    provider = visible(record.provider_name.say(language))
    book = _Book(say, {"title": f"{title} {record.number}", "creator": provider, "lastModifiedBy": provider, "created": at, "modified": at})

    def seconds(moment: datetime) -> str:
        return say.moment(moment, seconds=True)

    targets = Counter(found.grade(read) for read in record.reads)
    changes = Counter(development.change for development in record.developments)
    summary: list[tuple[str, object]] = [
        (say("cover.customer"), record.customer_name.say(language)),
        (say("inspection.number"), record.number),
        (say("cover.document"), f"{title} {record.number}-IR"),
        (say("inspection.period"), f"{seconds(record.opened_at)} - {seconds(record.finished_at)}"),
        (say("inspection.targets"), w.targets_value()),
        (say("inspection.grade"), say(f"outcome.{record.grade.value}")),
        (say("inspection.conclusion"), w.conclusion()),
        *((f"{say('inspection.count.rows')} {say(f'outcome.{o.value}')}", found.outcomes[o]) for o in COLUMNS),
        *((f"{say('inspection.count.targets')} {say(f'outcome.{o.value}')}", targets[o]) for o in COLUMNS),
        *((f"{say('inspection.comparison')} {say(f'change.{change}')}", n) for change, n in changes.items()),
        (say("cover.made"), seconds(made_at)),
        (say("inspection.digest"), record.fingerprint()),
        ("", say("sheet.note")),
    ]
    book.facts("summary", summary)

    def findings() -> Iterable[tuple[Outcome, Sequence[object]]]:
        for group in found.groups(*BAD):
            title, advice, deadline = w.title(group.check), w.advice(group.check), w.deadline(group.outcome)
            part, grade = say.known("part", group.check.chapter), say(f"outcome.{group.outcome.value}")
            for row in group.rows:
                yield group.outcome, (grade, row.target, part, row.check, title, w.object(row), row.says.say(language), row.evidence, advice, deadline,
                                      "", w.change(row))  # fmt: skip

    def rows() -> Iterable[tuple[Outcome, Sequence[object]]]:
        for row in found.rows:
            about, full = found.about(row.check), share(row)
            yield row.outcome, (row.target, say.known("part", about.chapter), row.check, w.title(about), w.object(row), say(f"outcome.{row.outcome.value}"),
                                row.says.say(language), row.value, say.known("unit", row.unit), row.capacity,
                                None if full is None else round(full, 2), w.change(row), row.evidence)  # fmt: skip

    def forecasts() -> Iterable[tuple[Outcome | None, Sequence[object]]]:
        later = [f for f in record.forecasts if f.days is None]
        for f in (*found.forecasts, *later):
            full = share(f)
            days = [None if value is None else round(value, 1) for value in (f.days, f.earliest, f.latest)]
            yield None, (f.target, f.check, w.object(f), f.value, f.capacity, say.known("unit", f.unit), None if full is None else round(full, 2), f.per_day,
                         *days, "" if f.days is None else w.day(f.days))  # fmt: skip

    def every_target() -> Iterable[tuple[Outcome, Sequence[object]]]:
        for read in found.targets_worst_first:
            grade, counts = found.grade(read), found.counts(read)
            word = say("outcome.not reached") if read.problem is not None else say(f"outcome.{grade.value}")
            yield grade, (read.target, w.kind(read), w.about_target(read), word, *(counts[o] for o in COLUMNS), seconds(read.read_at), read.seconds,
                          read.fingerprint())  # fmt: skip

    unreached = [(None, (read.target, w.kind(read), seconds(read.read_at), read.problem.say(language) if read.problem else "")) for read in found.unreached]
    developed = [
        (None, (say(f"change.{change}"), d.target, d.check, w.title(check), w.object(d))) for change, check, those in found.developments() for d in those
    ]
    book.sheet("findings", say.head("sheet_findings"), (9, 18, 14, 9, 20, 22, 50, 50, 44, 13, 12, 10), findings())
    book.sheet("rows", say.head("sheet_rows"), (18, 14, 9, 22, 22, 10, 56, 15, 9, 15, 9, 10, 50), rows())
    book.sheet("forecasts", say.head("sheet_forecasts"), (18, 9, 26, 16, 16, 9, 9, 14, 15, 13, 13, 13), forecasts())
    book.sheet("unreached", say.head("sheet_unreached"), (20, 18, 20, 80), unreached)
    book.sheet("targets", say.head("sheet_targets"), (20, 16, 50, 10, 8, 8, 10, 8, 8, 20, 10, 68), every_target())
    book.sheet("changes", say.head("sheet_changes"), (13, 20, 10, 26, 40), developed)
    return book.bytes()
