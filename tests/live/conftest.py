"""Fixtures for tests on real hosts. Without a Docker engine these tests fail and say why: they are what Standfast is for."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from deployments.lab import Host, Lab, LabError
from deployments.lab import lab as the_lab
from deployments.orchestrator import Orchestrator

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.live)


@pytest.fixture(scope="session")
def lab() -> Iterator[Lab]:
    """The lab with web1 and web2 up; what was up before stays as it is. It is left up afterwards.

    One test at a time may have a lab's hosts. So each of pytest-xdist's processes has a lab of its own: who comes first takes the lab that is
    there, the other makes a second one in a folder of it and takes it down afterwards. Where one process does all, there is no second.
    """
    for folder in (the_lab.folder, the_lab.folder / "second"):
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / "tests.lock").open("w") as held:  # as long as this process lives
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            os.environ["STANDFAST_LAB"] = str(folder)
            try:
                the_lab.up()
            except LabError as problem:
                pytest.fail(f"the lab {folder} cannot be had: {problem}", pytrace=False)
            yield the_lab
            if folder.name == "second":
                the_lab.down()
            return
    pytest.fail(f"the lab {the_lab.folder} and its second are in use by other tests; wait for their end", pytrace=False)


@pytest.fixture(scope="session")
def server(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Orchestrator]:
    """A Prefect server for all these tests; the flows run in processes of their own and report to it. web2 is the staging host, made afresh."""
    lab.reset("web2")
    orchestrator = Orchestrator(tmp_path_factory.mktemp("prefect"), port=4300)
    orchestrator.start_server(print)
    yield orchestrator
    orchestrator.stop()


@pytest.fixture
def fresh_web1(lab: Lab) -> Host:
    """web1 as new: software of the main suite, application 1.0.0, 5,000 orders."""
    return lab.reset("web1")


@pytest.fixture
def fresh_web2(lab: Lab) -> Host:
    """web2 as new."""
    return lab.reset("web2")


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator:
    """An operator's place of work, see tests/live/office.py; read only where somebody clicks."""
    from tests.live.office import opened

    yield from opened(tmp_path_factory.mktemp("office"))
