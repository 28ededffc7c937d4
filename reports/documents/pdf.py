"""A paper as PDF, set by Typst with the fonts of this folder: needs no program, font or network of the machine.

Every text goes to Typst as a string between quotation marks, never as markup, so nothing in it can be understood as a command.
Typst reads no file but its template: none is named in it.
"""

from __future__ import annotations

import re
from datetime import datetime
from functools import cache
from pathlib import Path

import jinja2
import typst

from reports.documents.paper import Paper, Table

HERE = Path(__file__).parent
FONTS = HERE / "fonts"
LINE_MM = 164.0  # between the margins
LONG = 14  # a run of characters without a space that is longer gets places where its line may be broken
_PIECES = re.compile(r"[^\-/_.,:;=+~&?@|]*[\-/_.,:;=+~&?@|]+|[^\-/_.,:;=+~&?@|]+")


def quoted(text: str) -> str:
    """A Typst string that stands for exactly this text; a tab, which Typst does not print, as a space."""
    text = text.replace("\t", " ")
    return (
        '"'
        + re.sub(r'[\\"\x00-\x1f\x7f]', lambda found: {"\\": "\\\\", '"': '\\"'}.get(found[0], f"\\u{{{ord(found[0]):x}}}"), text)
        + '"'
    )


def breakable(text: str, long: int = LONG) -> str:
    """Typst strings, separated by commas, that make up the text; between two of them its line may be broken."""
    if len(text) <= long:
        return quoted(text)
    pieces, open_piece = [], ""
    for run in re.split(rf"([!-~]{{{long + 1},}})", text):
        if len(run) > long and run.isascii() and " " not in run:
            for piece in _PIECES.findall(run):
                for start in range(0, len(piece), 8):
                    pieces.append(open_piece + piece[start : start + 8])
                    open_piece = ""
        else:
            open_piece += run
    if open_piece:
        if pieces and not open_piece.startswith(" "):
            pieces.append(open_piece)
        elif pieces:
            pieces[-1] += open_piece
        else:
            pieces.append(open_piece)
    return ", ".join(map(quoted, pieces))


def _line(text: str) -> str:
    return breakable(text.expandtabs(8) or " ", 24)


def capacities(table: Table) -> list[tuple[int, int]]:
    """How many characters fit on a line of each column: proportional, typewriter. A word that fits is not broken."""
    room = [LINE_MM * width / sum(table.widths) - 3.6 for width in table.widths]
    size = 7.6 / 8.8 if table.dense else 1
    return [(max(4, int(mm / size / 1.95)), max(4, int(mm / size / 1.52))) for mm in room]


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE / "templates"),
        autoescape=False,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(quoted=quoted, breakable=breakable, line=_line, capacities=capacities)
    return environment.get_template("paper.typ.j2")


def source(paper: Paper) -> str:
    return _template().render(paper=paper)


def to_pdf(paper: Paper, made_at: datetime) -> bytes:
    """The same bytes for the same paper and time."""
    compiler = typst.Compiler(root=str(HERE / "templates"), font_paths=[str(FONTS)], ignore_system_fonts=True)
    return compiler.compile(
        input=source(paper).encode("utf-8"), format="pdf", timestamp=made_at.replace(microsecond=0), pdf_tags=False
    )
