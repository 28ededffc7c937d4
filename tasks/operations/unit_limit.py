"""Limits of a service under systemd, raised in a drop-in of our own. Returns a Mend and runs nothing.

Source: systemd.exec(5) LimitNOFILE, systemd.resource-control(5) MemoryMax, TasksMax; what a process really has stands in /proc/PID/limits.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from reports.records import Text
from tasks.operations.file_lines import FileLines, setting
from tasks.operations.mend import Mend
from tasks.operations.scripts import fill
from tasks.operations.service import config_test

SETTINGS = ("LimitNOFILE", "MemoryMax", "TasksMax")
SHOWN = {"LimitNOFILE": "LimitNOFILESoft"}  # what counts of it: a process may raise it itself up to the hard limit, and few do

_UNIT = r"""unit=@unit@
pids() { grep -lsE "/$(echo "$unit" | sed 's/[^A-Za-z0-9]/[&]/g')(/|\$)" /proc/[0-9]*/cgroup | cut -d/ -f3; }
"""
_REFUSE = r"""[ "$(systemctl show -p LoadState --value "$unit")" = loaded ] || { echo "$unit is not loaded on this host" >&2; exit 1; }
"""
_IN_FORCE = r"""for pair in @pairs_script@; do
  told=$(systemctl show -p "${pair%%=*}" --value "$unit")
  [ "$told" = "${pair#*=}" ] || { echo "$unit: ${pair%%=*} is $told, not ${pair#*=}; another drop-in decides" >&2; exit 1; }
done
pid=$(systemctl show -p MainPID --value "$unit")
if [ "$pid" != 0 ] && [ @nofile@ != 0 ]; then
  told=$(awk '/^Max open files/ { print $4 }' "/proc/$pid/limits")
  [ "$told" = @nofile@ ] || { echo "the process $pid may open $told files, not @nofile_script@" >&2; exit 1; }
fi
"""
# The service rests if it rested; one that ran has to run again, and for some seconds.
_RESTART = r"""systemctl daemon-reload
if [ "$(cat "$SAVED/active")" = active ]; then
  systemctl reset-failed "$unit" 2>/dev/null || :
  systemctl restart "$unit"
  sleep 2
  [ "$(systemctl is-active "$unit")" = active ] || { echo "$unit does not run" >&2; journalctl -q --no-pager -n 8 -o cat -u "$unit" >&2 || :; exit 1; }
fi
"""


def raise_limits(unit: str, limits: Mapping[str, int], was: Mapping[str, str]) -> Mend:
    """Raises these limits (by their setting's name, in the setting's own unit) and restarts the service, if it runs.

    Undo: the drop-in as it was, and another restart. was: what systemd says of them now, by its own names.
    """
    head = fill(_UNIT, unit=unit)
    made = FileLines(
        path=f"/etc/systemd/system/{unit}.d/zz-standfast-capacity.conf", head=("# by Standfast", "[Service]"),
        lines=tuple(setting(name, f"{name}={_written(name, value, was)}", was=f"{name}={was.get(SHOWN.get(name, name), '')}  # in force")
                    for name, value in limits.items()),
        refuse=head + _REFUSE + config_test(unit), save=head + 'systemctl is-active "$unit" >"$SAVED/active" || :\n',
        put_in_force=head + _RESTART, put_back=head + _RESTART,
        in_force=head + fill(_IN_FORCE, pairs_script=" ".join(f"{SHOWN.get(name, name)}={value}" for name, value in limits.items()),
                             nofile=limits.get("LimitNOFILE", 0), nofile_script=limits.get("LimitNOFILE", 0)),
        touches=(unit,)).mend()
    told = ", ".join(f"{name}={value}" for name, value in limits.items())
    return replace(made, title=Text(zh=f"提高 {unit} 的限额：{told}", en=f"Raise the limits of {unit}: {told}"), interrupts=True,
                   expected=Text(zh=f"{unit} 以新限额运行", en=f"{unit} runs with these limits"), risk="medium",
                   breaks=Text(zh=f"{unit} 重启期间短暂中断", en=f"{unit} is restarted, which users notice for some seconds"))


def _written(name: str, value: int, was: Mapping[str, str]) -> str:
    """Of open files soft and hard limit: the hard one is not lowered."""
    hard = was.get(name, "")
    return f"{value}:{max(value, int(hard))}" if name == "LimitNOFILE" and hard.isdigit() else str(value)


_LOAD = r"""@unit_script@
sample() {  # the most open files of one process; KiB of memory and threads of all
  files=0; memory=0; tasks=0
  for pid in $(pids); do
    n=$(ls "/proc/$pid/fd" 2>/dev/null | wc -l)
    if [ "$n" -gt "$files" ]; then files=$n; fi
    set -- $(awk '/^VmRSS:/ { kib = $2 } /^Threads:/ { n = $2 } END { print kib + 0, n + 0 }' "/proc/$pid/status" 2>/dev/null || echo 0 0)
    memory=$((memory + $1)); tasks=$((tasks + $2))
  done
  if [ "$files" -gt "$most_files" ]; then most_files=$files; fi
  if [ "$memory" -gt "$most_memory" ]; then most_memory=$memory; fi
  if [ "$tasks" -gt "$most_tasks" ]; then most_tasks=$tasks; fi
}
most_files=0; most_memory=0; most_tasks=0; bad=0
@load_script@
sample
echo "figures: $most_files $((most_memory / 1024)) $most_tasks $bad"
[ "$bad" = 0 ] || exit 1
"""
# The address is asked again and again: what stands behind # is not sent.
_ASK = r"""answers=$(mktemp)
timeout 20 curl -sS --noproxy '*' --parallel --parallel-immediate --parallel-max @at_once@ --max-time 15 \
  -o /dev/null -w '%{http_code}\n' @url@ >"$answers" 2>/dev/null &
asking=$!
while kill -0 "$asking" 2>/dev/null; do sample; sleep 0.1; done
bad=$((@requests@ - $(grep -c '^[23]..$' "$answers" || :)))
rm -f "$answers"
"""
_ENOUGH = {"LimitNOFILE": '[ "$most_files" -le {most} ] || exit 1\n',
           "MemoryMax": '[ "$((most_memory * 1024))" -le {most} ] || exit 1\n',
           "TasksMax": '[ "$most_tasks" -le {most} ] || exit 1\n'}


def headroom(unit: str, limits: Mapping[str, int], free_pct: int, *, url: str = "", at_once: int = 1, requests: int = 0) -> str:
    """Shell that exits 0 if under load so much of each limit stays free, and no request failed. Its figures: open files, MiB, threads, failed requests.

    url: asked so many times, so many at once, while it is measured; empty: measured as it is now.
    """
    load = fill(_ASK, url=f"{url}#[1-{requests}]", at_once=at_once, requests=requests) if url else ""
    enough = "".join(_ENOUGH[name].replace("{most}", str(value * (100 - free_pct) // 100)) for name, value in limits.items())
    return fill(_LOAD, unit_script=fill(_UNIT, unit=unit).rstrip("\n"), load_script=load.rstrip("\n")) + enough


def headroom_reads(limits: Mapping[str, int]) -> Text:
    told = ", ".join(f"{name}={value}" for name, value in limits.items())
    return Text(zh=f"负载下最多打开 {{1}} 个文件、占用 {{2}} MiB 内存、{{3}} 个线程（限额 {told}）；失败的请求 {{4}} 个",
                en=f"under load at most {{1}} open files, {{2}} MiB of memory, {{3}} threads (limits: {told}); failed requests: {{4}}")
