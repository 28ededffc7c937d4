"""Units of systemd: started, enabled, restarted, masked, and brought back. Returns a Mend and runs nothing."""

from __future__ import annotations

import re
from shlex import quote

from reports.records import NOTHING, Text
from tasks.operations.mend import Mend
from tasks.operations.service import config_test

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9:_.\\@-]{0,200}\.(service|socket|timer|path|mount|target)")
# Whoever restarts these under a running system cuts off people or the way in; they change with the next start of the machine.
NEVER_RESTARTED = re.compile(r"(dbus(-broker)?|systemd-logind|systemd-networkd|systemd-resolved|NetworkManager|networking"
                             r"|(serial-|console-|container-)?getty@?.*|user@.*|user-runtime-dir@.*|gdm3?|sddm|lightdm|display-manager|docker|containerd|libvirtd|xen.*|init)\.service")

NAMED = 6     # units named in a title
STEADY_S = 5  # many a service dies some seconds after its start

_STATE = r"""state() { systemctl is-active "$unit" 2>/dev/null || :; }
enabled() { systemctl is-enabled "$unit" 2>/dev/null || :; }
"""
_HOLDS = r"""case $(systemctl show -p LoadState --value "$unit") in
  loaded) ;;
  *) echo "$unit is $(systemctl show -p LoadState --value "$unit") on this host, so it cannot be started" >&2; exit 1 ;;
esac
# what starting it would stop
for other in $(systemctl show -p Conflicts --value "$unit"; systemctl show -p ConflictedBy --value "$unit"); do
  case $other in *.target|*.slice) continue ;; esac
  if systemctl is-active -q "$other"; then echo "$other runs, and starting $unit would stop it; decide which of them is wanted" >&2; exit 1; fi
done
"""
# Links and folders are told as "kind path target", so that what an enabling made can be taken away again, and nothing else.
_LINKS = r"""links() { find /etc/systemd/system /etc/rc?.d \( -type l -o -type d \) -printf '%y\t%p\t%l\n' 2>/dev/null | LC_ALL=C sort; }
tab=$(printf '\t')
"""
_SAVE = r"""# the units that a start takes along, and those that these take along; what every unit stands on (targets) is left out
along() {
  for other in $(systemctl show -p Requires -p BindsTo -p Wants --value "$1"); do
    case $other in *.service|*.socket|*.timer|*.path)
      if ! grep -qxF -e "$other" "$SAVED/along"; then echo "$other" >>"$SAVED/along"; along "$other"; fi ;;
    esac
  done
}
umask 077
mkdir -p "$SAVED"
if [ ! -e "$SAVED/before" ]; then
  links >"$SAVED/links"
  echo "$unit" >"$SAVED/along"; along "$unit"
  while read -r other; do
    if [ "$other" != "$unit" ] && ! systemctl is-active -q "$other"; then echo "$other"; fi
  done <"$SAVED/along" >"$SAVED/resting"
  printf '%s\n%s\n' "$(state)" "$(enabled)" >"$SAVED/before.new"
  sync "$SAVED/links" "$SAVED/resting" "$SAVED/before.new"; mv "$SAVED/before.new" "$SAVED/before"
fi
"""
_ENABLE = r"""systemctl enable --quiet "$unit"
links >"$SAVED/links.after"
LC_ALL=C comm -13 "$SAVED/links" "$SAVED/links.after" >"$SAVED/made.new"; mv "$SAVED/made.new" "$SAVED/made"
"""
_START = r"""systemctl reset-failed "$unit" 2>/dev/null || :
systemctl start "$unit"
"""
_STEADY = r"""for second in 1 2 3; do
  if [ "$(state)" != active ]; then echo "$unit is $(state), not active" >&2; journalctl -q --no-pager -n 8 -o cat -u "$unit" >&2 || :; exit 1; fi
  sleep 1
done
echo "$unit runs"
"""
_UNDO = r"""[ -e "$SAVED/before" ] || { echo "nothing was changed"; exit 0; }
{ read -r active_before; read -r enabled_before; } <"$SAVED/before"
if [ "$active_before" != active ]; then
  systemctl stop "$unit"
  while read -r other; do
    if systemctl is-active -q "$other"; then systemctl stop "$other"; fi
  done <"$SAVED/resting"
fi
# killed between enabling and noting what that made: it is found out now
if [ "$enabled_before" != "$(enabled)" ] && [ ! -e "$SAVED/made" ]; then
  links >"$SAVED/links.after"
  LC_ALL=C comm -13 "$SAVED/links" "$SAVED/links.after" >"$SAVED/made"
fi
if [ -e "$SAVED/made" ]; then
  LC_ALL=C sort -r "$SAVED/made" | while IFS="$tab" read -r kind path target; do  # links before their folders
    if [ "$kind" = l ] && [ "$(readlink "$path")" = "$target" ]; then rm -f "$path"; fi
    if [ "$kind" = d ] && [ -d "$path" ]; then rmdir --ignore-fail-on-non-empty "$path"; fi
  done
  systemctl daemon-reload
fi
"""
_UNDO_PROOF = r"""[ -e "$SAVED/before" ] || exit 0
{ read -r active_before; read -r enabled_before; } <"$SAVED/before"
if [ "$active_before" != active ] && [ "$(state)" = active ]; then echo "$unit still runs" >&2; exit 1; fi
if [ "$(enabled)" != "$enabled_before" ]; then echo "$unit is $(enabled) at start-up, not $enabled_before" >&2; exit 1; fi
"""


