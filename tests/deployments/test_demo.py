"""What the demo tells a newcomer of the run's log; the lines are Prefect 3.8.8's and ours."""

import logging
from types import SimpleNamespace

import pytest

from deployments.demo import worth_telling


def entry(message: str, name: str = "prefect.task_runs", level: int = logging.INFO) -> SimpleNamespace:
    return SimpleNamespace(message=message, name=name, level=level)


@pytest.mark.parametrize("of_prefect", [
    entry("Finished in state Completed()"), entry("Finished in state Cached(type=COMPLETED)"),
    entry("Beginning flow run 'CHG-20261122-001' for flow 'software-upgrade'", "prefect.flow_runs"),
    entry("Suspending flow run, execution will be rescheduled when this flow run is resumed.", "prefect.flow_runs"),
    entry("Worker 'ProcessWorker' submitting flow run '8e7694d2'", "prefect.flow_runs.worker"),
    entry("Process for flow run 'CHG-20261122-001' exited cleanly.", "prefect.flow_runs.runner")])
def test_what_prefect_does_by_itself_is_left_out(of_prefect):
    assert not worth_telling(of_prefect)


@pytest.mark.parametrize("ours", [
    entry("web1: reading which versions there are"), entry("Setting up nginx (1.22.1-9+deb12u11) ..."),
    entry("Finished in state Successful('CHG-20261122-001: successful. all steps done')", "prefect.flow_runs"),
    entry("Finished in state Failed('no contact')", level=logging.ERROR),
    entry("Process for flow run 'CHG-20261122-001' exited with status code: -9", "prefect.flow_runs.runner", logging.ERROR)])
def test_what_happens_to_the_change_is_told(ours):
    assert worth_telling(ours)
