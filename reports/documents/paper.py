"""A paper before it has a format: chapters, sentences, tables, commands. Every format is made from it.

One content, many formats: what the Word file says is what the PDF says. Nothing here is escaped for a format; each format escapes
everything it is given, so text from a host cannot become markup anywhere.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from reports.records import Language

Tone = Literal["", "good", "warn", "bad"]


def visible(text: str) -> str:
    r"""The text with everything that would not show, or would reorder what does, written out: ``\x1b``, ``\u202e``.

    Line feeds and tabs stay. What is left can be put into XML, Typst and a terminal without acting there.
    """
    text = text.replace("\r\n", "\n")
    if text.isascii() and text.isprintable():
        return text
    return "".join(_written_out(character) for character in text)


def _written_out(character: str) -> str:
    if character in "\n\t" or " " <= character <= "~":
        return character
    category = unicodedata.category(character)
    if category not in ("Cc", "Cf", "Cs", "Cn", "Zl", "Zp"):
        return character
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


@dataclass(frozen=True)
class Cell:
    """A field of a table. mono: commands, digests, versions, in a typewriter face."""

    text: str
    mono: bool = False
    strong: bool = False
    tone: Tone = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", visible(self.text))


def mono(text: str) -> Cell:
    return Cell(text, mono=True)


@dataclass(frozen=True)
class Heading:
    """level 1: chapter or appendix; level 2: section. number: "3", "3.1", "附录 A", "Appendix A"."""

    level: int
    number: str
    text: str
    anchor: str
    appendix: bool = False


@dataclass(frozen=True)
class Paragraph:
    text: str


@dataclass(frozen=True)
class Items:
    items: tuple[str, ...]


@dataclass(frozen=True)
class Notice:
    """A sentence that must not be overlooked."""

    text: str
    tone: Tone


@dataclass(frozen=True)
class Table:
    """head empty: a list of facts, its first column being the names. widths: shares of the line, one for each column.

    tall: rows to be filled in by hand. dense: many short rows, in a small face.
    """

    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    widths: tuple[float, ...]
    tall: bool = False
    dense: bool = False

    @property
    def whole_rows(self) -> bool:
        """Whether every row is so short that it goes to the next page rather than break."""
        return all(len(cell.text) + 30 * cell.text.count("\n") <= 500 for row in self.rows for cell in row)

    @property
    def keeps_together(self) -> bool:
        """Whether it is so small that it goes to the next page rather than break."""
        lengths = [len(cell.text) + 40 * cell.text.count("\n") for row in self.rows for cell in row]
        return len(self.rows) <= (8 if self.tall else 6) and sum(lengths) <= 1200 and max(lengths, default=0) <= 300


@dataclass(frozen=True)
class Code:
    """Commands or output, word for word, line by line."""

    caption: str
    lines: tuple[str, ...]
    first: int = 1  # number of the first line shown


@dataclass(frozen=True)
class Picture:
    """A drawing over the whole line, in two forms of the same. alt: what it shows, in words, for who cannot see it."""

    svg: bytes
    png: bytes
    alt: str
    caption: str


Block = Heading | Paragraph | Items | Notice | Table | Code | Picture


@dataclass(frozen=True)
class Paper:
    """cover: rows name and value. versions: the version table on the cover page. words: fixed words of the layout by name.

    front: what stands between cover and contents; its headings have no number.
    """

    language: Language
    title: str
    subtitle: str
    owner: str
    provider: str
    date: str
    number: str
    cover: Table
    versions_title: str
    versions: Table
    blocks: tuple[Block, ...]
    words: dict[str, str]
    front: tuple[Block, ...] = ()

    @property
    def running_head(self) -> str:
        """Whose paper and which; only which where both are too long for one line (a Chinese character counts two)."""
        both = f"{self.owner}  {self.title}"
        return both if sum(1 + (ord(c) > 0x2E7F) for c in both) <= 64 else self.title

    @property
    def headings(self) -> tuple[Heading, ...]:
        return tuple(block for block in self.blocks if isinstance(block, Heading))


def cells(row: Iterable[str | Cell]) -> tuple[Cell, ...]:
    return tuple(value if isinstance(value, Cell) else Cell(value) for value in row)


class Draft:
    """Collects the blocks of a paper and numbers its chapters."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self.blocks: list[Block] = []
        self._chapter = self._section = self._appendix = 0
        self._in_appendix = False

    def chapter(self, text: str) -> None:
        self._chapter, self._section, self._in_appendix = self._chapter + 1, 0, False
        self._heading(1, str(self._chapter), text)

    def appendix(self, text: str) -> None:
        self._appendix, self._section, self._in_appendix = self._appendix + 1, 0, True
        self._heading(1, ("附录 " if self.language == "zh" else "Appendix ") + self._letter, text)

    def section(self, text: str) -> None:
        self._section += 1
        self._heading(2, f"{self._letter if self._in_appendix else self._chapter}.{self._section}", text)

    @property
    def _letter(self) -> str:
        return chr(ord("A") + self._appendix - 1)

    def _heading(self, level: int, number: str, text: str) -> None:
        anchor = f"h{len(self.blocks)}"
        self.blocks.append(Heading(level, number, visible(text).replace("\n", " "), anchor, self._in_appendix))

    def paragraph(self, text: str) -> None:
        if text:
            self.blocks.append(Paragraph(visible(text)))

    def items(self, items: Sequence[str]) -> None:
        if items:
            self.blocks.append(Items(tuple(visible(item) for item in items)))

    def notice(self, text: str, tone: Tone) -> None:
        self.blocks.append(Notice(visible(text), tone))

    def table(
        self,
        head: Sequence[str],
        rows: Iterable[Iterable[str | Cell]],
        widths: Sequence[float],
        empty: str,
        tall: bool = False,
        dense: bool = False,
    ) -> None:
        """A table, or the sentence `empty` if it has no rows."""
        rows = tuple(cells(row) for row in rows)
        if not rows:
            self.paragraph(empty)
            return
        if any(len(row) != len(widths) for row in rows) or (head and len(head) != len(widths)):
            raise ValueError(f"a row of the table {tuple(head)} has not {len(widths)} fields")
        self.blocks.append(Table(tuple(head), rows, tuple(widths), tall, dense))

    def facts(self, rows: Iterable[tuple[str, str | Cell]]) -> None:
        """Names and values."""
        self.blocks.append(facts_table(rows))

    def picture(self, drawn: tuple[bytes, bytes], alt: str, caption: str) -> None:
        """drawn: as SVG and as PNG."""
        self.blocks.append(Picture(*drawn, visible(alt), visible(caption)))

    def code(self, caption: str, text: str) -> None:
        lines = visible(text).split("\n")
        while lines and not lines[-1].strip():
            lines.pop()
        self.blocks.append(Code(visible(caption), tuple(lines)))


def facts_table(rows: Iterable[tuple[str, str | Cell]], share: float = 0.27) -> Table:
    return Table(
        (),
        tuple((Cell(name, strong=True), value if isinstance(value, Cell) else Cell(value)) for name, value in rows),
        (share, 1 - share),
    )