def known(name: str) -> bool:
    """Whether it can be the name of a unit."""
    return bool(_NAME.fullmatch(name))


def _test(name: str) -> str:
    """Its configuration's own test, where we know one: what a broken file would only show by a service that stays down."""
    return config_test(name) if name.endswith(".service") and re.fullmatch(r"[A-Za-z0-9@._-]+", name) else ""


def start(name: str, *, enable: bool = False, settles_s: int = 10, breaks: Text = NOTHING) -> Mend:
    """Starts a unit that rests or has failed, and has it started with the machine if `enable`. Undo: to rest again, links as they were.

    A unit that had failed rests after an undo; it is not made to fail.
    """
    head = f"unit={quote(name)}\n{_STATE}"
    is_enabled = 'if [ "$(enabled)" = disabled ]; then echo "$unit is not started with the machine" >&2; exit 1; fi\n' if enable else ""
    there = '[ "$(state)" = active ]' + (' && [ "$(enabled)" != disabled ]' if enable else "")
    what = Text(zh=f"启动 {name}" + ("，并设为开机启动" if enable else ""), en=f"Start {name}" + (" and have it started with the machine" if enable else ""))
    return Mend(
        title=what, expected=Text(zh=f"{name} 持续运行" + ("，开机自动启动" if enable else ""),
                                  en=f"{name} runs" + (", also after a restart" if enable else "")),
        probe=head + f'if {there}; then echo DONE; elif [ -e "$SAVED/before" ]; then echo PARTIAL; else echo ABSENT; fi\n',
        holds_before=head + _HOLDS + _test(name), command=head + _LINKS + _SAVE + (_ENABLE if enable else "") + _START, proof=head + is_enabled + _STEADY,
        undo=head + _LINKS + _UNDO, undo_proof=head + _UNDO_PROOF, touches=(name,), settles_s=settles_s, steady_s=STEADY_S,
        breaks=breaks or Text(zh=f"{name} 停止的原因若未消除，可能再次停止", en=f"if what stopped {name} is still so, it may stop again"))


