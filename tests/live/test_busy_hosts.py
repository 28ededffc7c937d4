"""A host whose sshd is too busy to let everybody in is read all the same; one that stays silent is not."""

from __future__ import annotations

import socket
import threading

import pytest
import yaml

from blocks.host_access import HostAccess
from tasks.targets import KINDS, SYSTEM


class Door:
    """A port on loopback that turns the first connections away, as sshd does beyond MaxStartups, and lets the others through to a host."""

    def __init__(self, host: HostAccess, turned_away: int) -> None:
        self.left, self.came, self._host = turned_away, 0, host
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                here, _ = self._listener.accept()
            except OSError:
                return
            self.came += 1
            if self.left:
                self.left -= 1
                here.close()
                continue
            there = socket.create_connection((self._host.address, self._host.port), timeout=10)
            there.settimeout(None)
            for one, other in ((here, there), (there, here)):
                threading.Thread(target=self._carry, args=(one, other), daemon=True).start()

    @staticmethod
    def _carry(one: socket.socket, other: socket.socket) -> None:
        try:
            while more := one.recv(65536):
                other.sendall(more)
            other.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def close(self) -> None:
        self._listener.close()


@pytest.mark.parametrize(("turned_away", "read"), [(1, True), (100, False)])
def test_turned_away_once_is_tried_again_and_then_told(lab, turned_away, read):
    host = HostAccess(**next(one for one in yaml.safe_load(lab.inventory.read_text())["hosts"] if one["name"] == "web1"))
    door = Door(host, turned_away)
    try:
        kind = KINDS[SYSTEM][0]
        found, _ = kind.read(host.model_copy(update={"address": "127.0.0.1", "port": door.port}), (), {}, {})
    finally:
        door.close()
    assert door.came == 2 and (found.problem is None) is read
    assert read or "does not speak SSH" in found.problem.en
