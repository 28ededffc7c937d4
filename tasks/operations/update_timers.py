"""The host's own updater, apt's daily timers: paused while a change works on packages, and running again as before.

Every function returns steps and runs nothing. Under $CHANGE_DIR/saved:
    timers           the timers that ran; it is there as long as they are paused, and written before the first is stopped
    timers.running   the same file once they run again
So whoever comes back, after whatever died, knows from the files alone what is paused; starting and stopping may be repeated.
The timers are stopped, not disabled: a restart of the machine brings them back by itself.
Source: apt.systemd.daily, systemd.timer(5), systemctl(1).
"""

from __future__ import annotations

from reports.records import Step, Text

TIMERS = ("apt-daily.timer", "apt-daily-upgrade.timer")
WAIT_S = 900  # for an update that the timers have begun

_AT_WORK = f"""\
# an update that a timer has begun is never cut off
at_work() {{
  for unit in {" ".join(timer.replace(".timer", ".service") for timer in TIMERS)}; do
    case $(systemctl is-active "$unit" 2>/dev/null || :) in active|activating|reloading|deactivating) echo "$unit"; return 0 ;; esac
  done
  return 1
}}
"""

_PAUSE = f"""\
umask 077
cd "$CHANGE_DIR/saved"
if [ ! -e timers ]; then
  for timer in {" ".join(TIMERS)}; do
    if systemctl -q is-active "$timer" 2>/dev/null; then echo "$timer"; fi
  done >timers.new
  rm -f timers.running
  sync timers.new
  mv timers.new timers
  sync .
fi
for timer in $(cat timers); do systemctl stop "$timer"; echo "paused: $timer"; done
"""

_PAUSED = """\
cd "$CHANGE_DIR/saved"
[ -e timers ] || { echo "it is not recorded which timers ran" >&2; exit 1; }
for timer in $(cat timers); do
  if systemctl -q is-active "$timer"; then echo "$timer is active" >&2; exit 1; fi
done
"""

_START = """\
cd "$CHANGE_DIR/saved"
if [ -e timers ]; then
  for timer in $(cat timers); do systemctl start "$timer"; echo "runs again: $timer"; done
  mv timers timers.running
  sync .
fi
"""

_RUNNING = """\
cd "$CHANGE_DIR/saved"
[ ! -e timers ] || { echo "still paused: "$(cat timers) >&2; exit 1; }
if [ -e timers.running ]; then
  for timer in $(cat timers.running); do
    systemctl -q is-active "$timer" || { echo "$timer ran before and does not now" >&2; exit 1; }
  done
fi
"""


def pause_step(target: str, number: int = 0) -> Step:
    """The step "pause-updates": the timers that run are noted and stopped; an update at work is waited for. Undo: they run again."""
    return Step(
        number=number, key="pause-updates", target=target,
        title=Text(zh="暂停系统自动更新", en="Pause the host's own updates"),
        probe="""\
cd "$CHANGE_DIR/saved"
if [ -e timers.running ]; then echo DONE
elif [ -e timers ]; then echo PARTIAL
else echo ABSENT; fi
""",
        command=f"""\
{_AT_WORK}{_PAUSE}waited=0
while unit=$(at_work); do
  [ "$waited" -lt {WAIT_S} ] || {{ echo "$unit has been at work for {WAIT_S // 60} minutes; wait until it has ended" >&2; exit 1; }}
  sleep 5
  waited=$((waited + 5))
done
""",
        proof=f"""\
if [ -e "$CHANGE_DIR/saved/timers.running" ]; then echo "they run again since the end of the change"; exit 0; fi
{_AT_WORK}{_PAUSED}if unit=$(at_work); then echo "$unit is at work" >&2; exit 1; fi
echo "no update begins by itself"
""",
        undo=_START, undo_proof=_RUNNING,
        expected=Text(zh="变更期间不会自动更新软件包;变更结束或回退后恢复原状",
                      en="No update begins by itself during the change; afterwards, and after a back-out, all is as before"),
        changes=False, time_limit_s=WAIT_S + 120,
    )


def resume_step(target: str, number: int = 0) -> Step:
    """The step "resume-updates": the timers that were paused run again. Undo, while a back-out works on packages: paused anew."""
    return Step(
        number=number, key="resume-updates", target=target,
        title=Text(zh="恢复系统自动更新", en="Let the host's own updates run again"),
        probe='if [ -e "$CHANGE_DIR/saved/timers" ]; then echo ABSENT; else echo DONE; fi\n',
        command=_START, proof=_RUNNING,
        undo=_PAUSE, undo_proof=_PAUSED,
        expected=Text(zh="变更前运行的更新定时器均已恢复运行", en="Every timer that ran before runs"),
        changes=False, time_limit_s=120,
    )
