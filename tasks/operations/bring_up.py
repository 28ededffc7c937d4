"""Services that ran before a failure, brought up again in the order in which systemd wants them. Returns a step and runs nothing."""

from __future__ import annotations

from collections.abc import Sequence
from shlex import quote

from reports.records import Step, Text


def step(number: int, target: str, units: Sequence[str], restored: Sequence[str]) -> Step:
    """units: what ran, by name. restored: files and folders that were put back; what runs and reads them is made to read them anew.

    What a unit reads is told by systemd (its program, working folder, settings) and by its name (/etc/nginx is nginx's).
    """
    names = " ".join(quote(unit) for unit in units) or "''"
    paths = "\n".join(path.rstrip("/") for path in restored)
    head = f"""\
units={quote(" ".join(units))}
wanted() {{ for unit in {names}; do [ -n "$unit" ] && [ "$(systemctl show -p LoadState --value "$unit")" = loaded ] && echo "$unit"; done; :; }}
up() {{ systemctl is-active --quiet "$1" || [ "$(systemctl show -p Type --value "$1")" = oneshot ]; }}
"""
    return Step(
        number=number, key="bring-up", target=target, title=Text(zh="使故障前运行的服务恢复运行", en="Bring up the services that ran before the failure"),
        command=head + f"""\
systemctl daemon-reload
mkdir -p "$CHANGE_DIR/saved"
if [ ! -e "$CHANGE_DIR/saved/units" ]; then
  for unit in $(wanted); do printf '%s %s\\n' "$unit" "$(systemctl is-active "$unit" || :)"; done >"$CHANGE_DIR/saved/units.new"
  mv "$CHANGE_DIR/saved/units.new" "$CHANGE_DIR/saved/units"
fi
reads() {{ # whether the unit reads something that was put back
  told=$(systemctl show -p ExecStart -p WorkingDirectory -p EnvironmentFiles -p FragmentPath -p DropInPaths "$1"; echo "/etc/${{1%.service}}")
  while read -r path; do
    if [ -n "$path" ]; then case "$told" in *"$path"*) return 0 ;; esac; fi
  done <<'PATHS'
{paths}
PATHS
  return 1
}}
for unit in $(wanted); do
  if ! up "$unit"; then
    systemctl reset-failed "$unit" 2>/dev/null || :
    echo "starting $unit"; systemctl start "$unit" || :
  elif reads "$unit"; then echo "$unit reads what was put back"; systemctl reload-or-restart "$unit" || :; fi
done
""",
        proof=head + """\
n=0
while :; do
  down=; for unit in $(wanted); do up "$unit" || down="$down $unit"; done
  [ -n "$down" ] || { echo "all run that ran before"; exit 0; }
  n=$((n + 1)); [ $n -lt 60 ] || { echo "does not run:$down" >&2; exit 1; }
  sleep 0.5
done
""",
        undo=head + """\
if [ ! -e "$CHANGE_DIR/saved/units" ]; then exit 0; fi
systemctl daemon-reload
while read -r unit state; do
  case $state in
    active|reloading) ;;
    failed) systemctl stop "$unit" || : ;;
    *) systemctl stop "$unit" || :; systemctl reset-failed "$unit" 2>/dev/null || : ;;  # it rested, and a start of ours may have failed
  esac
done <"$CHANGE_DIR/saved/units"
""",
        undo_proof="true\n",
        expected=Text(zh="故障前运行的服务均已运行", en="all services that ran before the failure run"),
        interrupts=True, touches=tuple(units), time_limit_s=900)
