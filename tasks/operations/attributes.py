"""Owner and mode of files and folders: narrowed, and brought back exactly. Returns a Mend and runs nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from shlex import quote

from reports.records import NOTHING, Text
from tasks.operations.mend import Mend


@dataclass(frozen=True)
class TooWide:
    """A path that allows too much. bits: which permissions are taken away; owner: whose it must be, empty: as it is."""

    path: str
    bits: int
    owner: str = ""


# Mode and owner of a path that is not there, or that is right already, are not saved: an undo leaves it alone.
_SAVED = r"""
# true while PATH allows one of BITS, or belongs to somebody else than OWNER
wrong() {
  [ -e "$1" ] || return 1
  [ $((0$(stat -c %a "$1") & $2)) -ne 0 ] || { [ "$3" != - ] && [ "$(stat -c %U "$1")" != "$3" ]; }
}
"""
_PROBE = r"""state=DONE
look() { if wrong "$@"; then state=ABSENT; fi; }
each look
if [ "$state" = ABSENT ] && [ -e "$SAVED/attributes" ]; then state=PARTIAL; fi
echo "$state"
"""
_HOLDS = r"""no_link() { if [ -L "$1" ]; then echo "$1 is a symbolic link; look at where it leads first" >&2; exit 1; fi; }
each no_link
"""
_COMMAND = r"""umask 077
mkdir -p "$SAVED"
save() { if wrong "$@"; then stat -c '%a %u:%g' "$1"; else echo - -; fi; }
[ -e "$SAVED/attributes" ] || { each save >"$SAVED/attributes.new"; sync "$SAVED/attributes.new"; mv "$SAVED/attributes.new" "$SAVED/attributes"; }
narrow() {
  if ! wrong "$@"; then return; fi
  if [ "$3" != - ]; then chown -h "$3" "$1"; fi
  mode=$(stat -c %a "$1")
  chmod "0$(printf '%o' $((0$mode & ~$2)))" "$1"
  ls -ld "$1"
}
each narrow
"""
_PROOF = r"""right() { if wrong "$@"; then ls -ld "$1" >&2; exit 1; fi; }
each right
"""
_UNDO = r"""[ -e "$SAVED/attributes" ] || { echo "nothing was changed"; exit 0; }
bring_back() {
  read -r mode owner <&3
  if [ "$mode" = - ] || [ ! -e "$1" ] || [ -L "$1" ]; then return; fi
  chown "$owner" "$1"
  chmod "00$mode" "$1"
  ls -ld "$1"
}
exec 3<"$SAVED/attributes"
each bring_back
"""
_UNDO_PROOF = r"""[ -e "$SAVED/attributes" ] || exit 0
as_before() {
  read -r mode owner <&3
  if [ "$mode" = - ]; then return; fi
  if [ "$(stat -c '%a %u:%g' "$1")" != "$mode $owner" ]; then echo "$1 is not $mode $owner" >&2; exit 1; fi
}
exec 3<"$SAVED/attributes"
each as_before
"""


@dataclass(frozen=True)
class Narrowing:
    """What is narrowed in one step, and how that is called."""

    things: tuple[TooWide, ...]
    title: Text
    breaks: Text = NOTHING

    def mend(self) -> Mend:
        """Takes permissions away and gives root what must be root's. A path that is not there any more has nothing to mend."""
        listed = "".join(f'  "$1" {quote(thing.path)} 0{thing.bits:03o} {thing.owner or "-"}\n' for thing in self.things)
        head = f"each() {{  # calls $1 with PATH BITS OWNER\n{listed}}}{_SAVED}"
        return Mend(
            title=self.title, expected=Text(zh="权限与属主符合要求，多余的权限已去除", en="owner and permissions are as they must be"),
            probe=head + _PROBE, holds_before=head + _HOLDS, command=head + _COMMAND, proof=head + _PROOF, undo=head + _UNDO,
            undo_proof=head + _UNDO_PROOF, touches=tuple(dict.fromkeys(thing.path for thing in self.things)), breaks=self.breaks, part=self)


def narrow(things: Sequence[TooWide], title: Text, breaks: Text = NOTHING) -> Mend:
    return Narrowing(tuple(things), title, breaks).mend()


def together(parts: Iterable[Narrowing], title: Text) -> Narrowing:
    """One narrowing for all, in their order."""
    return Narrowing(tuple(dict.fromkeys(thing for part in parts for thing in part.things)), title)


def mendable(path: str) -> bool:
    """Whether a path from a line of output can be meant: absolute, without a sign that would have broken the line or leads upwards."""
    return path.startswith("/") and path.isprintable() and ".." not in path.split("/")