def enable(name: str) -> Mend:
    """Has a unit that runs started with the machine, too. Undo: links as they were."""
    head = f"unit={quote(name)}\n{_STATE}"
    return Mend(
        title=Text(zh=f"将 {name} 设为开机启动", en=f"Have {name} started with the machine"),
        expected=Text(zh=f"{name} 开机自动启动", en=f"{name} is started with the machine"),
        probe=head + 'if [ "$(enabled)" = enabled ]; then echo DONE; elif [ -e "$SAVED/before" ]; then echo PARTIAL; else echo ABSENT; fi\n',
        command=head + _LINKS + _SAVE + _ENABLE, proof=head + '[ "$(enabled)" = enabled ] && echo "$unit is enabled"\n',
        undo=head + _LINKS + _UNDO, undo_proof=head + _UNDO_PROOF, touches=(name,))


def forget_failure(name: str) -> Mend:
    """Clears the mark of a unit that failed and is no longer installed. There is nothing to bring back: only the mark goes."""
    head = f"unit={quote(name)}\n{_STATE}"
    return Mend(
        title=Text(zh=f"清除 {name} 的失败标记", en=f"Clear the failure mark of {name}"),
        expected=Text(zh=f"{name} 已不存在，其失败标记已清除", en=f"{name} is no longer installed, and its mark is gone"),
        probe=head + 'if [ "$(state)" = failed ]; then echo ABSENT; else echo DONE; fi\n', command=head + 'systemctl reset-failed "$unit"\n',
        proof=head + '[ "$(state)" != failed ]\n', touches=(name,))


# Processes of a unit that run code which is no longer there, by their control group.
_OLD = r"""old() {
  set -- $(grep -lsE "/$(echo "$1" | sed 's/[^A-Za-z0-9]/[&]/g')(/|\$)" /proc/[0-9]*/cgroup | sed 's/cgroup$/maps/')
  [ $# -gt 0 ] && grep -qsE ' r-xp .* /(usr/|usr/local/|opt/[^ ]*/)?(lib|lib64|bin|sbin)[^ ]* \(deleted\)$' "$@"
}
"""


def restart(names: list[str]) -> Mend:
    """Restarts services that run code which an update replaced. There is no undo: what they ran before is not on the disk any more."""
    head = f"units={quote(' '.join(names))}\n{_OLD}"
    tests = "".join(dict.fromkeys(_test(name) for name in names))
    more = len(names) - NAMED
    zh = "、".join(names[:NAMED]) + (f" 等 {len(names)} 个" if more > 0 else "")
    en = ", ".join(names[:NAMED]) + (f" and {more} more" if more > 0 else "")
    return Mend(
        title=Text(zh=f"重启 {zh}", en=f"Restart {en}"),
        expected=Text(zh="服务持续运行，并使用更新后的程序库", en="the services run, with the code that was installed"),
        probe=head + 'state=DONE\nfor unit in $units; do if old "$unit"; then state=ABSENT; fi; done\necho "$state"\n', holds_before=tests,
        command=head + 'for unit in $units; do\n  if old "$unit"; then echo "restarting $unit"; systemctl restart "$unit"; fi\ndone\n',
        proof=head + """sleep 3
for unit in $units; do
  if old "$unit"; then echo "$unit still runs code that was replaced" >&2; exit 1; fi
  case $(systemctl is-active "$unit" || :) in failed) echo "$unit failed" >&2; exit 1 ;; esac
done
echo "restarted: $units"
""",
        touches=tuple(names), interrupts=True, settles_s=10, steady_s=STEADY_S, risk="medium",
        breaks=Text(zh="重启期间服务短暂中断；重启无法撤销，但不改变任何文件",
                    en="users notice the restart for some seconds; it cannot be undone and changes no file"))


