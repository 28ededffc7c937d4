"""Settings of a MariaDB server: in a file of our own that is read last, and in the server that runs. Describes lines of a file and runs nothing.

On its host, over its own socket, as root. Values in force are changed by SET GLOBAL where the server allows that, else by one restart.
"""

from __future__ import annotations

from collections.abc import Mapping
from shlex import quote

from reports.records import NOTHING, FileChange, Text
from reports.records.measurement import EFFECT
from tasks.operations.file_lines import FileLines, setting
from tasks.operations.mend import Mend
from tasks.operations.postgresql_tuning import RESTARTS

HEAD = ("# by Standfast", "[mariadbd]")

_WORDS = r"""tell() { mariadb -N -B --connect-timeout=10 -e "$1" </dev/null; }
now() { tell "select global_value from information_schema.system_variables where variable_name = '$1'"; }
wishes() { printf '%s\n' "$wishes"; }  # name=value, as the server tells it
answers() { tell "select 1" >/dev/null 2>&1; }
as_told() {  # name, value -> as SET GLOBAL takes it
  case " $figures " in *" $1 "*) printf '%s' "$2" ;; *) printf "'%s'" "$(printf '%s' "$2" | sed "s/'/''/g")" ;; esac
}
are() {  # whether these are in force, name=value on standard input
  while IFS= read -r line; do
    name=${line%%=*}; told=$(now "$name")
    if [ "$told" != "${line#*=}" ]; then echo "$name is $told, not ${line#*=}" >&2; return 1; fi
  done
}
shown() { for name in $names; do echo "@effect@ $name $(now "$name")"; done; }
into_force() {  # name=value on standard input
  wanted=$(cat)
  if [ "$restart" = yes ]; then systemctl reset-failed "$unit" 2>/dev/null || :; systemctl restart "$unit"
  else printf '%s\n' "$wanted" | while IFS= read -r line; do tell "set global ${line%%=*} = $(as_told "${line%%=*}" "${line#*=}")"; done; fi
  # a buffer pool changes its size bit by bit, and a server takes a while to start
  second=0
  until answers && printf '%s\n' "$wanted" | are 2>/dev/null; do
    second=$((second + 1))
    if [ $second -ge 120 ]; then printf '%s\n' "$wanted" | are || :; return 1; fi
    sleep 1
  done
}
# what the server would be started with, the last of a name counts; - and _ are the same to it
of_files() { my_print_defaults --mysqld | awk -F= -v name="--$1" '{ given = $1; gsub(/_/, "-", given); gsub(/_/, "-", name) } given == name {
  found = substr($0, length($1) + 2) } END { print found }'; }
"""
_REFUSE = r"""answers || { echo "the server does not answer" >&2; exit 1; }
if [ "${PORT:-0}" != 0 ] && [ "$(tell "select @@port")" != "$PORT" ]; then echo "the server at its own socket is not the one at port $PORT" >&2; exit 1; fi
"""
_TEST = r"""wishes | while IFS= read -r line; do
  name=${line%%=*}; found=$(of_files "$name")
  if [ "$found" != "${line#*=}" ]; then echo "$name is ${found:-not set} in the end; another file decides" >&2; exit 1; fi
done || exit 1
mariadbd --user=mysql --help --verbose 2>&1 >/dev/null | grep -E 'ERROR|unknown (variable|option)' && exit 1
:"""
_SAVE = r"""for name in $names; do echo "$name=$(now "$name")"; done >"$SAVED/values"
"""
_PUT_BACK = r"""if answers && are <"$SAVED/values" 2>/dev/null; then :; else into_force <"$SAVED/values"; fi"""


def tune(folder: str, values: Mapping[str, str], told: Mapping[str, str], figures: set[str], *, unit: str, restart: bool) -> Mend:
    """values: by name, as the server tells them. told: by name, what is so, with where that stands. figures: those that are written without quotes.

    folder: whose files the server reads. Undo: the file as it was, or none, and the values that were in force.
    """
    head = "".join(f"{name}={quote(text)}\n" for name, text in {
        "names": " ".join(values), "figures": " ".join(sorted(figures)), "wishes": "\n".join(f"{name}={value}" for name, value in values.items()),
        "unit": unit, "restart": "yes" if restart else "no"}.items()) + _WORDS.replace("@effect@", EFFECT)
    file = f"{folder}/zz-standfast.cnf"
    short = "; ".join(f"{name} {value}" for name, value in values.items())
    of = FileLines(
        path=file, lines=tuple(setting(name, f"{name} = {value}") for name, value in values.items()), head=HEAD,
        refuse=head + _REFUSE, test=head + _TEST, save=head + _SAVE, put_in_force=head + "wishes | into_force", put_back=head + _PUT_BACK,
        in_force=head + "wishes | are || exit 1\nshown\n", is_back=head + 'are <"$SAVED/values"\nshown\n', on_copy=False,
        touches=(unit,) if restart and unit else ()).mend()
    return Mend(**{**vars(of), "title": Text(zh=f"设置 MariaDB 参数：{short}", en=f"Set MariaDB: {short}"), "interrupts": restart, "part": None,
                   "risk": "medium" if restart else "low", "time_limit_s": 600,
                   "breaks": RESTARTS if restart else NOTHING,
                   "files": (FileChange(path=file, before=tuple(told[name] for name in values),
                                        after=tuple(f"{name} = {value}" for name, value in values.items())),)})
