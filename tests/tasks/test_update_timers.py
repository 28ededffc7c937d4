"""The host's own updates pause during a change and run again as before, whatever is killed in between."""

import os
import subprocess
from pathlib import Path

import pytest

from tasks.operations.update_timers import TIMERS, pause_step, resume_step

PAUSE, RESUME = pause_step("web1"), resume_step("web1")


class Host:
    """Timers and their services as files, seen through `systemctl`. Any external command can be the last before everything is killed."""

    def __init__(self, folder: Path) -> None:
        self.units, self.saved, self.bin, self.left = folder / "units", folder / "change" / "saved", folder / "bin", folder / "left"
        for place in (self.units, self.saved, self.bin):
            place.mkdir(parents=True)
        self._put("systemctl", f"""
[ "$1" != -q ] || {{ quiet=1; shift; }}
unit={self.units}/$2
case $1 in
  is-active) [ -n "${{quiet:-}}" ] || {{ cat $unit 2>/dev/null || echo inactive; }}; [ "$(cat $unit 2>/dev/null)" = active ] ;;
  start) echo active >$unit ;;
  stop) rm -f $unit ;;
esac""")
        for name in ("mv", "rm", "sync"):
            self._put(name, f'exec /bin/{name} "$@"')
        self._put("sleep", f"rm -f {self.units}/apt-daily-upgrade.service")  # waiting is what ends the update at work

    def _put(self, name: str, script: str) -> None:
        dying = f'if [ -e {self.left} ]; then n=$(cat {self.left}); echo $((n - 1)) >{self.left}; [ "$n" -gt 0 ] || kill -9 $PPID; fi\n'
        (self.bin / name).write_text(f"#!/bin/sh\n{dying}{script}\n")
        (self.bin / name).chmod(0o755)

    def run(self, script: str, *, killed_after: int | None = None) -> bool:
        """Whether it ended well; killed_after: so many commands, then the power goes."""
        self.left.unlink(missing_ok=True)
        if killed_after is not None:
            self.left.write_text(str(killed_after))
        environment = {"PATH": f"{self.bin}:{os.environ['PATH']}", "CHANGE_DIR": str(self.saved.parent)}
        done = subprocess.run(["sh", "-euc", script], env=environment, capture_output=True, timeout=60, check=False)
        self.left.unlink(missing_ok=True)
        return done.returncode == 0

    def has(self, *running: str) -> None:
        for unit in self.units.iterdir():
            unit.unlink()
        for unit in running:
            (self.units / unit).write_text("active\n")

    @property
    def running(self) -> set[str]:
        return {unit.name for unit in self.units.iterdir()}

    def carry_out(self, step) -> bool:
        return self.run(step.command) and self.run(step.proof)

    def undo(self, step) -> bool:
        return self.run(step.undo) and self.run(step.undo_proof)

    def found(self, step) -> str:
        environment = {"PATH": f"{self.bin}:{os.environ['PATH']}", "CHANGE_DIR": str(self.saved.parent)}
        return subprocess.run(["sh", "-euc", step.probe], env=environment, capture_output=True, text=True, check=True).stdout.split()[0]


@pytest.fixture
def host(tmp_path) -> Host:
    return Host(tmp_path)


AS_BEFORE = [set(TIMERS), {TIMERS[0]}, set()]


@pytest.mark.parametrize("before", AS_BEFORE, ids=len)
def test_paused_during_the_change_and_running_again_afterwards(host, before):
    host.has(*before)
    assert host.found(PAUSE) == "ABSENT" and host.carry_out(PAUSE) and host.running == set()
    assert host.found(RESUME) == "ABSENT" and host.carry_out(RESUME) and host.running == before
    assert host.found(PAUSE) == host.found(RESUME) == "DONE" and host.run(PAUSE.proof)
    assert host.undo(RESUME) and host.running == set(), "a back-out works on packages, too"
    assert host.undo(PAUSE) and host.undo(PAUSE) and host.running == before


@pytest.mark.parametrize("before", AS_BEFORE, ids=len)
def test_killed_at_any_moment_it_is_finished_or_taken_back_as_before(host, before):
    def fresh() -> None:
        host.has(*before)
        for path in host.saved.iterdir():
            path.unlink()

    moments = 0
    while True:
        fresh()
        if host.run(PAUSE.command, killed_after=moments):
            break
        assert host.undo(PAUSE) and host.running == before, f"taken back after {moments} commands"
        fresh()
        host.run(PAUSE.command, killed_after=moments)
        assert host.found(PAUSE) in ("ABSENT", "PARTIAL") and host.carry_out(PAUSE) and host.running == set()
        for again in range(moments):  # killed in the going on, and in the taking back
            host.run(RESUME.command, killed_after=again)
            host.run(RESUME.undo, killed_after=again)
            host.run(PAUSE.undo, killed_after=again)
        assert host.undo(RESUME) and host.running == set() and host.undo(PAUSE) and host.running == before, f"after {moments} commands"
        moments += 1
    assert moments >= 5


def test_a_timer_that_an_administrator_has_stopped_since_stays_so(host):
    host.has(*TIMERS)
    assert host.carry_out(PAUSE) and host.carry_out(RESUME)
    host.has(TIMERS[1])
    assert host.undo(RESUME) and host.running == set() and host.undo(PAUSE) and host.running == {TIMERS[1]}


def test_an_update_at_work_is_waited_for_and_not_cut_off(host):
    host.has(*TIMERS, "apt-daily-upgrade.service")
    assert host.carry_out(PAUSE) and host.running == set()
    host.has("apt-daily.service")
    assert not host.run(PAUSE.proof)


def test_nothing_was_begun_nothing_is_undone(host):
    host.has(TIMERS[0])
    assert host.undo(PAUSE) and host.running == {TIMERS[0]}
