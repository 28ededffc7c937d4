"""Fixtures for tests on real hosts. Without a Docker engine these tests fail and say why: they are what Standfast is for."""

from __future__ import annotations

from pathlib import Path

import pytest

from deployments.lab import Host, Lab, LabError
from deployments.lab import lab as the_lab

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.live)


@pytest.fixture(scope="session")
def lab() -> Lab:
    """The lab with web1 and web2 up; what was up before stays as it is. It is left up afterwards."""
    try:
        the_lab.up()
    except LabError as problem:
        pytest.fail(f"the lab cannot be had: {problem}", pytrace=False)
    return the_lab


@pytest.fixture
def fresh_web1(lab: Lab) -> Host:
    """web1 as new: software of the main suite, application 1.0.0, 5,000 orders."""
    return lab.reset("web1")


@pytest.fixture
def fresh_web2(lab: Lab) -> Host:
    """web2 as new."""
    return lab.reset("web2")
