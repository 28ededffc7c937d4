"""The sentences of the papers (phrases.yaml), and how numbers and times are written in each language."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import jinja2
import yaml

from reports.records import Language

FILES = [Path(__file__).parent / f"phrases{part}.yaml" for part in ("", "_inspection", "_diagnosis", "_security", "_hardening")]


def _of(count: int, singular: str, plural: str = "") -> str:
    """ "1 host", "2 hosts"."""
    return f"{count:,} {singular if count == 1 else plural or singular + 's'}"


@cache
def catalogue() -> dict[str, dict[str, str]]:
    """Every sentence by its key, then by language."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return {key: texts for file in FILES for key, texts in yaml.load(file.read_text(encoding="utf-8"), Loader=loader).items()}


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, autoescape=False, keep_trailing_newline=False)
    environment.filters["of"] = _of
    return environment


@cache
def _template(key: str, language: Language) -> jinja2.Template | str:
    text = catalogue()[key][language]
    return _environment().from_string(text) if "{{" in text or "{%" in text else text


class Phrases:
    """Says things in one language and one time zone, of one procedure.

    Raises:
        ValueError: the zone is not known.
    """

    def __init__(self, language: Language, zone: str, procedure: str = "software-upgrade") -> None:
        self.language = language
        work = _template(f"work.{procedure}" if f"work.{procedure}" in catalogue() else "work.", language)
        self.words = {"work": work, "Work": str(work).capitalize()}
        self.words["service"] = self.known("word.procedure", procedure).title()
        self.zone_name = zone
        try:
            self.zone = ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError, OSError) as problem:
            raise ValueError(f"time zone {zone!r} is not known; name one like Asia/Shanghai") from problem

    def __call__(self, key: str, **values: object) -> str:
        found = _template(key, self.language)
        return found if isinstance(found, str) else found.render({**self.words, **values})

    def known(self, prefix: str, value: str) -> str:
        """The word for one of a fixed set of values; the value itself where no word is known."""
        return self(f"{prefix}.{value}") if f"{prefix}.{value}" in catalogue() else value

    def head(self, key: str) -> tuple[str, ...]:
        """The column heads of a table."""
        return tuple(self(f"head.{key}").split("|"))

    def join(self, parts: Sequence[str]) -> str:
        return self("word.separator").join(parts)

    def joined(self, parts: Sequence[str], limit: int) -> str:
        """The first `limit` parts, and how many there are."""
        return self.join(parts) if len(parts) <= limit else self("word.and_more", some=self.join(parts[:limit]), n=len(parts))

    def moment(self, at: datetime | None, seconds: bool = False) -> str:
        """2026-11-22 20:00 in the customer's zone."""
        if at is None:
            return self("word.unknown_time")
        return at.astimezone(self.zone).strftime("%Y-%m-%d %H:%M:%S" if seconds else "%Y-%m-%d %H:%M")

    def day(self, at: datetime) -> str:
        at = at.astimezone(self.zone)
        return f"{at.year} 年 {at.month} 月 {at.day} 日" if self.language == "zh" else f"{at.day} {at:%B %Y}"

    def offset(self, at: datetime) -> str:
        """UTC+8"""
        minutes = int((at.astimezone(self.zone).utcoffset() or timedelta()).total_seconds() // 60)
        sign, minutes = "-" if minutes < 0 else "+", abs(minutes)
        return f"UTC{sign}{minutes // 60}" + (f":{minutes % 60:02d}" if minutes % 60 else "")

    def duration(self, seconds: float | None) -> str:
        """1 分 20 秒, 1 min 20 s; tenths below ten seconds."""
        if seconds is None:
            return self("word.not_measured")
        zh = self.language == "zh"
        if seconds < 9.95:
            return f"{max(seconds, 0.0):.1f} {'秒' if zh else 's'}"
        whole = round(seconds)
        parts = [
            (whole // 86400, "天" if zh else "d"),
            (whole % 86400 // 3600, "小时" if zh else "h"),
            (whole % 3600 // 60, "分" if zh else "min"),
            (whole % 60, "秒" if zh else "s"),
        ]
        return " ".join(f"{amount} {unit}" for amount, unit in parts if amount) or f"0 {parts[-1][1]}"

    def size(self, amount: int) -> str:
        """Bytes as MiB; below a tenth of one as KiB."""
        if 0 < amount < 104858:
            return f"{amount / 1024:,.1f} KiB"
        return f"{amount / 1048576:,.1f} MiB"
