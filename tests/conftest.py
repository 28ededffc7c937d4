"""How the tests share processes (`-n 2`): files stay whole, because tests of a file may build on each other, and the lab's hosts are there once."""

from __future__ import annotations

import pytest
from xdist.scheduler import LoadScopeScheduling


class _ByFile(LoadScopeScheduling):
    """A process takes a file after the other; all files with tests on hosts are one. The plugin's own marks of groups do nothing with pytest 9.2."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return "tests/live" if file.startswith("tests/live/") else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> _ByFile:
    return _ByFile(config, log)
