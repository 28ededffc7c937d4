"""The drawings of the inspection report, each as SVG and as PNG, with the fonts of this folder. Equal input gives equal bytes.

Matplotlib is imported when the first one is drawn: it takes a second, and most who import this package never draw.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

from reports.documents.paper import visible

FONTS = Path(__file__).parent / "fonts"
WIDTH_MM, DOTS = 164, 200
INK, RULE, SOFT, DEEP = "#1c2430", "#b8c0cc", "#eef1f5", "#1f3a5f"
COLOURS = {"ok": "#2f7d4f", "warning": "#d08a00", "critical": "#a31621", "unknown": "#6d7788", "not applicable": "#c3cad4", "excepted": "#7a5ca8"}
Drawn = tuple[bytes, bytes]
_ONE_AT_A_TIME = Lock()  # the library's fonts and settings belong to the whole process


@dataclass(frozen=True)
class Bar:
    """A name and its parts: how much, of which colour (an outcome), what is written behind it."""

    name: str
    parts: tuple[tuple[float, str], ...]
    label: str


@dataclass(frozen=True)
class Course:
    """How full something was and will be.

    says: when it will be full, in words. past: days from the last reading (0 or less) and share in per cent, oldest first.
    full, earliest, latest: in how many days; None: not in sight. days: dates for the axis by day, as they are written.
    """

    title: str
    says: str
    past: tuple[tuple[float, float], ...]
    full: float
    earliest: float | None
    latest: float | None
    right: float
    days: tuple[tuple[float, str], ...]


def get_ready() -> None:
    """Load the drawing library, which takes a second or two; whoever waits for something else may as well do it meanwhile."""
    import matplotlib.figure  # noqa: F401

    _library()


@cache
def _library() -> Any:
    """Matplotlib with our settings and none of the machine's."""
    import matplotlib
    from matplotlib import font_manager

    matplotlib.rcdefaults()
    for font in sorted(FONTS.glob("StandfastSansSC-*.otf")):
        font_manager.fontManager.addfont(str(font))
    matplotlib.rcParams.update(
        {
            "font.family": ["Standfast Sans SC"],
            "font.size": 8.5,
            "text.parse_math": False,  # a name of the customer's is no formula
            "axes.unicode_minus": False,
            "axes.edgecolor": RULE,
            "axes.labelcolor": INK,
            "xtick.color": INK,
            "ytick.color": INK,
            "text.color": INK,
            "svg.fonttype": "path",
            "svg.hashsalt": "standfast",
        }
    )
    return matplotlib


@cache
def _known_characters() -> frozenset[int]:
    from matplotlib.ft2font import FT2Font

    return frozenset(FT2Font(str(FONTS / "StandfastSansSC-Regular.otf")).get_charmap())


def _words(text: str, limit: int = 34) -> str:
    """The text on one line, its middle left out where it is too long (a Chinese character counts two), unknown characters as boxes."""
    text = "".join(c if ord(c) in _known_characters() else "□" for c in visible(text).replace("\n", " ").replace("\t", " "))
    wide = [1 + (ord(c) > 0x2E7F) for c in text]
    if sum(wide) <= limit:
        return text
    head = tail = 0
    while sum(wide[: head + 1]) <= limit // 2 - 1:
        head += 1
    while sum(wide[len(text) - tail - 1 :]) <= limit // 2 - 2:
        tail += 1
    return f"{text[:head]}...{text[len(text) - tail :]}"


def _figure(height_mm: float) -> Any:
    _library()
    from matplotlib.figure import Figure

    return Figure(figsize=(WIDTH_MM / 25.4, height_mm / 25.4), layout="constrained")


def _drawn(figure: Any) -> Drawn:
    svg, png = io.BytesIO(), io.BytesIO()
    figure.savefig(svg, format="svg", metadata={"Date": None, "Creator": None})
    figure.savefig(png, format="png", dpi=DOTS, metadata={"Software": None})
    return svg.getvalue(), png.getvalue()


def _bars(axes: Any, bars: Sequence[Bar], right: float = 0, limit: int = 34) -> None:
    most = right or max((sum(size for size, _ in bar.parts) for bar in bars), default=0) or 1
    for place, bar in enumerate(bars):
        start = 0.0
        for size, colour in bar.parts:
            axes.barh(place, size, left=start, height=0.62, color=COLOURS[colour], edgecolor="white", linewidth=0.5)
            start += size
        axes.text(start + most * 0.015, place, _words(bar.label, 24), va="center", ha="left", fontsize=8)
    axes.set_yticks(range(len(bars)), [_words(bar.name, limit) for bar in bars])
    axes.set_ylim(len(bars) - 0.4, -0.6)
    axes.set_xlim(0, most * 1.18)
    axes.tick_params(length=0)
    axes.set_xticks([])
    for side in ("top", "right", "bottom"):
        axes.spines[side].set_visible(False)


def _legend(axes: Any, legend: Sequence[tuple[str, str]]) -> None:
    from matplotlib.patches import Patch

    handles = [Patch(facecolor=COLOURS[colour], label=_words(word)) for colour, word in legend]
    axes.legend(handles=handles, loc="lower right", bbox_to_anchor=(1, 1), ncols=len(handles), fontsize=8, frameon=False)


