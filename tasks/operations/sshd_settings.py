"""Settings of sshd in one file of our own that is read first. Describes lines of a file and runs nothing.

They can lock everybody out, us first: hardening carries them out under a guard of the host.
"""

from __future__ import annotations

from collections.abc import Mapping

from tasks.operations.file_lines import FileLines, setting

FILE = "/etc/ssh/sshd_config.d/00-standfast.conf"

RELOAD = r"""for unit in ssh sshd; do
  if systemctl is-active -q "$unit"; then systemctl reload "$unit" || { echo "$unit refuses to reload; see journalctl -u $unit" >&2; exit 1; }; break; fi
done"""
# Of several values sshd takes the first: those of files that are read before ours, and what sshd_config says before it reads any.
_REFUSE = r"""said_in() {  # the file's name; its lines on standard input
  told=$(cat)
  for name in $(wanted | cut -d ' ' -f 1); do
    if printf '%s\n' "$told" | grep -qiE "^[[:space:]]*$name([[:space:]=]|\$)"; then
      echo "$1 sets $name and is read before $file: change it there" >&2; exit 1
    fi
  done
}
sshd -t
grep -qiE '^[[:space:]]*Include[[:space:]]+/etc/ssh/sshd_config\.d/' /etc/ssh/sshd_config ||
  { echo "sshd_config includes no files of sshd_config.d; write the settings there by hand" >&2; exit 1; }
sed '/^[[:space:]]*[Ii][Nn][Cc][Ll][Uu][Dd][Ee][[:space:]].*sshd_config[.]d/,$ d' /etc/ssh/sshd_config | said_in /etc/ssh/sshd_config
for other in /etc/ssh/sshd_config.d/*.conf; do
  if [ -e "$other" ] && [ "$other" != "$file" ] && [ "$(printf '%s\n' "$other" "$file" | LC_ALL=C sort | head -n 1)" = "$other" ]; then
    said_in "$other" <"$other"
  fi
done
"""
_IN_FORCE = r"""wanted | while read -r line; do
  sshd -T 2>/dev/null | grep -qixF -e "$line" || { echo "sshd does not follow: $line; another file decides" >&2; exit 1; }
done || exit 1
"""


def set_sshd(values: Mapping[str, str]) -> FileLines:
    """These settings: tested by sshd itself before the reload. Undo: the file as it was, reload."""
    return FileLines(
        path=FILE, lines=tuple(setting(key, f"{key} {value}") for key, value in values.items()), mode="600", refuse=_REFUSE,
        test="sshd -t && (\n" + _IN_FORCE + ")", put_in_force=RELOAD, put_back=RELOAD, in_force=_IN_FORCE, is_back="sshd -t\n")
