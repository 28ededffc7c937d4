"""Options of a Java service, in the line of its environment file, taken up by a restart. Describes lines of a file and runs nothing."""

from __future__ import annotations

from collections.abc import Mapping
from shlex import quote

from reports.records import Text
from reports.records.measurement import EFFECT
from tasks.operations.file_lines import FileLines, setting
from tasks.operations.mend import Mend

# The options that the running machine was started with: of one kind the last counts.
WORDS = r"""options() {  # of the Java process of this unit, one a line
  for pid in $(cat /proc/[0-9]*/stat 2>/dev/null | awk '$2 == "(java)" { print $1 }'); do
    if grep -q "/$unit\$" "/proc/$pid/cgroup" 2>/dev/null; then tr '\000' '\n' <"/proc/$pid/cmdline"; fi
  done
}
are() {  # whether the last option of each kind is this one
  printf '%s\n' "$wishes" | while IFS= read -r line; do
    line=${line#* }; found=$(options | grep -E -- "^${line%% *}" | tail -n 1)
    if [ "$found" != "${line#* }" ]; then echo "the last of these options is ${found:-none}, not ${line#* }; another file decides" >&2; return 1; fi
  done
}
restarted() {
  systemctl reset-failed "$unit" 2>/dev/null || :
  systemctl restart "$unit"
  second=0
  until options | grep -q .; do
    second=$((second + 1))
    if [ $second -ge 30 ]; then echo "$unit does not run after its restart" >&2; return 1; fi
    sleep 1
  done
}
shown() { printf '%s\n' "$wishes" | while IFS= read -r line; do
  name=${line%% *}; line=${line#* }
  found=$(options | grep -E -- "^${line%% *}" | tail -n 1)
  echo "@effect@ $name ${found:--}"
done; }
"""
_REFUSE = r"""systemctl is-active -q "$unit" || { echo "$unit does not run" >&2; exit 1; }
"""
_PUT_BACK = r"""if [ "$(options)" = "$(cat "$SAVED/options")" ]; then echo "the old options are still in force"; else restarted; fi
"""
_IS_BACK = r"""if [ "$(options)" != "$(cat "$SAVED/options")" ]; then echo "the options are not as they were" >&2; exit 1; fi
shown
"""


def set_options(file: str, variable: str, was: str, line: str, wishes: Mapping[str, tuple[str, str]], unit: str) -> Mend:
    """line: the variable's line as it shall be. wishes: by the option's name, its kind as a pattern, and itself. Undo: the file, and the old options."""
    head = f"unit={quote(unit)}\nwishes={quote(chr(10).join(f'{name} {kind} {option}' for name, (kind, option) in wishes.items()))}\n"
    head += WORDS.replace("@effect@", EFFECT)
    of = FileLines(
        path=file, lines=(setting(variable, line, was),), refuse=head + _REFUSE, save=head + 'options >"$SAVED/options"\n',
        put_in_force=head + "if are 2>/dev/null; then :; else restarted; fi\nare", put_back=head + _PUT_BACK,
        in_force=head + 'systemctl is-active -q "$unit" || exit 1\nare || exit 1\nshown\n', is_back=head + _IS_BACK, touches=(unit,)).mend()
    told = "; ".join(option for _, option in wishes.values())
    return Mend(**{**vars(of), "title": Text(zh=f"设置 {unit} 的 Java 选项：{told}", en=f"Set Java options of {unit}: {told}"), "part": None,
                   "interrupts": True, "risk": "medium", "time_limit_s": 300,
                   "breaks": Text(zh=f"{unit} 重启，期间应用不可用", en=f"{unit} restarts; its application is gone meanwhile")})