# Connections of the units themselves, of what a socket starts, and of what needs them. A service that only answers single packets has none to see.
_IN_USE = r"""in_use() {
  for unit in $units; do
    for other in $(systemctl show -p RequiredBy -p BoundBy --value "$unit"); do
      case " $units " in *" $other "*) continue ;; esac
      case $other in *.target|*.slice) continue ;; esac
      if systemctl is-active -q "$other"; then echo "$other needs $unit"; fi
    done
    case $unit in *.socket)
      systemctl list-units --no-legend --plain --state=active "${unit%.socket}@*.service" | awk '{ print $1 " is being used" }' ;;
    esac
    for one in "$unit" $(systemctl show -p Triggers --value "$unit"); do
      for pid in $(grep -lsE "/$(echo "$one" | sed 's/[^A-Za-z0-9]/[&]/g')(/|\$)" /proc/[0-9]*/cgroup | cut -d/ -f3); do
        ss -Htunp state established | grep -F "pid=$pid," | awk -v unit="$one" '{ print unit " has a connection: " $4 " " $5 }'
      done
    done
  done
}
"""
_MASK_SAVE = r"""umask 077
mkdir -p "$SAVED"
if [ ! -e "$SAVED/before" ]; then
  for unit in $units; do echo "$unit $(state) $(enabled)"; done >"$SAVED/before.new"
  sync "$SAVED/before.new"; mv "$SAVED/before.new" "$SAVED/before"
fi
"""
_UNMASK = r"""[ -e "$SAVED/before" ] || { echo "nothing was changed"; exit 0; }
while read -r unit active_before enabled_before; do
  if [ "$(readlink "/etc/systemd/system/$unit")" = /dev/null ]; then systemctl unmask --quiet "$unit"; fi
done <"$SAVED/before"
# sockets first: one whose service runs already cannot be started
for kind in socket service timer; do
  while read -r unit active_before enabled_before; do
    if [ "$active_before" = active ] && [ "${unit##*.}" = "$kind" ]; then systemctl start "$unit"; fi
  done <"$SAVED/before"
done
"""
_UNMASK_PROOF = r"""[ -e "$SAVED/before" ] || exit 0
while read -r unit active_before enabled_before; do
  if [ "$(enabled)" != "$enabled_before" ]; then echo "$unit is $(enabled), not $enabled_before" >&2; exit 1; fi
  if [ "$active_before" = active ] && [ "$(state)" != active ]; then echo "$unit does not run again" >&2; exit 1; fi
done <"$SAVED/before"
"""


def mask(names: list[str]) -> Mend:
    """Stops units that nobody uses, and keeps anything from starting them. Undo: masks taken away, and what ran runs again.

    Not where somebody is connected, or where something that runs needs them.
    """
    head = f"units={quote(' '.join(names))}\n{_STATE}"
    masked = 'masked() { for unit in $units; do if [ "$(enabled)" != masked ] || [ "$(state)" = active ]; then return 1; fi; done; }\n'
    told = ", ".join(names)
    return Mend(
        title=Text(zh=f"停止并屏蔽 {'、'.join(names)}", en=f"Stop and mask {told}"),
        expected=Text(zh="已停止，且不会再被启动", en="nothing runs, and nothing starts it"),
        probe=head + masked + 'if masked; then echo DONE; elif [ -e "$SAVED/before" ]; then echo PARTIAL; else echo ABSENT; fi\n',
        holds_before=head + _IN_USE + r"""for unit in $units; do
  own=/etc/systemd/system/$unit
  if [ -e "$own" ] && [ ! -L "$own" ]; then echo "$own is a file of this host's own" >&2; exit 1; fi
done
command -v ss >/dev/null || { echo "ss is missing, so nobody knows who is connected" >&2; exit 1; }
told=$(in_use)
if [ -n "$told" ]; then printf '%s\n' "$told" >&2; exit 1; fi
""",
        command=head + _MASK_SAVE + 'systemctl mask --quiet $units\nsystemctl stop $units\nsystemctl reset-failed $units 2>/dev/null || :\n',
        proof=head + masked + 'masked || { systemctl is-enabled $units >&2; exit 1; }\necho "masked: $units"\n',
        undo=head + _UNMASK, undo_proof=head + _UNMASK_PROOF, touches=tuple(names), risk="medium")
