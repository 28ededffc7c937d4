"""Beyond one process: the same inspection, its targets read by two task workers; and one of them killed in the middle."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from reports.archive import inspections
from tests.live.drive import ROOT, Desk

SIMULATED = 4  # hosts on two containers, each under two addresses


@pytest.fixture
def desk(lab, tmp_path, server) -> Desk:
    opened = Desk.open(lab, tmp_path, server.environment)
    path = tmp_path / "inventory.yaml"
    content = yaml.safe_load(path.read_text())
    real = [host for host in content["hosts"] if host["name"] in ("web1", "web2")]
    content["hosts"] = [{**real[n % 2], "name": f"sim{n:02d}", "address": ("127.0.0.1", "localhost")[n // 2]} for n in range(SIMULATED)]
    for others in ("databases", "devices", "endpoints"):
        content.pop(others, None)
    path.write_text(yaml.safe_dump(content, allow_unicode=True))
    return opened


@pytest.fixture
def readers(desk):
    """Two processes of `standfast readers`, each with its log."""
    logs = [desk.folder / f"reader{n}.log" for n in (1, 2)]
    started = []
    for log in logs:
        with log.open("w") as out:
            started.append(subprocess.Popen([sys.executable, str(ROOT / "standfast.py"), "readers", "--limit", "1"], cwd=ROOT, env=desk.environment,
                                            stdout=out, stderr=subprocess.STDOUT, start_new_session=True))
    until = time.monotonic() + 90
    while not all("Starting task worker" in log.read_text() for log in logs):
        assert time.monotonic() < until and all(one.poll() is None for one in started), [log.read_text()[-1000:] for log in logs]
        time.sleep(0.5)
    time.sleep(3)  # what they subscribe to is open a moment after they say so
    yield list(zip(started, logs, strict=True))
    for one in started:
        if one.poll() is None:
            os.killpg(one.pid, signal.SIGKILL)
        one.wait(10)


def read_by(log: Path) -> int:
    return log.read_text().count("Finished in state Completed()")


def filed(desk: Desk) -> int:
    one = inspections.newest(desk.archive, "bureau", "system-inspection")
    return len(inspections.targets_filed(desk.archive, one)) if one else 0


def test_two_workers_share_the_targets_by_configuration_alone(desk, readers):
    desk.environment["STANDFAST_READERS"] = "task-workers"
    done = desk.run("inspect", "bureau", limit_s=900)
    assert "INS-" in done.stdout, done.stderr[-2000:]
    assert filed(desk) == SIMULATED
    shares = [read_by(log) for _, log in readers]
    assert sum(shares) == SIMULATED and all(shares), shares


@pytest.mark.long
def test_a_worker_that_dies_leaves_nothing_unread(desk, readers):
    """What it had in hand is read by the flow itself, once nothing more comes."""
    desk.environment |= {"STANDFAST_READERS": "task-workers", "STANDFAST_READERS_PATIENCE_S": "20"}
    driver = desk.begin("inspect", "bureau")
    until = time.monotonic() + 300
    while filed(desk) < 1:
        assert time.monotonic() < until
        time.sleep(0.2)
    os.killpg(readers[0][0].pid, signal.SIGKILL)
    driver.wait(900)
    assert filed(desk) == SIMULATED
    one = inspections.newest(desk.archive, "bureau", "system-inspection")
    assert desk.archive.change(one.number).closure
