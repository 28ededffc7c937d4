"""Backups. What backups there are is said by the inventory: `backups`, a list of

    path          the folder (or file) they are kept in
    every_h       hours between two; without it age is not judged
    keep_days     how long they are kept; without it nothing is said of the oldest
    second_copy   the folder of the second copy, where this host can see it
    restored_on   day of the last rehearsed restore, YYYY-MM-DD
    unit          the unit or timer that makes them

One command lists the newest 60 files of every path for all checks; paths reach it as $BACKUPS and $SECOND_COPIES.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tasks.checks.kinds import Known, Row, Unreadable, not_applicable, whole
from tasks.checks.lines import until_end, words

# A path on a dead network mount must not hold up the rest: it is asked in the background first.
FILES = r"""
list() {
  echo "$2" | while read -r path; do
    [ -n "$path" ] || continue
    timeout -k 1 4 stat -L -- "$path" >/dev/null 2>&1; status=$?
    case $status in
      0) ;;
      124|137) echo "hangs $1 $path"; continue;;
      *) echo "missing $1 $path"; continue;;
    esac
    echo "place $1 $path"
    timeout -k 1 8 find -L "$path" -maxdepth 2 -type f -printf '%Ts %s %m %u %p\n' 2>/dev/null | sort -rn | head -n 60 | sed "s/^/file $1 /"
    df -P -k "$path" | { read -r line; read -r _ size _ free _ mount; echo "room $1 $free $size $path"; }
  done
}
[ -n "${BACKUPS-}${SECOND_COPIES-}" ] || echo unsaid
list first "${BACKUPS-}"
list second "${SECOND_COPIES-}"
echo end
"""


@dataclass(frozen=True)
class File:
    moment: int
    size: int
    mode: int
    owner: str
    path: str


@dataclass
class Place:
    """A folder of backups. trouble: "missing" or "hangs"; files: the newest first; free: KiB."""

    trouble: str = ""
    free: int = 0
    files: list[File] = field(default_factory=list)


def places(output: str) -> dict[tuple[str, str], Place]:
    """The answer of FILES, by "first" or "second" and path."""
    found: dict[tuple[str, str], Place] = {}
    here = Place()
    for line in until_end(output):
        if line == "unsaid":
            continue
        kind, which, rest = words(line, 3)
        if kind in ("place", "missing", "hangs"):
            here = found[which, rest] = Place("" if kind == "place" else kind)
        elif kind == "file":
            moment, size, mode, owner, path = words(rest, 5)
            here.files.append(File(whole(moment, "a moment"), whole(size, "a size"), int(mode, 8), owner, path))
        elif kind == "room":
            here.free = whole(rest.split()[0], "free room")
        else:
            raise Unreadable(f"{line[:60]!r} says nothing of backups", f"{line[:60]!r} 与备份无关")
    return found


def each(found: dict[tuple[str, str], Place], known: Known) -> Iterator[tuple[str, dict[str, Any], Place]]:
    """Path, what the inventory says, what is there; only places that could be looked at. What could not is BAK-01's to say."""
    for backup in known.expected.get("backups") or []:
        place = found.get(("first", backup["path"]))
        if place is not None and not place.trouble and place.files:
            yield backup["path"], backup, place


def nothing(known: Known) -> Row:
    """What is said where there is no backup to judge."""
    if known.own_backup and not known.expected.get("backups"):
        return not_applicable("本机由备份流程备份,见 BAK-11", "the procedure backup keeps this host's backups, see BAK-11")
    if "backups" not in known.expected:
        return not_applicable("台账没有写明备份,见 BAK-01", "the inventory names no backups, see BAK-01")
    return not_applicable("没有可检查的备份,见 BAK-01", "there is no backup to look at, see BAK-01")
