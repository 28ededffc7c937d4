"""Lines of a configuration file: set, tested, put in force, and the file brought back byte for byte. Describes a Mend and runs nothing.

Where somebody else edited the file since, only our lines go, and what stood in their place comes back; what they wrote stays.

One description serves vendors' files, of which single lines change, and files of our own beside them (drop-ins). Several findings that change the
same file become one step: what differs between their descriptions is only the lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from shlex import quote

from reports.records import FileChange, Text
from tasks.operations.edits import EDITS
from tasks.operations.mend import Mend

NAMED = 6  # lines named in a title


@dataclass(frozen=True)
class Line:
    """A line as it shall be. key: what lines of the same setting begin with, a regular expression in small letters; they make way for it.

    was: the line that it replaces, where that is known.
    """

    key: str
    text: str
    was: str = ""


def setting(name: str, text: str, was: str = "") -> Line:
    """A line that begins with the setting's name, as it stands."""
    return Line(re.sub(r"([][.\\*^$+?(){}|/])", r"\\\1", name.lower()).replace(" ", "[[:space:]]+"), text, was)


@dataclass(frozen=True)
class FileLines:
    """Lines of one file, and how the change is tested and put in force. The scripts are POSIX sh; `wanted` prints the lines, $file is the file.

    head: what a file that is not there yet begins with. mode: of such a file. whole: the file is these lines and no others.
    each: every line of the setting is replaced where it stands; False: the first, and the others go.
    refuse: ends with an error where this must not be done here; read-only. test: of the file as it now stands; if it fails, the file is as before.
    save: notes, before anything is changed, what `put_back` needs. put_in_force, put_back: after the file changed, and after it came back.
    in_force, is_back: whether that worked; read-only. undo_holds: whether `put_back` would take away what others wrote since; read-only.
    beside: other files that `test` or `put_in_force` write, for people to read.
    """

    path: str
    lines: tuple[Line, ...]
    head: tuple[str, ...] = ("# by Standfast",)
    mode: str = "644"
    whole: bool = False
    each: bool = False
    refuse: str = ""
    test: str = ":"
    save: str = ""
    put_in_force: str = ":"
    put_back: str = ":"
    in_force: str = ""
    is_back: str = ""
    undo_holds: str = ""
    on_copy: bool = True
    touches: tuple[str, ...] = ()
    beside: tuple[FileChange, ...] = ()

    def mend(self) -> Mend:
        """All these lines in one step. Undo: the file as it was, or none."""
        texts = [line.text.strip() for line in self.lines]
        more = f" (+{len(texts) - NAMED})" if len(texts) > NAMED else ""
        told = "; ".join(texts[:NAMED]) + more
        head = _head(self)
        made = Mend(
            title=Text(zh=f"写入 {self.path}（整个文件）", en=f"Write the whole of {self.path}") if self.whole
            else Text(zh=f"写入 {self.path}：{told}", en=f"Write into {self.path}: {told}"),
            expected=Text(zh=f"{self.path} 含有所列各行，检验通过并已生效", en=f"{self.path} has these lines, passes its test, and is in force"),
            probe=head + "in_force() {\n:\n" + self.in_force + '}\nif stands && is_taken_up && (in_force) >/dev/null 2>&1; then echo DONE\n'
                         'elif [ -e "$SAVED/kept" ]; then echo PARTIAL; else echo ABSENT; fi\n',
            holds_before=head + _HOLDS + self.refuse,
            command=head + _SAVE.replace("@save@", self.save) + _WRITE.replace("@test@", self.test) + self.put_in_force + '\n: >"$SAVED/taken-up"\n',
            proof=head + 'stands || { echo "$file has not the lines that it should have" >&2; exit 1; }\n'
                         'is_taken_up || { echo "what reads $file has not taken it up" >&2; exit 1; }\n' + self.in_force
                  + 'echo "$file is as it should be"\n',
            undo=head + _UNDO.replace("@put_back@", self.put_back), undo_proof=head + _UNDO_PROOF + self.is_back,
            undo_holds=head + _UNDO_HOLDS + self.undo_holds,
            touches=(self.path, *self.touches), on_copy=self.on_copy, part=self,
            files=(FileChange(path=self.path, before=tuple(line.was for line in self.lines if line.was), after=tuple(line.text for line in self.lines),
                              whole=self.whole), *self.beside))
        return made

    def of_same_file(self, other: FileLines) -> bool:
        return replace(self, lines=()) == replace(other, lines=())


