"""Whether somebody else wrote into a file since a change did: shell functions for steps that write files, and bring them back. Runs nothing.

A change that is taken back months later must not take away what people wrote meanwhile. So every state in which the change itself leaves a file
is noted, all of its steps together: several may write the same file. $SAVED and $CHANGE_DIR are as in Mend.
"""

from __future__ import annotations

# `left`: one line for each state, checksum and path.
EDITS = r"""note_left() {
  for noted; do printf '%s %s\n' "$(sha256sum <"$noted" | cut -d ' ' -f 1)" "$noted"; done >>"$CHANGE_DIR/saved/left"
  sync "$CHANGE_DIR/saved/left"
}
# file, and what it was before: true if it says now what neither it said then nor this change wrote; a file that is gone has no edits
edited() {
  if [ ! -e "$1" ] || { [ -e "$2" ] && cmp -s "$1" "$2"; }; then return 1; fi
  ! grep -qsxF "$(sha256sum <"$1" | cut -d ' ' -f 1) $1" "$CHANGE_DIR/saved/left"
}
# what a file that is brought back as a whole says now is kept, if somebody else wrote it
keep_edits() {
  if edited "$1" "$2"; then
    mkdir -p "$SAVED/edited"; cp -a "$1" "$SAVED/edited/"
    echo "$1 was edited after this change wrote it; what it said is kept in $SAVED/edited"
  fi
}
not_edited() {
  if edited "$1" "$2"; then
    echo "$1 was edited after this change wrote it, and comes back only as a whole: put the edits elsewhere first, or take it back by hand" >&2; return 1
  fi
}
"""
