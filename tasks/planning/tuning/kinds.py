"""What a tunable system is made of, and what its settings become. Pure.

A system is one file beside this one: which wishes it takes, what it asks of a host, and what it makes of the answer. Adding a file is all it takes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from reports.records import SettingChange, Survey
from tasks.errors import BlockersFound
from tasks.operations.mend import Mend
from tasks.requests import SettingWish
from tasks.sections import Answer, Part

NOWHERE = "-"


@dataclass(frozen=True)
class Tuned:
    """One step's worth of settings: how they are set and brought back, and what each was and will be."""

    mend: Mend
    settings: tuple[SettingChange, ...]


@dataclass(frozen=True)
class System:
    """A kind of thing that has settings.

    name: as in the form. rank: the order of steps; what interrupts most comes last. on_copy: a simulated copy can show it.
    facts: what is asked of the host, read-only. tune: what that answer makes of the wishes; nothing where all is as wished.
        Raises BlockersFound where a wish cannot be fulfilled.
    """

    name: str
    rank: int
    facts: Callable[[Sequence[SettingWish], Survey], list[Part]]
    tune: Callable[[Sequence[SettingWish], Mapping[str, Answer], Survey], list[Tuned]]
    on_copy: bool = True


def refused(en: str, zh: str) -> BlockersFound:
    return BlockersFound(en, zh)


UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}


def bytes_of(size: str) -> int | None:
    """512m, 4GB, 1024 as bytes; None: no size."""
    found = re.fullmatch(r"(\d+)\s*([kmgt]?)(i?b)?", size.strip().lower())
    return int(found[1]) * UNITS[found[2]] if found else None


def fits(wish: SettingWish, amount: int, survey: Survey, share: float) -> None:
    """Refuses more than this share of the machine's memory."""
    if survey.memory_kib and amount > survey.memory_kib * 1024 * share:
        there = f"{survey.memory_kib / 1048576:.1f} GiB"
        raise refused(f"{wish.name} = {wish.value} is more than {share:.0%} of the memory of {survey.target} ({there}); ask for less",
                      f"{wish.name} = {wish.value} 超过 {survey.target} 内存（{there}）的 {share:.0%}；请改小")
