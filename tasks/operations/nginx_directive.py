"""A directive of nginx, in its place, tested and taken up by new workers. Describes lines of a file and runs nothing."""

from __future__ import annotations

from shlex import quote

from reports.records import Text
from reports.records.measurement import EFFECT
from tasks.operations.file_lines import FileLines, setting
from tasks.operations.mend import Mend

_WORDS = r"""workers() {  # those that take connections
  for pid in $(cat "/proc/$(systemctl show -p MainPID --value nginx.service)/task/"*/children); do
    if tr '\000' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -q 'worker process *$'; then echo "$pid"; fi
  done
}
taken_up() {  # a reload is a signal, and nginx goes on with the old configuration where it cannot use the new one
  workers >"$SAVED/workers"
  systemctl reload nginx.service
  second=0
  until workers | grep -vxFf "$SAVED/workers" | grep -q .; do
    second=$((second + 1))
    if [ $second -ge 20 ]; then echo "nginx goes on with its old workers; see its error log" >&2; return 1; fi
    sleep 1
  done
}
shown() { echo "@effect@ $name $(nginx -T 2>/dev/null | awk -v name="$name" '$1 == name { sub(/^[[:space:]]*[^[:space:]]+[[:space:]]+/, ""); sub(/;.*/, "")
  found = found (found == "" ? "" : ", ") $0 } END { print found == "" ? "-" : found }')"; }
"""


def set_directive(file: str, name: str, value: str, *, was: str = "", indent: str = "", new: bool = False) -> Mend:
    """new: the file is one of our own, which the http block includes. was: the line that this one replaces. Undo: the file as it was, or none."""
    head = f"name={quote(name)}\n" + _WORDS.replace("@effect@", EFFECT)
    of = FileLines(
        path=file, lines=(setting(name, f"{indent}{name} {value};", was),), head=("# by Standfast",) if new else (),
        refuse='nginx -t -q || { echo "nginx does not accept its configuration as it is now; mend that first" >&2; exit 1; }\n'
               'systemctl is-active -q nginx.service || { echo "nginx does not run" >&2; exit 1; }\n',
        test="nginx -t -q", put_in_force=head + "taken_up", put_back=head + "taken_up",
        in_force=head + "nginx -t -q || exit 1\nsystemctl is-active -q nginx.service || exit 1\nshown\n",
        is_back=head + "nginx -t -q\nshown\n").mend()
    return Mend(**{**vars(of), "title": Text(zh=f"设置 nginx 指令：{name} {value}", en=f"Set nginx: {name} {value}"), "part": None, "time_limit_s": 180})
