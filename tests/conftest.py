"""How the tests share two processes: files stay whole, because tests of a file may build on each other, and hosts are there once."""

from __future__ import annotations

from pathlib import Path

import pytest

LIVE = Path(__file__).parent / "live"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        item.add_marker(pytest.mark.xdist_group("lab" if LIVE in item.path.parents else item.location[0]))
