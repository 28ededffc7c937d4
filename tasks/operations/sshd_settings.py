"""Settings of sshd in one file of our own that is read first. Describes lines of a file and runs nothing.

They can lock everybody out, us first: hardening carries them out under a guard of the host.
"""

from __future__ import annotations

from collections.abc import Mapping

from tasks.operations.file_lines import FileLines, setting

FILE = "/etc/ssh/sshd_config.d/00-standfast.conf"

_RELOAD = 'for unit in ssh sshd; do if systemctl is-active -q "$unit"; then systemctl reload "$unit"; break; fi; done'
_REFUSE = r"""sshd -t
grep -qiE '^[[:space:]]*Include[[:space:]]+/etc/ssh/sshd_config\.d/' /etc/ssh/sshd_config ||
  { echo "sshd_config includes no files of sshd_config.d; write the settings there by hand" >&2; exit 1; }
"""
_IN_FORCE = r"""wanted | while read -r line; do
  sshd -T 2>/dev/null | grep -qixF -e "$line" || { echo "sshd does not follow: $line; another file decides" >&2; exit 1; }
done || exit 1
"""


def set_sshd(values: Mapping[str, str]) -> FileLines:
    """These settings: tested by sshd itself before the reload. Undo: the file as it was, reload."""
    return FileLines(
        path=FILE, lines=tuple(setting(key, f"{key} {value}") for key, value in values.items()), mode="600", refuse=_REFUSE,
        test="sshd -t && (\n" + _IN_FORCE + ")", put_in_force=_RELOAD, put_back=_RELOAD, in_force=_IN_FORCE, is_back="sshd -t\n")
