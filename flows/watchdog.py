"""Watchdog (看护): notices runs whose processes died, and wakes runs whose waiting is over.

Purpose: no run hangs for ever, and none waits longer than it should.
When to use: by schedule, every two minutes.
Approval: none; it touches no customer's system.
Before you start: nothing.
Steps: 1 running runs without a sign of life become Crashed, so that “Retry” takes them up again; 2 suspended runs are woken
    whose request for approval expired, was answered on the command line, or whose window opens; 3 simulated copies that a
    dead rehearsal left are removed; 4 an emergency without a solution after two hours is told, an open review reminded of once a day.
Back-out plan: none needed. Point of no return: none.
Known errors: docs/known-errors.md.
Evidence kept: its own run history.
"""

from prefect import flow

from tasks.watching import close_dead_runs, remind_of_emergencies, remove_forgotten_copies, wake_waiting_runs


@flow(name="watchdog", flow_run_name="Watch over runs")
def watchdog(silence_s: int = 0) -> str:
    """Look after the runs once. silence_s: how long without a sign of life counts as dead; 0: three heartbeats."""
    return (f"crashed: {close_dead_runs(silence_s)}; woken: {wake_waiting_runs()}; copies removed: {remove_forgotten_copies()}; "
            f"reminded of: {remind_of_emergencies()}")
