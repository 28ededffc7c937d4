"""What new versions repair and add, in the vendor's words, from Debian changelogs (R177).

Source: deb-changelog(5); Debian policy 4.4 (changelog) and the developers' reference 5.8.2 (security uploads, urgency).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from reports.records import Improvement, Text

AT_MOST = 8  # points told per package; the full number is told too
POINT_CHARS = 600

_HEAD = re.compile(r"^([a-z0-9][a-z0-9+.-]*) \(([^()\s]+)\) ([^;]*); *(.*)$", re.I)
_CVE = re.compile(r"\bCVE-\d{4}-\d{4,}\b")
_BUG = re.compile(r"#(\d{3,7})\b")
_SECURITY = re.compile(
    r"security (?:fix|update|issue|patch|hole|bug|release)|\[security\]|vulnerab|overflow|out[- ]of[- ]bounds|"
    r"use[- ]after[- ]free|injection|denial[- ]of[- ]service",
    re.I,
)
_FEATURE = re.compile(
    r"^(?:import(?:ed)? )?new (?:upstream|security upstream|feature)|\badds? support\b|^add(?:ed|s)? (?:a )?new\b", re.I
)
_FIX = re.compile(r"\bfix(?:e[sd])?\b|\bclos(?:es|ing):|\bcorrect|\brepair|\bavoid|\bprevent|\bregression\b", re.I)
_ORDER = {"security": 0, "fix": 1, "feature": 2, "note": 3}


@dataclass(frozen=True)
class Entry:
    """One version's entry: its points, each in one line."""

    source: str
    version: str
    suites: str
    urgency: str
    points: tuple[str, ...]


def parse_changelog(text: str) -> tuple[Entry, ...]:
    """The entries of a Debian changelog, newest first; text that is none is passed over."""
    entries: list[tuple[re.Match, list[str]]] = []
    for line in text.splitlines():
        if head := _HEAD.match(line):
            entries.append((head, []))
        elif not entries or not line.strip() or line.startswith(" --"):
            continue
        elif re.match(r"^  [*] ", line):
            entries[-1][1].append(line.strip().removeprefix("* ").strip())
        elif re.match(r"^\s+[+-] ", line) and entries[-1][1]:
            point = line.strip()[1:].strip()
            if re.fullmatch(r"(?:CVE-[0-9-]+[, ]*)+", point):
                entries[-1][1][-1] += f" ({point})"
            elif entries[-1][1][-1].endswith(":"):  # the point before was the heading of this one
                entries[-1][1][-1] = point
            else:
                entries[-1][1].append(point)
        elif re.match(r"^\s+\[.*\]$", line):  # who wrote the following
            continue
        elif entries[-1][1]:
            entries[-1][1][-1] += " " + line.strip()
    return tuple(
        Entry(
            source=head[1],
            version=head[2],
            suites=head[3].strip(),
            urgency=(re.search(r"urgency=([a-z]+)", head[4], re.I) or ["", ""])[1].lower(),
            points=tuple(points),
        )
        for head, points in entries
    )


def improvements(source: str, text: str, *, installed: str, complete: bool) -> tuple[Improvement, ...]:
    """What the versions after `installed` bring, the weightiest first, at most 8 points and one that tells the full number.

    complete: whether `text` reaches back to the installed version.
    """
    found: list[Improvement] = []
    for entry in parse_changelog(text):
        if entry.source == source and entry.version == installed:
            break
        for point in entry.points:
            found.append(
                Improvement(
                    name=source,
                    version=entry.version,
                    kind=_kind(point, entry),
                    text=_shorten(point),
                    references=_references(point),
                )
            )
    found = _unheaded(found)
    told = sorted(found, key=lambda i: _ORDER[i.kind])[:AT_MOST]
    if len(found) > len(told) or (found and not complete):
        flaws = {r for i in found for r in i.references if r.startswith("CVE-")}
        told.append(
            Improvement(
                name=source,
                version=found[0].version,
                kind="note",
                text=_rest(len(found), len(flaws), installed, complete),
                references=tuple(sorted(flaws)),
            )
        )
    return tuple(told)


def _rest(changes: int, flaws: int, installed: str, complete: bool) -> Text:
    zh = f"自 {installed} 起共{'' if complete else '超过'} {changes} 项变更,涉及 {flaws} 个 CVE 编号;其余见软件包的变更日志"
    en = f"{'' if complete else 'more than '}{changes} changes in all since {installed}, "
    en += f"{flaws} CVE numbers among them; the rest is in the package's changelog"
    return Text(zh=zh, en=en)


def _kind(point: str, entry: Entry) -> Literal["security", "fix", "feature", "note"]:
    if _CVE.search(point) or (
        _SECURITY.search(point) and ("security" in entry.suites or entry.urgency in ("high", "emergency", "critical"))
    ):
        return "security"
    if _FEATURE.search(point):
        return "feature"
    return "fix" if _FIX.search(point) or "security" in entry.suites else "note"


def _references(point: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys([*_CVE.findall(point), *(f"#{bug}" for bug in _BUG.findall(point))]))


def _shorten(point: str) -> str:
    point = re.sub(r"\s+", " ", point).strip()
    return point if len(point) <= POINT_CHARS else point[: POINT_CHARS - 1].rstrip() + "…"


def _unheaded(found: Sequence[Improvement]) -> list[Improvement]:
    """Without housekeeping that tells a customer nothing."""
    housekeeping = re.compile(
        r"^(non-maintainer upload|team upload|qa upload|rebuild|refresh patches|update (standards|changelog)|d/|"
        r"(re)?upload to |release to |salsa|gbp|no[- ]change)",
        re.I,
    )
    return [i for i in found if i.references or not housekeeping.search(i.text.en)]


def merge(groups: Iterable[Iterable[Improvement]]) -> tuple[Improvement, ...]:
    """The improvements of several hosts, each once."""
    seen: dict[tuple[str, str, Text], Improvement] = {}
    for group in groups:
        for i in group:
            seen.setdefault((i.name, i.version, i.text), i)
    return tuple(seen.values())
