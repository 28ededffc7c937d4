"""Files and folders carried from one host to another in two passes: most of them while the service runs, the rest while nobody writes.

Every function returns POSIX shell text and runs nothing; owners go by number. What the receiving host had under these paths is kept in
$CHANGE_DIR/saved/files: before.tar, `missing` (paths that were not there), `units` (how the units were that were started ahead).
"""

from __future__ import annotations

from collections.abc import Sequence
from shlex import quote

from tasks.operations.peer_access import Way
from tasks.operations.scripts import fill

# The server that these hosts call by rsync's name reads the other host as root, with numbers for owners; see peer_access.
_COPY = r"""copy() {  # rsync's options -> the paths as the other host has them
  through || { echo "the way to the other host is broken" >&2; return 1; }
  RSYNC_PASSWORD=$(cat "$CHANGE_DIR/saved/peer.files"); export RSYNC_PASSWORD
  rsync -aHAX --numeric-ids --delete --relative --no-implied-dirs --port=@near_files@ --timeout=120 --exclude='/etc/postgresql/*/*/start.conf' \
    --exclude='/etc/mysql/mariadb.conf.d/zz-standfast-*.cnf' --exclude=@but@ "$@" @sources_script@ / && code=0 || code=$?
  unset RSYNC_PASSWORD
  return $code
}
"""
_SAVE = r"""SAVED="$CHANGE_DIR/saved/files"
umask 077; mkdir -p "$SAVED"
if [ ! -e "$SAVED/complete" ]; then
  : >"$SAVED/missing"; : >"$SAVED/there"; : >"$SAVED/units"
  for path in @paths_script@; do
    if [ -e "$path" ] || [ -L "$path" ]; then echo "${path#/}" >>"$SAVED/there"; else
      while [ ! -e "${path%/*}" ] && [ "${path%/*}" ]; do path=${path%/*}; done; echo "$path" >>"$SAVED/missing"
    fi
  done
  tar -c -f "$SAVED/before.tar" --numeric-owner --xattrs --acls -C / -T "$SAVED/there"
  for unit in @units_script@; do echo "$unit $(systemctl is-active "$unit" || :)" >>"$SAVED/units"; done
  sync; : >"$SAVED/complete"
fi
umask 022
"""
_FIRST = r"""reach
copy && code=0 || code=$?
[ $code = 0 ] || [ $code = 23 ] || [ $code = 24 ] || exit $code  # changed or gone while it was read: the second pass brings it
systemctl daemon-reload
for unit in @units_script@; do systemctl reload-or-restart "$unit"; done
du -sch @paths_script@ | tail -n 1
"""
_UNDO = r"""SAVED="$CHANGE_DIR/saved/files"
[ -e "$SAVED/complete" ] || { echo "nothing was copied"; exit 0; }
for path in @paths_script@; do rm -rf "$path"; done
tar -x -p -f "$SAVED/before.tar" --numeric-owner --xattrs --acls -C /
while read -r path; do rm -rf "$path"; done <"$SAVED/missing"
systemctl daemon-reload
while read -r unit state; do
  if [ "$state" = active ]; then systemctl reload-or-restart "$unit"; else systemctl stop "$unit" 2>/dev/null || :; fi
done <"$SAVED/units"
"""


def _listed(words: Sequence[str]) -> str:
    return " ".join(quote(word) for word in words) or "''"


def copy(way: Way, paths: Sequence[str], but: str = "") -> str:
    """The shell function `copy`, which makes these paths what they are on the far host; it needs `reach` to have been called.

    but: a file that is left as it is here, because the change itself has altered it there.
    """
    if not paths:
        return "copy() { :; }\n"
    # the first names the server, the others follow it
    sources = " ".join(quote(f"{'standfast@127.0.0.1' if count == 0 else ''}::all{path}") for count, path in enumerate(paths))
    return fill(_COPY, near_files=way.near_files, sources_script=sources, but=but or "/nothing-is-left-out")


def first_pass(way: Way, paths: Sequence[str], units: Sequence[str]) -> str:
    """Save what is there, copy, and start the units that may run ahead of the cutover."""
    gaps = {"paths_script": _listed(paths), "units_script": " ".join(map(quote, units))}
    return way.reach() + copy(way, paths) + fill(_SAVE + _FIRST, **gaps)


def first_pass_proof(paths: Sequence[str], units: Sequence[str]) -> str:
    shown = "".join(f"[ -e {quote(path)} ] || [ -L {quote(path)} ]\n" for path in paths)
    return shown + "".join(f"systemctl is-active -q {quote(unit)}\n" for unit in units)


def first_pass_undo(paths: Sequence[str]) -> str:
    """What was there before, and nothing of what was not."""
    return fill(_UNDO, paths_script=_listed(paths))


def differing(way: Way, paths: Sequence[str], since: str, but: str = "") -> str:
    """Exit 1 if one of the files differs from the far host's, by content, owner or mode.

    Not looked at: what was written here since the file `since` (shell text), and the file `but`.
    """
    return way.reach() + copy(way, paths, but) + fill(r"""reach
copy --dry-run --checksum --itemize-changes >"$CHANGE_DIR/saved/differing" || { echo "the files could not be compared" >&2; exit 1; }
bad=0
while read -r how path; do
  [ "$how" != '.d..t......' ] || continue  # a folder's time alone
  # when it was last touched here, by this host's clock: its time of change came from the other host, whose clock may be another
  if [ -n "$(find "/${path%/}" -maxdepth 0 -cnewer @since_script@ 2>/dev/null)" ]; then continue; fi
  echo "$how $path" >&2; bad=1
done <"$CHANGE_DIR/saved/differing"
[ $bad = 0 ] || { echo "files differ from those of the other host" >&2; exit 1; }
echo "all files are equal by content, owner and mode"
""", since_script=since)
