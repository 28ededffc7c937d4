"""Settings of the kernel, now and after every start, in a file of our own that is read last. Describes lines of a file and runs nothing."""

from __future__ import annotations

from tasks.operations.file_lines import FileLines, setting

FILE = "/etc/sysctl.d/zz-standfast.conf"

_NAMES = r"""of_name() { echo "/proc/sys/$(echo "$1" | tr . /)"; }
names() { wanted | sed 's/ = .*//'; }
"""
_REFUSE = _NAMES + r"""for name in $(names); do
  [ -w "$(of_name "$name")" ] || { echo "$name cannot be set here; is this a container?" >&2; exit 1; }
  if grep -qsE "^[[:space:]]*-?$name[[:space:]]*=" /etc/sysctl.conf; then echo "/etc/sysctl.conf sets $name, and is read last; mend it there" >&2; exit 1; fi
done
"""
_SAVE = _NAMES + r"""for name in $(names); do printf '%s %s\n' "$name" "$(cat "$(of_name "$name")")"; done >"$SAVED/values"
"""
_PUT_IN_FORCE = _NAMES + r"""wanted | while read -r name _ value; do printf '%s\n' "$value" >"$(of_name "$name")"; done"""
_PUT_BACK = _NAMES + r"""while read -r name value; do printf '%s\n' "$value" >"$(of_name "$name")"; done <"$SAVED/values" """
_IN_FORCE = _NAMES + r"""wanted | while read -r name _ value; do
  [ "$(cat "$(of_name "$name")")" = "$value" ] || { echo "$name is $(cat "$(of_name "$name")")" >&2; exit 1; }
done || exit 1
"""
_IS_BACK = _NAMES + r"""while read -r name value; do
  [ "$(cat "$(of_name "$name")")" = "$value" ] || { echo "$name is $(cat "$(of_name "$name")"), not $value" >&2; exit 1; }
done <"$SAVED/values"
"""


def set_kernel(values: dict[str, str]) -> FileLines:
    """These values. Undo: the file as it was, and the values that were in force."""
    return FileLines(
        path=FILE, lines=tuple(setting(name, f"{name} = {value}") for name, value in values.items()), refuse=_REFUSE, save=_SAVE,
        put_in_force=_PUT_IN_FORCE, put_back=_PUT_BACK, in_force=_IN_FORCE, is_back=_IS_BACK, on_copy=False, touches=("/proc/sys",))
