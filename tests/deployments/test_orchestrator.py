"""Where a Prefect server of ours may listen."""

from __future__ import annotations

import socket

from deployments.orchestrator import Orchestrator


def test_two_that_start_at_the_same_time_do_not_take_one_port(tmp_path):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        wanted = probe.getsockname()[1]
    first = Orchestrator(tmp_path / "first", wanted)
    second = Orchestrator(tmp_path / "second", wanted)  # no server listens yet
    assert first.port != second.port
    first.stop()
    third = Orchestrator(tmp_path / "third", first.port)
    assert third.port == first.port, "free again once it was stopped"
    second.stop()
    third.stop()
