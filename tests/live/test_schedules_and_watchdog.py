"""A scheduled deployment gets its runs (newer libraries break this silently), and the watchdog touches what is dead, nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from deployments.orchestrator import Orchestrator
from reports.archive import inspections
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

# The schedule of prefect.yaml with its own parameters, but twice within the next minutes instead of at night.
FIRE = """
import asyncio
import sys
from datetime import datetime, timedelta, timezone
import yaml
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import DeploymentScheduleCreate
from prefect.client.schemas.schedules import IntervalSchedule
there = yaml.safe_load(open("prefect.yaml"))["deployments"]
parameters = next(d["schedules"][0]["parameters"] for d in there if sys.argv[1].replace("-", "_") in d["entrypoint"])
async def fire():
    async with get_client() as client:
        deployment = await client.read_deployment_by_name(f"{sys.argv[1]}/standfast")
        when = IntervalSchedule(interval=timedelta(seconds=150), anchor_date=datetime.now(timezone.utc) + timedelta(seconds=10))
        await client.create_deployment_schedules(deployment.id, [DeploymentScheduleCreate(schedule=when, active=True, parameters=parameters)])
        print(deployment.id)
asyncio.run(fire())
"""


@pytest.fixture(scope="module")
def orchestrator(tmp_path_factory):
    orchestrator = Orchestrator(tmp_path_factory.mktemp("prefect"), port=4600, guarded=True)
    orchestrator.start_server(print)
    orchestrator.deploy(print)
    yield orchestrator
    orchestrator.stop()


def run(orchestrator: Orchestrator, program: str, *arguments: str, **environment: str) -> str:
    done = subprocess.run([sys.executable, "-c", program, *arguments], cwd=ROOT, env={**os.environ, **orchestrator.environment, **environment},
                          capture_output=True, text=True, timeout=180)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def api(orchestrator: Orchestrator) -> httpx.Client:
    return httpx.Client(base_url=f"{orchestrator.url}/api", auth=tuple(orchestrator.password.split(":", 1)), timeout=30)


def test_nobody_starts_a_flow_without_the_password(orchestrator):
    path = "/deployments/name/software-upgrade/standfast"
    with api(orchestrator) as client:
        assert client.get(path).status_code == 200
    for wrong in (None, ("admin", "admin")):
        assert httpx.get(f"{orchestrator.url}/api{path}", auth=wrong, timeout=30).status_code == 401


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


def twice(orchestrator: Orchestrator, deployment: str) -> dict[str, dict]:
    """The deployment's runs that have ended, by the time for which they were meant, once there are two."""
    ended: dict[str, dict] = {}
    until = time.monotonic() + 600
    while len(ended) < 2:
        assert time.monotonic() < until, (ended, orchestrator.log("worker").read_text()[-3000:])
        with api(orchestrator) as client:
            runs = client.post("/flow_runs/filter", json={"flow_runs": {"deployment_id": {"any_": [deployment]}}}).json()
        ended = {one["expected_start_time"]: one for one in runs if one["state"]["type"] in ("COMPLETED", "FAILED", "CRASHED")}
        time.sleep(2)
    return ended


@pytest.mark.long
@pytest.mark.parametrize("procedure", ["system-inspection", "security-check"])
def test_the_quarters_inspection_comes_by_its_schedule_once(orchestrator, lab, tmp_path, procedure):
    """R058. The quarter's first working day is long past, or not: then it is late, and says by how much; the next firing has nothing to do."""
    desk = Desk.open(lab, tmp_path, orchestrator.environment)
    orchestrator.environment["STANDFAST_INVENTORY"] = desk.environment["STANDFAST_INVENTORY"]
    orchestrator.start_worker(print)
    deployment = run(orchestrator, FIRE, procedure).strip()
    try:
        ended = twice(orchestrator, deployment)
    finally:
        with api(orchestrator) as client:
            client.patch(f"/deployments/{deployment}", json={"paused": True}).raise_for_status()
        orchestrator.kill("worker", with_children=True)
    first, second = (ended[when] for when in sorted(ended)[:2])
    archive = desk.archive
    this = inspections.newest(archive, "bureau", procedure)
    assert first["auto_scheduled"] and first["state"]["name"] in ("AllWell", "Warnings", "Critical", "Incomplete"), first["state"]
    assert first["state"]["message"].startswith(this.number) and archive.change(this.number).request["when"] == "quarterly"
    assert second["state"]["name"] == "NotDue", second["state"]
    assert len(inspections.begun_since(archive, "bureau", procedure, this.started_at)) == 1
    archive.dispose()
