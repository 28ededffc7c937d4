"""Reading what the commands of controls print: lines that begin with a word for their kind, to the line `end`. Pure."""

from __future__ import annotations

from tasks.checks.kinds import Unreadable
from tasks.checks.lines import until_end


def by_kind(output: str, *kinds: str) -> dict[str, list[str]]:
    """The lines by their first word, in their order; every kind is there. Raises Unreadable for a line of another kind, or an answer cut off."""
    found: dict[str, list[str]] = {kind: [] for kind in kinds}
    for line in until_end(output):
        kind, _, rest = line.partition(" ")
        if kind not in found:
            raise Unreadable(f"{line[:60]!r} is of no kind that was asked for", f"{line[:60]!r} 不是所要求的内容")
        found[kind].append(rest.strip())
    return found


def octal(word: str, what: str = "a mode") -> int:
    """644 as a mode. Raises Unreadable for anything else."""
    try:
        return int(word, 8)
    except ValueError:
        raise Unreadable(f"{what} is {word[:40]!r}", f"权限为 {word[:40]!r},无法理解") from None
