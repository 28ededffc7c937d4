"""PAM, the Debian way: profiles that pam-auth-update puts into /etc/pam.d, and words taken from a module's lines. Runs nothing.

A stack that is wrong shuts everybody out. So every module that stands there must be on the disk and every jump must end where a success should;
what fails that is as before at once. Hardening carries it out under a guard of the host, whose undo only copies files back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from shlex import quote

from reports.records import FileChange, Text
from tasks.operations.edits import EDITS
from tasks.operations.file_lines import FileLines, Line
from tasks.operations.mend import Mend

FOLDER = "/usr/share/pam-configs"
CHANGED = ("/etc/pam.d/common-auth", "/etc/pam.d/common-account", "/etc/pam.d/common-password", "/etc/pam.d/common-session",
           "/etc/pam.d/common-session-noninteractive", "/var/lib/pam")

_WORDS = r"""pam_files() { for one in /etc/pam.d/common-* /var/lib/pam/*; do if [ -f "$one" ]; then echo "$one"; fi; done; }
module_is_there() { for one in /lib/*/security /usr/lib/*/security /lib/security /lib64/security; do if [ -e "$one/$1" ]; then return 0; fi; done; return 1; }
# every module is on the disk, every jump of the first part ends at pam_permit, and people may still have a session
pam_is_whole() {
  for module in $(sed -E -n 's/^[a-z]+[[:space:]]+(\[[^]]*\]|[a-z_]+)[[:space:]]+(pam_[a-z0-9_]+\.so).*/\2/p' /etc/pam.d/common-* | sort -u); do
    module_is_there "$module" || { echo "$module stands in /etc/pam.d and is not on the disk" >&2; return 1; }
  done
  for stack in auth account password; do
    awk '/^[[:space:]]*(#|$)/ || /^@/ { next }
      { n++; line[n] = $0; if (match($0, /success=[0-9]+/)) jump[n] = substr($0, RSTART + 8, RLENGTH - 8) }
      END { for (i = 1; i <= n; i++) if (jump[i] && line[i + jump[i] + 1] !~ /pam_permit\.so/) exit 1; exit !n }' "/etc/pam.d/common-$stack" ||
      { echo "a jump in /etc/pam.d/common-$stack does not end at pam_permit" >&2; return 1; }
  done
  timeout 30 su -s /bin/sh -c : root </dev/null >/dev/null 2>&1 || { echo "su to root does not get through PAM" >&2; return 1; }
}
pam_is_back() {
  while IFS= read -r one; do
    if ! cmp "$SAVED/pam$one" "$one" || [ "$(stat -c '%a %u:%g' "$one")" != "$(stat -c '%a %u:%g' "$SAVED/pam$one")" ]; then return 1; fi
  done <"$SAVED/pam.files"
}
pam_back() {
  while IFS= read -r one; do
    if ! cmp -s "$SAVED/pam$one" "$one" || [ "$(stat -c '%a %u:%g' "$one")" != "$(stat -c '%a %u:%g' "$SAVED/pam$one")" ]; then
      keep_edits "$one" "$SAVED/pam$one"
      cp -a "$SAVED/pam$one" "$one.standfast" && mv "$one.standfast" "$one"
    fi
  done <"$SAVED/pam.files"
  rm -f /etc/pam.d/common-*.standfast /etc/pam.d/common-*.pam-new /var/lib/pam/*.new /var/lib/pam/*.standfast
}
pam_not_edited() {
  [ -e "$SAVED/pam.files" ] || return 0
  while IFS= read -r one; do not_edited "$one" "$SAVED/pam$one" || return 1; done <"$SAVED/pam.files"
}
"""
_SAVE_FILES = r"""pam_files >"$SAVED/pam.files"
while IFS= read -r one; do mkdir -p "$SAVED/pam$(dirname "$one")"; cp -a "$one" "$SAVED/pam$one"; done <"$SAVED/pam.files"
"""
_HOLDS = r"""command -v pam-auth-update >/dev/null || { echo "there is no pam-auth-update here" >&2; exit 1; }
pam_is_whole
"""


def _profiles(texts: Mapping[str, Sequence[str]]) -> str:
    return "profiles() { cat <<'PROFILES'\n" + "".join(f"{name}\t{line}\n" for name, lines in texts.items() for line in lines) + "PROFILES\n}\n" \
        + f"names={quote(' '.join(texts))}; profiles_folder={FOLDER}\n"


# Its files come back as they were, unless others have written there since: then only its word on the profiles does.
_DEBCONF = r"""debconf_files="/var/cache/debconf/config.dat /var/cache/debconf/config.dat-old"
debconf_back() {
  if [ ! -e "$SAVED/debconf.files/config.dat" ]; then return 1; fi
  (
    flock -w 20 5 || exit 1
    for one in $debconf_files; do if edited "$one" "$SAVED/debconf.files/${one##*/}"; then exit 1; fi; done
    for one in $debconf_files; do
      if [ -e "$SAVED/debconf.files/${one##*/}" ]; then cp -a "$SAVED/debconf.files/${one##*/}" "$one.standfast" && mv "$one.standfast" "$one"
      else rm -f "$one"; fi
    done
  ) 5</var/cache/debconf/config.dat
}
"""
_SAVE_PROFILES = r"""for one in $names; do if [ -e "$profiles_folder/$one" ]; then cp -a "$profiles_folder/$one" "$SAVED/profile.$one"; fi; done
mkdir -p "$SAVED/debconf.files"
for one in $debconf_files; do if [ -e "$one" ]; then cp -a "$one" "$SAVED/debconf.files/"; fi; done
# what debconf remembers of the profiles: another package's pam-auth-update goes by it where /etc/pam.d was changed by hand
echo "GET libpam-runtime/profiles" | debconf-communicate libpam-runtime 2>/dev/null | sed -n 's/^0 //p' >"$SAVED/debconf" || :
"""
_PROFILES_BACK = r"""pam_back
rm -f "$profiles_folder"/*.standfast
for one in $names; do
  if [ -e "$SAVED/profile.$one" ]; then cp -a "$SAVED/profile.$one" "$profiles_folder/$one"
  elif [ "$profiles_folder/$one" != "$file" ]; then rm -f "$profiles_folder/$one"; fi
done
if debconf_back; then :
elif [ -s "$SAVED/debconf" ]; then
  { sed 's/^/SET libpam-runtime\/profiles /' "$SAVED/debconf"; } | timeout 20 debconf-communicate libpam-runtime >/dev/null 2>&1 || :
fi
"""
_APPLY = r"""put_in() {
  profiles | cut -f 1 | uniq | while IFS= read -r one; do
    profiles | sed -n "s/^$one	//p" | sed 's/^ /	/' >"$profiles_folder/$one.standfast" && chmod 644 "$profiles_folder/$one.standfast" &&
      mv "$profiles_folder/$one.standfast" "$profiles_folder/$one" || return 1
  done || return 1
  said=$(DEBIAN_FRONTEND=noninteractive timeout 60 pam-auth-update --package --enable $names 2>&1 </dev/null) || { echo "$said" >&2; return 1; }
  case $said in *"Local modifications"*) echo "/etc/pam.d was changed by hand, so pam-auth-update leaves it alone" >&2; return 1 ;; esac
  pam_is_whole && (stands_in_pam)
}
put_in || { pam_back; put_back; exit 1; }
note_left $(pam_files)
for one in $names; do note_left "$profiles_folder/$one"; done
for one in $debconf_files; do if [ -e "$one" ]; then note_left "$one"; fi; done
"""


def turn_on(path: str, lines: tuple[Line, ...], profiles: Mapping[str, Sequence[str]], modules: Sequence[str], stands: Sequence[tuple[str, str]], *,
            whole: bool = False) -> FileLines:
    """Turns on these profiles of pam-auth-update, beside these lines of a file, which may be a profile itself.

    profiles: by file name, their lines; one that begins with a blank is indented by a tab. modules: that must be on the disk.
    stands: file of /etc/pam.d and regular expression of a line that must be there afterwards. Undo: every file as it was.
    """
    there = "stands_in_pam() {\n" + "".join(
        f"grep -qE {quote(pattern)} /etc/pam.d/{file} || {{ echo {quote(f'/etc/pam.d/{file} has no line {pattern}')} >&2; exit 1; }}\n"
        for file, pattern in stands) + "}\n"
    head = _WORDS + _DEBCONF + _profiles(profiles) + there
    needed = "".join(f'module_is_there {one} || {{ echo "{one} is not on the disk" >&2; exit 1; }}\n' for one in modules)
    back = "put_back() {\n" + _PROFILES_BACK + "}\n"
    return FileLines(
        path, lines, whole=whole, refuse=head + _HOLDS + needed, save=head + _SAVE_FILES + _SAVE_PROFILES, test=head + back + _APPLY,
        put_back=head + _PROFILES_BACK, in_force=head + "pam_is_whole && stands_in_pam || exit 1\n", is_back=head + "pam_is_back\n",
        undo_holds=head + "pam_not_edited\n",
        touches=(*CHANGED, *(f"{FOLDER}/{name}" for name in profiles)),
        beside=tuple(FileChange(path=f"{FOLDER}/{name}", after=tuple(line.replace(" ", "\t", 1) if line.startswith(" ") else line for line in text),
                                whole=True) for name, text in profiles.items() if f"{FOLDER}/{name}" != path))


def without_word(file: str, module: str, words: Sequence[str], was: Sequence[str]) -> Mend:
    """Takes words from a module's lines of one file of PAM; pam-auth-update keeps that. was: the lines as they are. Undo: the file as it was."""
    pattern = "|".join(words)
    head = f"""{_WORDS}{EDITS}file={quote(file)}
without() {{ sed -E '/^[^#]*[[:space:]/]{module}[.]so/ {{ :a; s/([.]so.*)[[:space:]]({pattern})([[:space:]]|$)/\\1\\3/; ta; }}' "$file"; }}
stands() {{ without | cmp -s - "$file"; }}
"""
    after = tuple(" ".join(word for word in line.split(" ") if word not in words) for line in was)
    return Mend(
        title=Text(zh=f"从 {file} 的 {module} 行去掉 {'、'.join(words)}", en=f"Take {' and '.join(words)} from the lines of {module} in {file}"),
        expected=Text(zh=f"{file} 的 {module} 行不再含有它，PAM 完整", en=f"the lines of {module} in {file} are without it, and PAM is whole"),
        probe=head + 'if stands; then echo DONE; elif [ -e "$SAVED/kept" ]; then echo PARTIAL; else echo ABSENT; fi\n',
        holds_before=head + 'if [ -L "$file" ]; then echo "$file is a symbolic link; look at where it leads first" >&2; exit 1; fi\n'
                            'touch -c "$file" || { echo "$file cannot be written; perhaps its file system is read-only" >&2; exit 1; }\npam_is_whole\n',
        command=head + r"""umask 077
mkdir -p "$SAVED"
if [ ! -e "$SAVED/kept" ]; then
  mkdir -p "$SAVED/pam$(dirname "$file")"
  cp -a "$file" "$SAVED/pam$file"; echo "$file" >"$SAVED/pam.files"
  sync
  touch "$SAVED/kept"
fi
cp -a "$file" "$file.standfast"
without >"$file.standfast"
mv "$file.standfast" "$file"
pam_is_whole || { pam_back; echo "$file is as it was before" >&2; exit 1; }
note_left "$file"
""",
        proof=head + 'stands && pam_is_whole && echo "$file is as it should be"\n',
        undo=head + '[ -e "$SAVED/kept" ] || { echo "nothing was changed"; exit 0; }\nrm -f "$file.standfast"\npam_back\n',
        undo_proof=head + '[ -e "$SAVED/kept" ] || exit 0\npam_is_back\n', undo_holds=head + "pam_not_edited\n",
        touches=(file,), files=(FileChange(path=file, before=tuple(was), after=after),))
