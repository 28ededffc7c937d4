"""Room on file systems: checked before a change, and a reserve set aside that only the back-out may use.

Every function returns POSIX shell text or steps and runs nothing. Sizes are KiB. A reserve file lies at the root of each file
system that receives files, so a change that fills the disk can still be backed out: the reserve is released first.
"""

from __future__ import annotations

from collections.abc import Mapping
from shlex import quote

from reports.records import Step, Text


def has_room(needed_kib: Mapping[str, int]) -> str:
    """Shell that exits 1 if the file system of a path has less free than needed; needed_kib: path -> KiB."""
    checks = "".join(f"room_for {quote(path)} {int(kib)}\n" for path, kib in needed_kib.items())
    return f"""\
room_for() {{  # PATH KIB
  free=$(df -P -k "$1" | awk 'NR == 2 {{ print $4 }}')
  if [ "$free" -lt "$2" ]; then
    echo "the file system of $1 has $free KiB free, $2 KiB are needed; make room there" >&2; exit 1
  fi
  echo "$1: $free KiB free, $2 KiB needed"
}}
{checks}"""


def _reserves(number: str, reserve_kib: Mapping[str, int]) -> str:
    """Shell function `reserves`: for each reserve its size in KiB and its file, one line each."""
    lines = "".join(f"  reserve_on {count} {quote(path)} {int(kib)}\n"
                    for count, (path, kib) in enumerate(reserve_kib.items(), start=1))
    return f"""\
# one reserve on each file system that receives files: its size in KiB and its file, at the file system's root
reserve_on() {{  # COUNT PATH KIB
  root=$(df -P "$2" | awk 'NR == 2 {{ print $6 }}')
  echo "$3 ${{root%/}}/.standfast-reserve-{number}-$1"
}}
reserves() {{
{lines}  :
}}
"""


def release_reserve(number: str, reserve_kib: Mapping[str, int]) -> str:
    """Shell that gives the reserves' room back; may be repeated."""
    return f"""\
{_reserves(number, reserve_kib)}reserves | while read -r kib file; do rm -f -- "$file"; done
"""


def _all_there(number: str, reserve_kib: Mapping[str, int]) -> str:
    return f"""\
{_reserves(number, reserve_kib)}all_there() {{
  reserves | while read -r kib file; do
    [ -f "$file" ] && [ "$(stat -c %s "$file")" -ge $((kib * 1024)) ] && [ "$(stat -c %b "$file")" -ge $((kib * 2)) ] || exit 1
  done
}}
"""


def reserve_step(target: str, change: str, reserve_kib: Mapping[str, int], number: int = 0) -> Step:
    """The step "reserve-space": reserve_kib maps a path to the KiB set aside on its file system. Undo: given back."""
    return Step(
        number=number, key="reserve-space", target=target,
        title=Text(zh="预留回退所需的磁盘空间", en="Set room aside for the back-out"),
        probe=_all_there(change, reserve_kib) + "if all_there; then echo DONE; else echo ABSENT; fi\n",
        command=_reserves(change, reserve_kib) + """\
reserves | while read -r kib file; do
  rm -f -- "$file"
  # the blocks must really be taken; where the file system cannot do that at once, zeros are written
  fallocate -l "${kib}KiB" "$file" 2>/dev/null || dd if=/dev/zero of="$file" bs=1024 count="$kib" 2>/dev/null ||
    { rm -f -- "$file"; echo "there is no room for $kib KiB in $file" >&2; exit 1; }
  chmod 0600 "$file"
done
""",
        proof=_all_there(change, reserve_kib) +
        'all_there\nreserves | while read -r kib file; do echo "$file: $kib KiB set aside"; done\n',
        undo=release_reserve(change, reserve_kib),
        undo_proof=_reserves(change, reserve_kib) + 'reserves | while read -r kib file; do [ ! -e "$file" ] || exit 1; done\n',
        expected=Text(zh="各文件系统上已留出空间,磁盘写满时仍可回退",
                      en="Room is set aside on each file system, so that a full disk can be backed out"),
        changes=False, time_limit_s=600,
    )


def release_reserve_step(target: str, change: str, reserve_kib: Mapping[str, int], number: int = 0) -> Step:
    """The step "release-reserve": the room is given back once the change has held. Nothing to undo."""
    return Step(
        number=number, key="release-reserve", target=target,
        title=Text(zh="释放预留的磁盘空间", en="Give the room set aside back"),
        command=release_reserve(change, reserve_kib),
        proof=_reserves(change, reserve_kib) + 'reserves | while read -r kib file; do [ ! -e "$file" ] || exit 1; done\n',
        expected=Text(zh="预留空间已释放;软件包新旧版本仍保留在变更目录",
                      en="The room is free again; the packages, old and new, stay in the change's folder"),
        changes=False, time_limit_s=120,
    )
