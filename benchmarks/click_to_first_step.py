"""Resuming after the approval: seconds from the click on the run's page to the first step on the host, and what they are spent on.

    python -m benchmarks.click_to_first_step [--rounds 3]

A worker carries out the change, as from the UI; the click is the call that the page's form makes. Beside it, in the same round, the bare thing: the same
worker resuming a flow that suspends for input and does nothing else.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import httpx

from deployments.lab import lab
from deployments.orchestrator import POOL, Orchestrator
from tests.live.drive import APPROVER
from tests.live.test_waiting import Office

BARE = '''
from prefect import flow, suspend_flow_run
from prefect.input import RunInput
class Answer(RunInput):
    yes: bool
@flow
def bare():
    suspend_flow_run(wait_for_input=Answer, timeout=600, key="only")
    from pathlib import Path
    import time
    Path(__file__).with_name("resumed").write_text(str(time.time()))
'''


def click(office: Office, run: str, answer: dict) -> float:
    """The moment of the call, which is made from a process that has imported everything before."""
    for _ in range(5):  # Prefect on SQLite says 503 where two write at a time; who clicked would click again
        began = time.time()
        answered = httpx.post(f"{office.orchestrator.url}/api/flow_runs/{run}/resume", json={"run_input": answer}, timeout=30)
        if answered.status_code != httpx.codes.SERVICE_UNAVAILABLE:
            break
        time.sleep(1)
    answered.raise_for_status()
    assert answered.json()["status"] == "ACCEPT", answered.text
    return began


def ours(office: Office) -> dict[str, float]:
    lab.reset("web1")
    run, number = office.started(kind="middleware", scope="listed", packages=["nginx"], rehearse_on="web2")
    began = click(office, run, {"decision": "approve", "name": APPROVER, "code": office.code(number), "channel": "form", "taken_by": "", "reason": ""})
    office.wait_for(number, "step begun", limit_s=120)
    office.until(run, "Successful")
    at = {entry.event: entry.at for entry in reversed(office.journal(number))}  # the first of each
    start = datetime.fromtimestamp(began, UTC)
    return {"to the first step": (at["step begun"] - start).total_seconds(), "to the answer judged": (at["approval approved"] - start).total_seconds(),
            "lock, drift check, delivery": (at["step begun"] - at["lock asked"]).total_seconds()}


def bare(office: Office, folder: Path, deployed: list) -> float:
    resumed = folder / "resumed"
    resumed.unlink(missing_ok=True)
    environment = {**office.environment}
    if not deployed:
        (folder / "bare.py").write_text(BARE)
        (folder / "prefect.yaml").write_text(f"name: bare\ndeployments:\n- name: bare\n  entrypoint: bare.py:bare\n  work_pool: {{name: {POOL}}}\n"
                                             f"pull:\n- prefect.deployments.steps.set_working_directory: {{directory: {folder}}}\n")
        subprocess.run([sys.executable, "-m", "prefect", "--no-prompt", "deploy", "--all"], cwd=folder, env=environment, check=True, capture_output=True)
        deployed.append(True)
    api = f"{office.orchestrator.url}/api/deployments"
    deployment = httpx.get(f"{api}/name/bare/bare", timeout=30).raise_for_status().json()["id"]
    run = httpx.post(f"{api}/{deployment}/create_flow_run", json={}, timeout=30).raise_for_status().json()["id"]
    office.until(run, "Suspended", limit_s=120)
    began = click(office, run, {"yes": True})
    end = time.monotonic() + 120
    while not resumed.exists() or not resumed.read_text():
        assert time.monotonic() < end
        time.sleep(0.05)
    return float(resumed.read_text()) - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    lab.up()
    folder = Path(tempfile.mkdtemp(prefix="standfast-benchmark-"))
    (folder / "bare").mkdir()
    orchestrator = Orchestrator(folder / "prefect", port=4850)
    orchestrator.environment["STANDFAST_INVENTORY"] = str(folder / "inventory.yaml")
    orchestrator.start_server(print)
    try:
        orchestrator.deploy(print)
        orchestrator.start_worker(print)
        office = Office.open(lab, folder, orchestrator.environment)
        office.orchestrator = orchestrator
        deployed: list = []
        rows = [(bare(office, folder / "bare", deployed), ours(office)) for _ in range(given.rounds)]
    finally:
        orchestrator.stop()
    table = {"bare flow of Prefect, click to first line after the answer, s": round(statistics.median(b for b, _ in rows), 1)}
    for key in rows[0][1]:
        table[f"ours, {key}, s"] = round(statistics.median(o[key] for _, o in rows), 1)
    json.dump(table | {"rounds": given.rounds}, sys.stdout, indent=2)
    print()


if __name__ == "__main__":
    main()
