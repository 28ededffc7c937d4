"""Reading what commands print, line by line. Pure. An answer without its last line `end` is no answer: empty is never well."""

from __future__ import annotations

import re

from tasks.checks.kinds import Unreadable


def until_end(output: str) -> list[str]:
    """The lines before the line `end`, blank ones left out. Raises Unreadable where the command did not come to its end."""
    lines = [line.rstrip() for line in output.splitlines() if line.strip()]
    if not lines or lines[-1] != "end":
        raise Unreadable(f"the answer does not come to its end: {lines[-1][:60]!r}" if lines else "the answer is empty",
                         f"回答不完整:{lines[-1][:60]!r}" if lines else "回答为空")
    return lines[:-1]


def words(line: str, count: int, separator: str | None = None) -> list[str]:
    """The words of a line, exactly so many; the last takes the rest of the line. Raises Unreadable for fewer."""
    found = line.split(separator, count - 1)
    if len(found) != count:
        raise Unreadable(f"{line[:60]!r} has not {count} parts", f"{line[:60]!r} 没有 {count} 个字段")
    return found


def pairs(output: str, *needed: str) -> dict[str, str]:
    """Lines `name value` before the line `end`, as a dict. Raises Unreadable where a needed name is missing."""
    found = dict((line.split(None, 1) + [""])[:2] for line in until_end(output))
    if missing := [name for name in needed if name not in found]:
        raise Unreadable(f"{missing[0]} is missing from the answer", f"回答缺少 {missing[0]}")
    return found


def fields(text: str) -> dict[str, int]:
    """Lines such as those of /proc/meminfo, `Name: 12 kB`, as whole figures."""
    return {found[1]: int(found[2]) for found in re.finditer(r"^(\w[^:\s]*):\s+(\d{1,18})\b", text, re.M)}


def listed(things: list[str], most: int = 8) -> str:
    """The first few, and how many more there are."""
    return ", ".join(things[:most]) + (f" (+{len(things) - most})" if len(things) > most else "")
