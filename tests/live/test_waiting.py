"""Runs that wait: for the maintenance window, for an answer that never comes, for a server that is gone. A worker carries them out (R104, R111)."""

from __future__ import annotations

import collections
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from deployments.orchestrator import Orchestrator
from reports.records import Plan
from tests.live.drive import ROOT, Desk, facts, healthy
from tests.live.test_upgrade import NGINX

pytestmark = pytest.mark.long


class Office(Desk):
    """A desk whose changes are carried out by a worker."""

    orchestrator: Orchestrator

    def _state(self, run: str) -> dict:
        answer = httpx.get(f"{self.orchestrator.url}/api/flow_runs/{run}", timeout=30)
        answer.raise_for_status()
        return answer.json()["state"]

    def state(self, run: str) -> str:
        return self._state(run)["name"]

    def until(self, run: str, name: str, limit_s: float = 240, last: str = "") -> str:
        """Wait for a state, another one than `last`; returns its id."""
        end = time.monotonic() + limit_s
        while (found := self._state(run))["name"] != name or found["id"] == last:
            now = found["name"]
            final = now in ("Successful", "SuccessfulWithIssues", "BackedOut", "Refused", "Rejected", "Expired", "Stuck", "Failed")
            assert not final and time.monotonic() < end, f"the run is {now}, not {name}: {self.orchestrator.log('worker').read_text()[-3000:]}"
            time.sleep(0.5)
        return found["id"]

    def started(self, **request) -> tuple[str, str]:
        """A run by the worker that waits for its approval: its id and the number of its change."""
        done = self.run("start", str(self.request(**request)))
        assert done.returncode == 0, done.stderr
        run = done.stdout.strip().rpartition("/")[2]
        self.until(run, "Suspended")
        archive = self.archive
        number = next(row.number for row in archive.changes(limit=20) if row.run_id == run)
        archive.dispose()
        return run, number

    def watchdog(self, silence_s: int = 0) -> str:
        done = subprocess.run([sys.executable, "-c", f"import flows.watchdog; print(flows.watchdog.watchdog(silence_s={silence_s}))"], cwd=ROOT,
                              env=self.environment, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr[-2000:]
        return done.stdout.strip().splitlines()[-1]


@pytest.fixture(scope="module")
def orchestrator(tmp_path_factory, lab):
    folder = tmp_path_factory.mktemp("waiting")
    lab.reset("web2")
    orchestrator = Orchestrator(folder / "prefect", port=4700)
    orchestrator.environment["STANDFAST_INVENTORY"] = str(folder / "inventory.yaml")
    orchestrator.start_server(print)
    orchestrator.deploy(print)
    orchestrator.start_worker(print)
    yield orchestrator, folder
    orchestrator.stop()


@pytest.fixture
def office(orchestrator, lab, fresh_web1):
    orchestrator, folder = orchestrator
    office = Office.open(lab, folder, orchestrator.environment)
    office.orchestrator = orchestrator
    return office


def test_the_window_is_waited_for_without_costing_anything(office, lab):
    before = facts(lab)
    opens = datetime.now(UTC) + timedelta(seconds=150)
    run, number = office.started(**NGINX, window_opens_at=opens.isoformat(), window_closes_at=(opens + timedelta(hours=1)).isoformat())
    asked = office.until(run, "Suspended")
    office.approve(number)
    office.until(run, "Suspended", last=asked)
    assert number not in office.watchdog(), "woken before the window opens"
    assert processes_of(run) == [] and facts(lab) == before
    while datetime.now(UTC) < opens:
        time.sleep(1)
    assert number in office.watchdog()
    office.until(run, "Successful")
    assert healthy(lab) and office.journal(number, "step begun")[0].at >= opens


def test_an_answer_that_never_comes(office, lab):
    before = facts(lab)
    run, number = office.started(**NGINX, approval_hours=0.02)
    office.watchdog()
    assert office.state(run) == "Suspended"
    time.sleep(75)
    assert number in office.watchdog()
    office.until(run, "Expired")
    assert office.closure(number) == "expired" and facts(lab) == before


@pytest.mark.parametrize("moment", ["upgrade-packages", "check-after"])
def test_server_worker_and_flow_are_killed_and_started_again(office, lab, moment):
    """As when the operator's machine loses its power in the middle of a change."""
    run, number = office.started(**NGINX)
    office.approve(number)
    archive = office.archive
    steps = archive.load(number, "plan", "1", Plan).steps
    archive.dispose()
    office.wait_for(number, "step begun", step=next(s.number for s in steps if s.key == moment))
    office.orchestrator.kill("worker")
    for process in processes_of(run):
        os.kill(process, signal.SIGKILL)
    office.orchestrator.kill("server", with_children=True)
    office.orchestrator.start_server(print)
    office.orchestrator.start_worker(print)
    end = time.monotonic() + 90
    while office.state(run) != "Crashed":
        assert time.monotonic() < end, office.state(run)
        office.watchdog(silence_s=2)
        time.sleep(1)
    done = office.run("resume", number)
    assert done.returncode == 0 and "by a worker" in done.stdout, done.stderr
    office.until(run, "Successful")
    ended = lab.must("web1", f"grep -l '^result=done' /var/lib/standfast/changes/{number}/steps/*/carry-out-*/result | xargs -n1 dirname | xargs -n1 dirname")
    assert set(collections.Counter(ended.split()).values()) == {1} and healthy(lab) and office.closure(number) == "successful"


def processes_of(run: str) -> list[int]:
    mark, found = f"PREFECT__FLOW_RUN_ID={run}".encode(), []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (folder / "environ").read_bytes():
                found.append(int(folder.name))
        except OSError:  # gone, or not ours
            continue
    return found
