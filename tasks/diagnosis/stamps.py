"""When a line of a log was written. Pure; a line that does not say it, or says nonsense, has no time.

What is understood: 2026-11-23T05:42:12+0000 (journal, syslog), 2026-11-23 05:42:12.345 UTC (PostgreSQL, dpkg, Java), 2026/11/23 05:42:12 (nginx),
23/Nov/2026:05:42:12 +0000 (requests), 23-Nov-2026 05:42:12.345 (Tomcat), 23 Nov 2026 05:42:12 (Redis), Nov 23 05:42:12 (syslog), audit(1795412532.345:7).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

MONTHS = {name: number for number, name in enumerate("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(), start=1)}
_CLOCK = r"(?P<h>[0-2]\d):(?P<m>[0-5]\d):(?P<s>[0-5]\d)(?:[.,]\d{1,9})?"
_ZONE = r"(?: ?(?P<zone>Z|UTC|GMT|[+-]\d\d:?\d\d)(?![\w:]))?"
_FORMS = tuple(re.compile(form) for form in (
    rf"(?P<Y>\d{{4}})[-/](?P<M>[01]\d)[-/](?P<D>[0-3]\d)[T ]{_CLOCK}{_ZONE}",
    rf"(?P<D>[0-3]?\d)[-/ ](?P<N>[A-Z][a-z]{{2}})[-/ ](?P<Y>\d{{4}})[: ]{_CLOCK}{_ZONE}",
    rf"^(?P<N>[A-Z][a-z]{{2}}) +(?P<D>[0-3]?\d) {_CLOCK}",
))
_AUDIT = re.compile(r"audit\((\d{9,11})(?:\.\d+)?:")
LOOK_AT = 100  # characters of a line in which its time stands


def moment_of(line: str, offset: timedelta, near: datetime) -> tuple[datetime, str] | None:
    """When the line was written, and what follows its time; None if it does not say.

    offset: of the host's own time, for lines that name no zone. near: a moment in the span, for lines that name no year.
    """
    start = line[:LOOK_AT]
    if found := _AUDIT.search(start):
        return datetime.fromtimestamp(int(found[1]), UTC), line[found.end():]
    best = None
    for form in _FORMS:
        if (found := form.search(start)) and (best is None or found.start() < best.start()):
            best = found
    if best is None:
        return None
    word = best.groupdict()
    try:
        month = int(word["M"]) if "M" in word else MONTHS[word["N"]]
        clock = (int(word["D"]), int(word["h"]), int(word["m"]), int(word["s"]))
        shift = _shift(word.get("zone"), offset)
        if word.get("Y"):
            at = datetime(int(word["Y"]), month, *clock, tzinfo=UTC) - shift
        else:  # the year that brings it nearest
            at = min((datetime(year, month, *clock, tzinfo=UTC) - shift for year in (near.year - 1, near.year, near.year + 1)
                      if (month, clock[0]) != (2, 29) or year % 4 == 0), key=lambda one: abs(one - near))
    except (ValueError, KeyError, OverflowError):
        return None
    return at, line[best.end():]


def _shift(zone: str | None, offset: timedelta) -> timedelta:
    if not zone:
        return offset
    if zone[0] not in "+-":
        return timedelta()
    digits = zone[1:].replace(":", "")
    return (-1 if zone[0] == "-" else 1) * timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
