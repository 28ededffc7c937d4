"""A list of blocks as Markdown (for pages of the Prefect UI) and as plain text (for the terminal)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from reports.documents.paper import Block, Cell, Code, Heading, Items, Notice, Paragraph, Table


def escaped(text: str) -> str:
    """Markdown that shows exactly this text on one line: no markup, HTML, link, reference or table border in it acts."""
    text = re.sub(r"\s*\n\s*", " ", text).replace("\t", " ").strip()
    text = re.sub(r"([\\`*_{}\[\]()<>#|~&!$@^=])", r"\\\1", text)
    text = re.sub(r"(:)(?=//|[A-Za-z])", r"\\\1", text)  # addresses and :emoji: stay text
    text = re.sub(r"(?i)\b(www)\.", r"\1\\.", text)
    text = re.sub(r"^([-+])", r"\\\1", text)
    return re.sub(r"^(\d+)([.)])(?=\s|$)", r"\1\\\2", text)


def markdown(blocks: Sequence[Block], facts: tuple[str, str]) -> str:
    """GitHub-flavoured Markdown without raw HTML. facts: heads for lists of facts, as every table must have some there."""
    parts = []
    for block in blocks:
        match block:
            case Heading():
                parts.append(f"{'#' * block.level} {escaped(block.text)}")
            case Paragraph():
                parts.append(escaped(block.text))
            case Notice():
                mark = {"good": "✓", "warn": "!", "bad": "✗"}.get(block.tone, "")
                parts.append(f"> **{escaped(mark)}** {escaped(block.text)}")
            case Items():
                parts.append("\n".join(f"- {escaped(item)}" for item in block.items))
            case Code():
                fence = "`" * max(3, 1 + max((len(run) for line in block.lines for run in re.findall("`+", line)), default=0))
                parts.append("\n".join([f"**{escaped(block.caption)}**", "", f"{fence}text", *block.lines, fence]))
            case Table():
                head = block.head or facts
                rows = [" | ".join(map(escaped, head)), " | ".join("---" for _ in head)]
                rows += [" | ".join(_strong(cell) for cell in row) for row in block.rows]
                parts.append("\n".join(f"| {row} |" for row in rows))
    return "\n\n".join(parts) + "\n"


def _strong(cell: Cell) -> str:
    return f"**{escaped(cell.text)}**" if (cell.strong or cell.tone) and cell.text.strip() else escaped(cell.text)


def columns(text: str) -> int:
    """How many columns a terminal needs for it: a Chinese character takes two."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def plain(blocks: Sequence[Block], width: int = 110) -> str:
    """Text for a terminal; tables too wide for it become lists."""
    lines: list[str] = []
    for block in blocks:
        match block:
            case Heading():
                title = f"{block.number}  {block.text}".strip()
                lines += ["", title, ("=" if block.level == 1 else "-") * columns(title)]
            case Paragraph():
                lines += [block.text]
            case Notice():
                lines += [f"{'!! ' if block.tone != 'good' else ''}{block.text}"]
            case Items():
                lines += [f"  - {item}" for item in block.items]
            case Code():
                lines += [f"  {block.caption}"] + [f"    | {line}" for line in block.lines]
            case Table():
                lines += _plain_table(block, width)
    return "\n".join(lines).strip("\n") + "\n"


def _plain_table(table: Table, width: int) -> list[str]:
    rows = [[cell.text.replace("\n", " ") for cell in row] for row in table.rows]
    grid = ([list(table.head)] if table.head else []) + rows
    widths = [max(columns(row[i]) for row in grid) for i in range(len(table.widths))]
    if not table.head or sum(widths) + 2 * len(widths) <= width:
        return [
            "  " + "  ".join(text + " " * (wide - columns(text)) for text, wide in zip(row, widths, strict=True)).rstrip()
            for row in grid
        ]
    return [
        line
        for row in rows
        for line in [f"  * {row[0]}"] + [f"      {name}: {text}" for name, text in zip(table.head[1:], row[1:], strict=True)]
    ]
