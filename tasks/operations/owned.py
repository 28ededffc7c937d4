"""Writing where another account owns the folder: shell functions for steps. Runs nothing.

Whoever owns a folder can put a link in the place of anything in it, at any moment. So root does not open, copy or chown there: the owner's own
account does it, which can do nothing that the owner could not do. What is saved lies in $CHANGE_DIR, which is root's.
"""

from __future__ import annotations

# $owner: the account. $data: its folder, for `in_place`.
OWNED = r"""as_owner() { runuser -u "$owner" -- "$@"; }
roots() {  # whether nobody but root can change where this path leads
  at=$1
  while [ "$at" ]; do
    case $(stat -c '%u %A' "$at" 2>/dev/null) in "0 d"????-??-?) ;; *) return 1 ;; esac
    at=${at%/*}
  done
}
make_folder() {  # mode, path
  if roots "${2%/*}"; then install -d -o "$owner" -g "$(id -gn "$owner")" -m "$1" "$2"; else as_owner mkdir -p -m "$1" "$2"; fi
}
in_place() { if roots "${data%/*}"; then "$@"; else as_owner "$@"; fi; }  # renames or removes the folder itself
fill_as_owner() { as_owner sh -c 'cat >"$1"' - "$1"; }  # a file from standard input; one that is there keeps owner and mode
new_as_owner() { as_owner sh -c 'rm -f "$1" && cat >"$1"' - "$1"; }  # the same, and nothing of one that is there
"""
KEPT_OF_OWNER = r"""# A file of theirs, kept here: what is said, by whom, since when; a link in its place is not followed beyond what they may read themselves.
keep_of_owner() {  # their file, ours
  as_owner cat "$1" >"$2"
  chown --reference="$1" "$2"; chmod --reference="$1" "$2"; touch -r "$1" "$2"
}
bring_to_owner() {  # ours, their file; from standard input, if ours is only to say how it was
  as_owner sh -c 'umask 077; rm -f "$1.standfast"; set -C; cat >"$1.standfast" && chmod "$2" "$1.standfast" && touch -d "$3" "$1.standfast" &&
    sync "$1.standfast" && mv -T "$1.standfast" "$1"' - "$2" "$(stat -c %a "$1")" "${3:-$(stat -c %y "$1")}"
}
"""