def side_by_side(left: tuple[str, Sequence[Bar]], right: tuple[str, Sequence[Bar]]) -> Drawn:
    """Two lists of bars, each with its title."""
    with _ONE_AT_A_TIME:
        figure = _figure(16 + 6 * max(len(left[1]), len(right[1])))
        for axes, (title, bars) in zip(figure.subplots(1, 2), (left, right), strict=True):
            axes.set_title(_words(title, 48), fontsize=9, loc="left", color=DEEP)
            _bars(axes, bars)
        return _drawn(figure)


def bars(rows: Sequence[Bar], legend: Sequence[tuple[str, str]], right: float = 0) -> Drawn:
    """One list of bars. legend: outcome and its word. right: where the axis ends."""
    with _ONE_AT_A_TIME:
        figure = _figure(14 + 6 * len(rows))
        axes = figure.subplots()
        _bars(axes, rows, right, 44)
        _legend(axes, legend)
        return _drawn(figure)


def courses(found: Sequence[Course], full: str) -> Drawn:
    """Up to four things that fill up: what was measured, the line on, and the range between steep and flat growth."""
    with _ONE_AT_A_TIME:
        columns = min(2, len(found))
        lines = -(-len(found) // columns)
        figure = _figure(58 * lines if columns == 2 else 64)
        grid = figure.subplots(lines, columns, squeeze=False)
        for axes in grid.flat[len(found) :]:
            axes.set_visible(False)
        for axes, course in zip(grid.flat, found, strict=False):
            _course(axes, course, _words(full))
        return _drawn(figure)


def _course(axes: Any, course: Course, full: str) -> None:
    now = course.past[-1][1]
    axes.set_title(f"{_words(course.title, 44)}\n{_words(course.says, 48)}", fontsize=8.5, loc="left", color=DEEP)
    axes.axhline(100, color=COLOURS["critical"], linewidth=0.9)
    axes.text(course.past[0][0], 101.5, full, fontsize=7.5, color=COLOURS["critical"], va="bottom")
    far = course.right

    def share(days: float | None) -> float:
        """Where the line that is full in so many days is at the right edge."""
        return now if days is None else 100.0 if days <= 0 else now + (100 - now) * far / days

    steep, flat = share(course.earliest), share(course.latest)
    axes.fill_between([0, far], [now, flat], [now, steep], color=COLOURS["warning"], alpha=0.22, linewidth=0)
    axes.plot([0, far], [now, share(course.full)], color=COLOURS["warning"], linewidth=1.3, linestyle="--")
    axes.plot([day for day, _ in course.past], [value for _, value in course.past], color=DEEP, linewidth=1.4, marker="o", markersize=3.2)
    low = min(value for _, value in course.past)
    axes.set_ylim(max(0, low - 12) // 10 * 10, 112)
    axes.set_xlim(course.past[0][0] - 1, far)
    axes.set_xticks([day for day, _ in course.days], [word for _, word in course.days], fontsize=7.5)
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:.0f} %" if value <= 100 else "")
    axes.tick_params(axis="y", labelsize=7.5, length=0)
    axes.grid(axis="y", color=SOFT, linewidth=0.8)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


@dataclass(frozen=True)
class Track:
    """What was seen in a log: how often in which minute (from the beginning of the span), and its colour (an outcome)."""

    name: str
    minutes: tuple[tuple[float, int], ...]
    colour: str


def tracks(rows: Sequence[Track], length: float, at: float, says: str, marks: Sequence[tuple[float, str]]) -> Drawn:
    """One line of dots for each, the larger the more often. length: minutes of the span. at, says: the moment marked. marks: times for the axis."""
    with _ONE_AT_A_TIME:
        figure = _figure(20 + 7 * len(rows))
        axes = figure.subplots()
        axes.axvline(at, color=COLOURS["critical"], linewidth=1.1)
        axes.text(at, -0.75, _words(says, 20), color=COLOURS["critical"], fontsize=8, ha="right" if at > length / 2 else "left", va="bottom")
        for place, row in enumerate(rows):
            axes.axhline(place, color=SOFT, linewidth=0.8, zorder=0)
            sizes = [min(130.0, 14 + 9 * (count**0.5)) for _, count in row.minutes]
            axes.scatter([minute for minute, _ in row.minutes], [place] * len(row.minutes), s=sizes, color=COLOURS[row.colour], alpha=0.75, linewidth=0)
        axes.set_yticks(range(len(rows)), [_words(row.name, 46) for row in rows])
        axes.set_ylim(len(rows) - 0.4, -0.8)
        axes.set_xlim(-length * 0.01, length * 1.01)
        axes.set_xticks([minute for minute, _ in marks], [_words(word, 12) for _, word in marks], fontsize=7.5)
        axes.tick_params(axis="y", length=0)
        for side in ("top", "right", "left"):
            axes.spines[side].set_visible(False)
        return _drawn(figure)
