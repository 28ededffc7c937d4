"""A scheduled deployment gets its runs (newer libraries break this silently), and the watchdog touches what is dead, nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from deployments.orchestrator import Orchestrator
from tests.live.drive import Desk

ROOT = Path(__file__).resolve().parents[2]

WATCH = """
import sys
from prefect.client.orchestration import get_client
from prefect.states import Running, Suspended
from flows.watchdog import watchdog
import time
with get_client(sync_client=True) as client:
    deployment = client.read_deployment_by_name("software-upgrade/standfast")
    request = {"customer": "bureau", "hosts": ["web1"], "requester": "x", "reason": "x"}
    dead, waiting = (client.create_flow_run_from_deployment(deployment.id, parameters={"request": request}) for _ in range(2))
    client.set_flow_run_state(dead.id, Running(), force=True)
    client.set_flow_run_state(waiting.id, Suspended(timeout_seconds=3600), force=True)
    time.sleep(3)
    print(watchdog(silence_s=1))
    print(client.read_flow_run(dead.id).state.type.value, client.read_flow_run(waiting.id).state.type.value)
"""


@pytest.fixture(scope="module")
def orchestrator(tmp_path_factory):
    orchestrator = Orchestrator(tmp_path_factory.mktemp("prefect"), port=4600)
    orchestrator.start_server(print)
    orchestrator.deploy(print)
    yield orchestrator
    orchestrator.stop()


def run(orchestrator: Orchestrator, program: str, **environment: str) -> str:
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, env={**os.environ, **orchestrator.environment, **environment}, capture_output=True,
                          text=True, timeout=180)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def test_a_schedule_inserts_runs(orchestrator):
    count = """
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import *
with get_client(sync_client=True) as client:
    id_ = client.read_deployment_by_name("watchdog/standfast").id
    runs = client.read_flow_runs(flow_run_filter=FlowRunFilter(deployment_id=FlowRunFilterDeploymentId(any_=[id_])))
    print(sum(r.state.is_scheduled() for r in runs))
"""
    end = time.monotonic() + 150
    while int(run(orchestrator, count)) < 3:
        assert time.monotonic() < end, "the scheduler inserted no runs"
        time.sleep(3)


def test_the_watchdog_closes_dead_runs_and_leaves_waiting_ones(orchestrator, lab, tmp_path):
    desk = Desk.open(lab, tmp_path, orchestrator.environment)
    said = run(orchestrator, WATCH, STANDFAST_INVENTORY=desk.environment["STANDFAST_INVENTORY"])
    assert said.splitlines()[-1] == "CRASHED PAUSED", said
