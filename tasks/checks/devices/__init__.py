"""Network devices, by SNMP. What their checks share: the columns they ask for, and reading the answer.

An answer is text, and kept as evidence: a line for each figure as snmpwalk -On writes it, `.1.3.6.1.2.1.1.3.0 = Timeticks: 2001`. Words stand
in quotation marks as in JSON, so that a line stays a line; what is no text stands as Hex-STRING. Its last line is `end`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from tasks.checks.kinds import Unreadable
from tasks.checks.lines import until_end

# SNMPv2-MIB (RFC 3418)
SYS_DESCR, SYS_UPTIME, SYS_NAME = "1.3.6.1.2.1.1.1", "1.3.6.1.2.1.1.3", "1.3.6.1.2.1.1.5"
# IF-MIB (RFC 2863)
IF_DESCR, IF_TYPE, IF_ADMIN, IF_OPER = (f"1.3.6.1.2.1.2.2.1.{column}" for column in (2, 3, 7, 8))
IF_NAME, IF_HIGH_SPEED = "1.3.6.1.2.1.31.1.1.1.1", "1.3.6.1.2.1.31.1.1.1.15"
INTERFACES = (IF_DESCR, IF_TYPE, IF_ADMIN, IF_OPER, IF_NAME)
LOOPBACK = 24
# HOST-RESOURCES-MIB (RFC 2790)
HR_UPTIME, HR_DATE, HR_LOAD = "1.3.6.1.2.1.25.1.1", "1.3.6.1.2.1.25.1.2", "1.3.6.1.2.1.25.3.3.1.2"
HR_TYPE, HR_NAME, HR_UNIT, HR_SIZE, HR_USED = (f"1.3.6.1.2.1.25.2.3.1.{column}" for column in range(2, 7))
STORAGE = (HR_TYPE, HR_NAME, HR_UNIT, HR_SIZE, HR_USED)
RAM, FIXED_DISK, FLASH = (f".1.3.6.1.2.1.25.2.1.{kind}" for kind in (2, 4, 9))

Value = int | str | bytes
_LINE = re.compile(r"\.((?:\d{1,10}\.)*\d{1,10}) = ([A-Za-z][A-Za-z0-9-]*): (.*)")
_FIGURES = ("INTEGER", "Counter32", "Counter64", "Gauge32", "Timeticks")


def columns(output: str) -> dict[str, Value]:
    """Every figure by its whole object identifier. Raises Unreadable for a line that makes no sense, and where the answer was torn off."""
    found: dict[str, Value] = {}
    for line in until_end(output):
        parts = _LINE.fullmatch(line)
        if not parts:
            raise Unreadable(f"{line[:60]!r} is no line of an answer", f"{line[:60]!r} 不是回答中的一行")
        oid, kind, said = parts.groups()
        try:
            found[oid] = _value(kind, said)
        except ValueError:
            raise Unreadable(f"{line[:60]!r} holds no {kind}", f"{line[:60]!r} 中没有 {kind}") from None
    return found


def _value(kind: str, said: str) -> Value:
    if kind in _FIGURES:
        return int(said)
    if kind == "STRING":
        words = json.loads(said)
        if not isinstance(words, str):
            raise ValueError("no words")
        return words
    return bytes.fromhex(said) if kind == "Hex-STRING" else said


def column(found: Mapping[str, Value], oid: str) -> dict[str, Value]:
    """One column by index, in the order of the device; of a scalar the index is 0."""
    return {key[len(oid) + 1:]: value for key, value in found.items() if key.startswith(f"{oid}.")}


def scalar(found: Mapping[str, Value], oid: str) -> Value | None:
    return found.get(f"{oid}.0")


def figure(value: Value | None, what: str) -> int:
    """A whole figure. Raises Unreadable for anything else."""
    if not isinstance(value, int):
        raise Unreadable(f"{what} is {str(value)[:40]!r}, not a figure", f"{str(value)[:40]!r} 不是数值")
    return value


def words(value: Value | None, what: str) -> str:
    """A name. Bytes that are no UTF-8 (an interface named in GBK) are shown as good as may be."""
    if isinstance(value, bytes):
        value = value.decode("gb18030", errors="replace")
    if not isinstance(value, str):
        raise Unreadable(f"{what} is {str(value)[:40]!r}, not a name", f"{str(value)[:40]!r} 不是名称")
    return " ".join(re.sub(r"[\x00-\x1f\x7f]", " ", value).split())[:200]


@dataclass(frozen=True)
class Interface:
    """One interface. name: its short one (ifName) where it has one; long: ifDescr. admin: whether it is meant to be up; oper: whether it is.

    figures: what else was asked, by column.
    """

    index: str
    name: str
    long: str
    admin: bool
    oper: bool
    figures: Mapping[str, int] = field(default_factory=dict)

    def is_called(self, name: object) -> bool:
        """Whether the inventory means this one, by its short or its long name."""
        return name in (self.name, self.long)


def interfaces(output: str, *more: str) -> list[Interface]:
    """All interfaces but loopbacks, with the figures of more columns as far as the device tells them.

    Raises Unreadable where there is none at all: every device has one, so our account may not see them.
    """
    found = columns(output)
    descr, kinds, admin, oper, names = (column(found, oid) for oid in INTERFACES)
    others = {oid: column(found, oid) for oid in more}
    there, seen = [], set()
    for index, value in descr.items():
        if index not in admin or index not in oper:
            continue  # it came or went while the table was read
        name = words(names.get(index) or value, "an interface's name") or f"interface {index}"
        if name in seen:
            name = f"{name} #{index}"
        seen.add(name)
        figures = {oid: figure(figures[index], f"a figure of {name}") for oid, figures in others.items() if index in figures}
        if figure(kinds.get(index, 0), f"the type of {name}") != LOOPBACK:
            up = [figure(states[index], f"the state of {name}") == 1 for states in (admin, oper)]
            there.append(Interface(index, name, words(value, "ifDescr"), *up, figures))
    if not descr:
        raise Unreadable("the device shows no interface; let the account see the whole of MIB-2", "设备没有给出接口;请允许该账户读取整个 MIB-2")
    return there


@dataclass(frozen=True)
class Storage:
    """One area of memory or storage, in bytes."""

    name: str
    kind: str
    size: int
    used: int


def storages(output: str) -> list[Storage]:
    """What hrStorageTable names, empty areas left out."""
    found = columns(output)
    kinds, names, units, sizes, used = (column(found, oid) for oid in STORAGE)
    areas = []
    for index, value in names.items():
        if index in kinds and index in units and index in sizes and index in used:
            unit, size, taken = (figure(figures[index], "a size") for figures in (units, sizes, used))
            # Figures of 32 bits: large areas show as negative ones.
            size, taken = (amount + (1 << 32) if amount < 0 else amount for amount in (size, taken))
            if unit <= 0:
                raise Unreadable(f"the allocation unit would be {unit}", f"分配单元为 {unit},不合理")
            if size > 0:
                areas.append(Storage(words(value, "a storage's name"), str(kinds[index]), size * unit, taken * unit))
    return areas