def joined(parts: Iterable[FileLines]) -> FileLines:
    """One description for all; they must be of the same file. A line that several ask for is written once."""
    parts = list(parts)
    lines: dict[str, Line] = {}
    for part in parts:
        for line in part.lines:
            lines.setdefault(line.key, line)
    return replace(parts[0], lines=tuple(lines.values()))


def _head(of: FileLines) -> str:
    keys, texts = "\n".join(line.key for line in of.lines), "\n".join(line.text for line in of.lines)
    return f"""file={quote(of.path)}; mode={of.mode}
keys={quote(keys)}
lines={quote(texts)}
head={quote(chr(10).join(of.head))}
kind={"whole" if of.whole else "each" if of.each else "first"}
{_WORDS}{EDITS}"""


# A comment or an empty line is nobody's setting. Words are compared in small letters: sshd and others do not mind the case.
_WORDS = r"""# Whoever owns the folder that the file lies in can put links there at any moment. So the new file is made in a folder of root's inside it, which
# is entered first and looked at then; what is renamed after that follows no name that was not looked at.
take() {  # the file as it is, into a folder of ours; a link is no file
  rm -f "$1"; cp -a "$file" "$1"
  if [ -L "$1" ] || [ ! -f "$1" ]; then rm -f "$1"; echo "$file is no file any more" >&2; exit 1; fi
}
roots_folder() {  # whether nobody but root can change where this path leads
  up=$1
  while [ "$up" ] && [ "$up" != / ]; do
    case $(stat -c '%u %A' "$up") in "0 l"*|"0 d"????-??-?) ;; *) return 1 ;; esac
    up=${up%/*}
  done
}
put() {  # a file of ours in the place of the file
  ( folder=$(dirname "$file"); cd -P "$folder" || exit 1
    at=$folder  # links of root's may lead there, and nobody else's
    until roots_folder "$at" && at_end=$(cd -P "${at:-/}" && pwd -P) && roots_folder "$at_end"; do at=${at%/*}; done
    if [ "$(pwd -P)" != "${at_end%/}${folder#"$at"}" ]; then echo "$folder leads elsewhere by a link that is not root's" >&2; exit 1; fi
    room=$(mktemp -d ./.standfast.XXXXXX) && cd -P "$room" || exit 1
    if [ "$(stat -c '%u %a' .)" != "$(id -u) 700" ] || [ "$(ls -A)" ]; then echo "somebody else writes in $folder just now" >&2; exit 1; fi
    cp -a "$1" new && sync new && mv -T new "../$(basename "$file")" && cd .. && rmdir "$room" )
}
wanted() { printf '%s\n' "$lines"; }
# the file as it shall be, from the file as it is on standard input
as_wished() {
  if [ "$kind" = whole ]; then wanted; return; fi
  keys="$keys" lines="$lines" kind="$kind" awk '
    BEGIN { n = split(ENVIRON["keys"], key, "\n"); split(ENVIRON["lines"], text, "\n") }
    { small = tolower($0); mine = 0
      for (i = 1; i <= n && !mine; i++) if (small ~ "^[[:space:]]*" key[i] "([[:space:]=]|$)") mine = i
      if (!mine) print
      else if (!done[mine] || ENVIRON["kind"] == "each") print text[mine]
      if (mine) done[mine] = 1 }
    END { for (i = 1; i <= n; i++) if (!done[i]) print text[i] }'
}
as_it_is() { if [ "$kind" = whole ]; then :; elif [ -e "$SAVED/now" ]; then cat "$SAVED/now"; else printf '%s\n' "$head"; fi; }
# whether what reads the file was told of ours, and agreed: its own test of a file says nothing of what runs
is_taken_up() { [ ! -e "$SAVED/kept" ] || [ -e "$SAVED/taken-up" ]; }
stands() { [ -e "$file" ] && as_wished <"$file" | cmp -s - "$file"; }
# the file as it is on standard input, with what stood before in the place of our lines; a line of ours that somebody altered is theirs
without_ours() {
  keys="$keys" lines="$lines" kind="$kind" saved="$SAVED/file" awk '
    BEGIN { n = split(ENVIRON["keys"], key, "\n"); split(ENVIRON["lines"], text, "\n")
      while ((getline row <ENVIRON["saved"]) > 0) for (i = 1; i <= n; i++)
        if (tolower(row) ~ "^[[:space:]]*" key[i] "([[:space:]=]|$)") { old[i, ++had[i]] = row; break } }
    { mine = 0
      for (i = 1; i <= n && !mine; i++) if ($0 == text[i] && (!done[i] || ENVIRON["kind"] == "each" && done[i] < had[i])) mine = i
      if (!mine) { print; next }
      done[mine]++
      if (ENVIRON["kind"] != "each") for (i = 1; i <= had[mine]; i++) print old[mine, i]
      else if (had[mine]) print old[mine, done[mine]] }'
}
"""
_HOLDS = r"""if [ -L "$file" ]; then echo "$file is a symbolic link; look at where it leads first" >&2; exit 1; fi
if [ -e "$file" ] && [ ! -f "$file" ]; then echo "$file is no file" >&2; exit 1; fi
folder=$(dirname "$file")
while [ ! -d "$folder" ]; do folder=$(dirname "$folder"); done
if [ ! -w "$folder" ] || ! touch -c "$folder/." 2>/dev/null; then echo "$folder cannot be written; perhaps its file system is read-only" >&2; exit 1; fi
"""
_SAVE = r"""umask 077
mkdir -p "$SAVED"
if [ ! -e "$SAVED/kept" ]; then
  if [ -e "$file" ]; then take "$SAVED/file"; fi
  folder=$(dirname "$file"); : >"$SAVED/folders"  # those that are made for it, the innermost first
  while [ ! -d "$folder" ]; do echo "$folder" >>"$SAVED/folders"; folder=$(dirname "$folder"); done
@save@
  sync
  touch "$SAVED/kept"
fi
"""
_WRITE = r"""rm -rf "$SAVED/now" "$SAVED/back" "$SAVED/new" "$SAVED/taken-up"
if [ -e "$file" ]; then take "$SAVED/now"; fi
as_it_is | as_wished >"$SAVED/wished"
if [ -e "$SAVED/now" ]; then cp -a "$SAVED/now" "$SAVED/new"; else : >"$SAVED/new"; chmod "$mode" "$SAVED/new"; fi
cat "$SAVED/wished" >"$SAVED/new"
umask 022
mkdir -p "$(dirname "$file")"
printf '%s %s\n' "$(sha256sum <"$SAVED/new" | cut -d ' ' -f 1)" "$file" >>"$CHANGE_DIR/saved/left"
sync "$SAVED/new" "$CHANGE_DIR/saved/left"
put "$SAVED/new"
tested() {
:
@test@
}
if ! (tested); then
  if [ -e "$SAVED/now" ]; then put "$SAVED/now"; else rm -f "$file"; fi
  echo "$file did not pass its test; it is as it was before" >&2
  exit 1
fi
note_left "$file"
"""
_UNDO = r"""[ -e "$SAVED/kept" ] || { echo "nothing was changed"; exit 0; }
find "$(dirname "$file")" -maxdepth 1 -name '.standfast.*' -exec rm -rf {} + 2>/dev/null || :  # of a command that was cut off
bring_back() {
  if [ -e "$SAVED/file" ]; then
    put "$SAVED/file"
  else
    rm -f "$file"
    while read -r folder; do if [ -d "$folder" ]; then rmdir --ignore-fail-on-non-empty "$folder"; fi; done <"$SAVED/folders"
  fi
}
take_ours_away() {
  take "$SAVED/back.new"
  without_ours <"$SAVED/back.new" >"$SAVED/back.lines"
  cat "$SAVED/back.lines" >"$SAVED/back.new"
  if [ ! -e "$SAVED/file" ] && ! printf '%s\n' "$head" | grep -vxFf - "$SAVED/back.new" | grep -q '[^[:space:]]'; then bring_back; return; fi
  sync "$SAVED/back.new"
  mv "$SAVED/back.new" "$SAVED/back"
  put "$SAVED/back"
  echo "$file was edited after this change wrote it: only our lines are taken back, the rest stays"
}
if [ -e "$SAVED/back" ] && cmp -s "$SAVED/back" "$file"; then echo "our lines are gone already"
elif [ "$kind" != whole ] && edited "$file" "$SAVED/file"; then take_ours_away
else keep_edits "$file" "$SAVED/file"; bring_back; fi
@put_back@
"""
_UNDO_PROOF = r"""[ -e "$SAVED/kept" ] || exit 0
if [ -e "$SAVED/back" ]; then cmp "$SAVED/back" "$file"
elif [ -e "$SAVED/file" ]; then
  cmp "$SAVED/file" "$file"
  [ "$(stat -c '%a %u:%g' "$file")" = "$(stat -c '%a %u:%g' "$SAVED/file")" ]
elif [ -e "$file" ]; then echo "$file is still there" >&2; exit 1
fi
"""
_UNDO_HOLDS = r"""[ -e "$SAVED/kept" ] || exit 0
if [ "$kind" = whole ]; then not_edited "$file" "$SAVED/file" || exit 1; fi
"""
