"""What was to be seen in a host's logs, when, and how it lies to the time of the problem. Pure.

What began shortly before the problem stands first: a cause does not come after what it causes. What went on from the beginning of the span on
may be older than the problem, and comes later.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal

from reports.records import RecentChange, Sighting, Text, same
from tasks.diagnosis.bundle import Bundle
from tasks.diagnosis.script import CHANGED_DAYS, PACKAGE_DAYS
from tasks.diagnosis.signs import FAILED_REQUESTS, NOT_REACHED, OTHER, RESTARTED, Sign, is_error, sign_of, template
from tasks.diagnosis.stamps import moment_of

SHORTLY = timedelta(minutes=30)   # before the problem
LATE = timedelta(minutes=3)       # people name a time a little too early, too
FAILED_MINUTE, FAILED_SHARE = 5, 0.05  # failed requests of a minute that count, and their share
EXAMPLE = 500                     # characters
OTHERS = 12                       # kinds of other errors told of one host
SEVERITIES = {"critical": 0, "warning": 1, "info": 2}
BEGAN = {"before": 0, "after": 1, "unknown": 2, "already": 3}
Began = Literal["before", "after", "already", "unknown"]


@dataclass(frozen=True)
class Span:
    """From when to when was looked, and when the problem was."""

    since: datetime
    at: datetime
    until: datetime
    ours_from: datetime | None = None  # since when our own log-ins are in the logs, too

    def began(self, first: datetime | None) -> Began:
        if first is None:
            return "unknown"
        if first > self.at + LATE:
            return "after"
        return "before" if first >= self.at - min(SHORTLY, (self.at - self.since) * 0.75) else "already"


@dataclass
class _Seen:
    sign: Sign
    source: str
    count: int = 0
    first: datetime | None = None
    last: datetime | None = None
    example: str = ""
    minutes: Counter[datetime] = field(default_factory=Counter)

    def add(self, at: datetime | None, line: str, count: int = 1) -> None:
        self.count += count
        if at is not None:
            self.minutes[at.replace(second=0, microsecond=0)] += count
            self.last = at if self.last is None else max(self.last, at)
        if not self.example or (at is not None and (self.first is None or at < self.first)):
            self.example = line.strip()[:EXAMPLE]
        if at is not None:
            self.first = at if self.first is None else min(self.first, at)


def sightings(bundle: Bundle, span: Span) -> list[Sighting]:
    """By sign and log, those first that lie best to the problem."""
    seen: dict[tuple[str, str], _Seen] = {}
    for at, source, line, words, error in _lines(bundle, span):
        if sign := sign_of(words):
            seen.setdefault((sign.id, source), _Seen(sign, source)).add(at, line)
        elif error:
            seen.setdefault((OTHER.id, f"{source} {template(words)}"), _Seen(OTHER, source)).add(at, line)
    found = [*_some_others(seen.values()), *_failed_requests(bundle), *_restarts(bundle, span)]
    told = [Sighting(target=bundle.target, sign=one.sign.id, title=one.sign.title, severity=one.sign.severity, source=one.source, count=one.count,
                     first_at=one.first, last_at=one.last, began=span.began(one.first), example=same(one.example), minutes=tuple(sorted(one.minutes.items())))
            for one in found]
    return sorted(told, key=lambda one: rank(one, span))


def not_reached(target: str, problem: Text) -> Sighting:
    """That nobody answered is a sign, too."""
    return Sighting(target=target, sign=NOT_REACHED.id, title=NOT_REACHED.title, severity=NOT_REACHED.severity, source="-", count=1, example=problem)


def rank(one: Sighting, span: Span) -> tuple:
    """Shortly before first; there the grave first, then the earliest; what is the same everywhere keeps its order."""
    apart = abs((one.first_at - span.at).total_seconds()) if one.first_at else float("inf")
    return (one.severity == "info", BEGAN[one.began], SEVERITIES[one.severity], apart, -one.count, one.target, one.sign, one.source)


def _lines(bundle: Bundle, span: Span) -> Iterator[tuple[datetime | None, str, str, str, bool]]:
    """When, in which log, the line, what it says after its time, whether it is an error. What stands in the journal and in a file counts for each."""
    errors = set(bundle.parts.get("journal-errors", "").split("\n"))
    told: set[str] = set()
    for part in ("journal-before", "journal-after"):
        for line in bundle.parts.get(part, "").split("\n"):
            at, words = _moment(line, bundle, span)
            if at is not None:
                told.add(line)
                yield at, _unit(line), line, words, line in errors
    for line in errors - told:  # the journal was too long, this part of it was not
        at, words = _moment(line, bundle, span)
        if at is not None:
            yield at, _unit(line), line, words, True
    for log in bundle.logs:
        if log.path.endswith("dpkg.log"):
            continue
        last = None
        for line in log.lines:
            at, words = _moment(line, bundle, span)
            last = at or last
            yield last if log.timed else None, log.path, line, words, is_error(words)


def _moment(line: str, bundle: Bundle, span: Span) -> tuple[datetime | None, str]:
    """When the line was written, if that lies in the span, and what it says then."""
    found = moment_of(line, bundle.offset, span.at)
    if found and span.ours_from and found[0] >= span.ours_from and _LOG_INS.search(found[1]):
        return None, ""
    if found is None or not span.since - timedelta(minutes=1) <= found[0] <= span.until + timedelta(minutes=1):
        return None, line
    return found


_LOG_INS = re.compile(r"\b(?:sshd|sshd-session|sudo)\[\d{1,9}\]:")


def _unit(line: str) -> str:
    """journal postgres, for 2026-11-23T05:42:12+0000 web1 postgres[56]: ..."""
    found = re.match(r"\S+ \S+ ([^\s:\[]{1,60})", line)
    return f"journal {found[1]}" if found else "journal"


def _some_others(seen: Iterable[_Seen]) -> Iterator[_Seen]:
    """All known signs, and the most frequent of the other errors."""
    others = sorted((one for one in seen if one.sign is OTHER), key=lambda one: -one.count)
    yield from (one for one in seen if one.sign is not OTHER)
    yield from others[:OTHERS]


def _failed_requests(bundle: Bundle) -> Iterator[_Seen]:
    """Minutes in which many requests failed (5xx), by log."""
    for log in bundle.logs:
        minutes: dict[datetime, list[int]] = {}
        statuses: Counter[int] = Counter()
        for one in log.requests:
            counts = minutes.setdefault(one.minute, [0, 0])
            counts[0] += one.count
            if one.status >= 500:
                counts[1] += one.count
                statuses[one.status] += one.count
        seen = _Seen(FAILED_REQUESTS, log.path)
        for minute, (whole, failed) in sorted(minutes.items()):
            if failed >= FAILED_MINUTE and failed >= whole * FAILED_SHARE:
                seen.add(minute, f"{minute:%Y-%m-%d %H:%M} UTC: {failed} / {whole} ({', '.join(f'{s}: {n}' for s, n in statuses.most_common(4))})", failed)
        if seen.count:
            yield seen


def _restarts(bundle: Bundle, span: Span) -> Iterator[_Seen]:
    """A boot whose first entry lies in the span; the one before it ended then."""
    for line in bundle.parts.get("boots", "").split("\n"):
        moments = re.findall(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) UTC", line)
        try:
            first = datetime.strptime(moments[0], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
        except (ValueError, IndexError):
            continue
        if span.since <= first <= span.until:
            seen = _Seen(RESTARTED, "journal")
            seen.add(first, line)
            yield seen


# --- what was changed -----------------------------------------------------------------------------------------------------

CHANGES = 60  # of one kind on one host
ACTIONS_ZH = {"install": "安装", "upgrade": "升级", "remove": "卸载", "purge": "彻底卸载"}
_DPKG = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) (install|upgrade|remove|purge) (\S{1,120}) (\S{1,120}) (\S{1,120})")


def recent_changes(bundle: Bundle, span: Span) -> list[RecentChange]:
    """Packages of the last 30 days and files in /etc of the last 7 that were changed before the problem was over, the newest first."""
    found = []
    for at, what in _packages(bundle):
        if span.at - timedelta(days=PACKAGE_DAYS) <= at <= span.until:
            found.append(RecentChange(target=bundle.target, at=at, kind="package", what=what))
    files = []
    for line in bundle.parts.get("configuration", "").split("\n"):
        seconds, _, path = line.partition(" ")
        try:
            at = datetime.fromtimestamp(float(seconds), UTC)
        except (ValueError, OverflowError, OSError):
            continue
        if span.at - timedelta(days=CHANGED_DAYS) <= at <= span.until and path:
            files.append(RecentChange(target=bundle.target, at=at, kind="file", what=same(path[:300])))
    by_time = {"key": lambda one: one.at, "reverse": True}
    return sorted(sorted(found, **by_time)[:CHANGES] + sorted(files, **by_time)[:CHANGES], **by_time)


def _text(zh: str, en: str, of: str) -> Text:
    return Text(zh=f"{zh} {of}", en=f"{en} {of}")


def _packages(bundle: Bundle) -> Iterator[tuple[datetime, Text]]:
    for line in bundle.parts.get("packages", "").split("\n"):
        try:
            if found := _DPKG.match(line):
                at = datetime.strptime(found[1], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC) - bundle.offset
                yield at, _text(ACTIONS_ZH[found[2]], found[2], f"{found[3]} {found[4]} -> {found[5]}")
            elif line.startswith("rpm "):
                _, seconds, name, version = line.split()[:4]
                yield datetime.fromtimestamp(int(seconds), UTC), _text("安装", "install", f"{name} {version}"[:300])
        except (ValueError, OverflowError, OSError):
            continue
