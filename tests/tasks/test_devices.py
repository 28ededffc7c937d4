"""Network devices that answer what no device should: cut, round in a circle, without end, of the wrong kind, or not at all.

The agent is this test's own and speaks SNMPv2c over UDP; reading a real net-snmp is tested live.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from pyasn1.codec.ber import decoder, encoder
from pysnmp.proto import api

from blocks import NetworkDevice
from tasks import devices
from tasks.checks.catalogue import device_checks, limits_for
from tasks.checks.kinds import Known
from tasks.devices import read_device
from tests.tasks.checks.test_catalogue import CASES

V2C = api.PROTOCOL_MODULES[api.SNMP_VERSION_2C]
Oid = tuple[int, ...]
Next = Callable[[Oid], tuple[Oid, object] | None]  # the figure behind this one; None: there is no more


class Agent:
    """Answers GETBULK out of a table of figures, or as its test likes."""

    def __init__(self, following: Next, community: str = "geheim-123", spoil: Callable[[bytes, int], bytes | None] = lambda packet, _: packet) -> None:
        self.following, self.community, self.spoil = following, community, spoil
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.settimeout(0.1)
        self.asked, self.over = 0, False
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    @property
    def port(self) -> int:
        return self.socket.getsockname()[1]

    def end(self) -> None:
        self.over = True
        self.thread.join()
        self.socket.close()

    def _serve(self) -> None:
        while not self.over:
            try:
                packet, whom = self.socket.recvfrom(65535)
            except TimeoutError:
                continue
            self.asked += 1
            answer = self._answer(packet)
            if answer is not None and (answer := self.spoil(answer, self.asked)) is not None:
                self.socket.sendto(answer, whom)

    def _answer(self, packet: bytes) -> bytes | None:
        message, _ = decoder.decode(packet, asn1Spec=V2C.Message())
        if str(V2C.apiMessage.get_community(message)) != self.community:
            return None
        request = V2C.apiMessage.get_pdu(message)
        reply = V2C.apiMessage.get_response(message)
        at = [tuple(name) for name, _ in V2C.apiPDU.get_varbinds(request)]
        found = []
        for _ in range(max(1, int(V2C.apiBulkPDU.get_max_repetitions(request)))):
            for place, oid in enumerate(at):
                one = self.following(oid)
                at[place] = one[0] if one else oid
                found.append((V2C.ObjectIdentifier(at[place]), one[1] if one else V2C.EndOfMibView("")))
        V2C.apiPDU.set_varbinds(V2C.apiMessage.get_pdu(reply), found[:64])
        return encoder.encode(reply)


def table(figures: dict[str, object]) -> Next:
    there = sorted((tuple(map(int, oid.split("."))), value) for oid, value in figures.items())

    def following(oid: Oid) -> tuple[Oid, object] | None:
        return next(((name, value) for name, value in there if name > oid), None)
    return following


def well(interfaces: int = 3) -> dict[str, object]:
    """A small switch that is well."""
    found: dict[str, object] = {"1.3.6.1.2.1.1.1.0": V2C.OctetString("switch"), "1.3.6.1.2.1.1.3.0": V2C.TimeTicks(8640000),
                                "1.3.6.1.2.1.1.5.0": V2C.OctetString("core-sw1")}
    for index in range(1, interfaces + 1):
        for column, value in ((2, V2C.OctetString(f"GE0/{index}")), (3, V2C.Integer(6)), (7, V2C.Integer(1)), (8, V2C.Integer(1)), (14, V2C.Counter32(0))):
            found[f"1.3.6.1.2.1.2.2.1.{column}.{index}"] = value
        found[f"1.3.6.1.2.1.31.1.1.1.6.{index}"], found[f"1.3.6.1.2.1.31.1.1.1.15.{index}"] = V2C.Counter64(10), V2C.Gauge32(1000)
    return found


@pytest.fixture(autouse=True)
def in_a_hurry(monkeypatch):
    monkeypatch.setattr(devices, "SPAN_S", 0.05)


@pytest.fixture
def reads():
    """Read what an agent answers: problem, and by check and object outcome and words; and the evidence."""
    agents = []

    def read(following: Next, spoil=lambda packet, _: packet, **more):
        agents.append(agent := Agent(following, spoil=spoil))
        entry = {"community": "geheim-123", "timeout_s": 0.2, **more}
        device = NetworkDevice(name="core-sw1", customer="bureau", address="127.0.0.1", port=agent.port, **entry)
        checks = device_checks()
        read, raw = read_device(device, checks, {c.id: limits_for(c) for c in checks}, lambda _: Known(now=datetime.now(UTC), expected=device.expected))
        assert read.kind == "network" and (read.problem or {row.check for row in read.rows} == {check.id for check in checks})
        assert "geheim" not in raw + read.model_dump_json()
        return read, {(row.check, row.object): (row.outcome.value, row.says.en) for row in read.rows}, raw
    yield read
    for agent in agents:
        agent.end()


def test_a_device_that_is_well(reads):
    read, said, raw = reads(table(well()), expected={"name": "core-sw1", "interfaces": ["GE0/2"]})
    assert {outcome for outcome, _ in said.values()} == {"ok", "not applicable"}
    assert said["NET-06a", "GE0/2"] == ("ok", "interface GE0/2 is up") and said["NET-06c", "GE0/1 in"][0] == "ok"
    assert read.about["name"] == "core-sw1" and '.1.3.6.1.2.1.1.5.0 = STRING: "core-sw1"\n' in raw


def test_many_interfaces_are_read_whole(reads):
    _, said, raw = reads(table(well(300)))
    assert sum(check == "NET-06a" for check, _ in said) == 300 and raw.count("1.3.6.1.2.1.2.2.1.2.") == 300


def test_a_wrong_community_is_told_in_one_sentence_without_it(reads):
    read, said, _ = reads(table(well()), community="geheim-999")
    assert not said and "does not answer by SNMP; check address, port, community" in read.problem.en and "团体名" in read.problem.zh


def test_nobody_there_and_no_such_name(reads):
    device = NetworkDevice(name="x", customer="bureau", address="nowhere.invalid", community="geheim-123")
    assert "cannot be looked up" in read_device(device, (), {}, lambda _: Known(now=datetime.now(UTC)))[0].problem.en
    began = time.monotonic()
    read, _, _ = reads(lambda oid: None, spoil=lambda packet, _: None)
    assert "does not answer" in read.problem.en and time.monotonic() - began < 5


def test_an_agent_that_shows_nothing_is_said(reads):
    assert "shows nothing; let the account see MIB-2" in reads(table({}))[0].problem.en


def test_a_view_that_is_too_narrow_makes_nothing_well(reads):
    _, said, _ = reads(table({oid: value for oid, value in well().items() if oid.startswith("1.3.6.1.2.1.1.")}))
    assert {outcome for (check, _), (outcome, _) in said.items() if check not in ("NET-05a", "NET-05b", "NET-09")} == {"unknown"}
    assert "see the whole of MIB-2" in said["NET-07", ""][1]


def circle(oid: Oid) -> tuple[Oid, object] | None:
    """Begins its first column of interfaces again and again."""
    start = tuple(map(int, "1.3.6.1.2.1.2.2.1.2".split(".")))
    if oid[:len(start)] == start and len(oid) > len(start):
        return (*start, 1 if oid[-1] >= 3 else oid[-1] + 1), V2C.OctetString("x")
    return table(well())(oid)


def endless(oid: Oid) -> tuple[Oid, object] | None:
    """A column of interfaces that never ends."""
    start = tuple(map(int, "1.3.6.1.2.1.2.2.1.2".split(".")))
    if oid[:len(start)] == start:
        return (*start, (oid[-1] if len(oid) > len(start) else 0) + 1), V2C.OctetString("x")
    return table(well())(oid)


@pytest.mark.parametrize(("following", "says"), [(circle, "go round in a circle"), (endless, "more than 200 rows")])
def test_answers_that_never_end_spoil_only_what_needs_them(reads, monkeypatch, following, says):
    monkeypatch.setattr(devices, "ROWS", 200)
    _, said, raw = reads(following)
    assert said["NET-06a", ""][0] == "unknown" and says in said["NET-06a", ""][1]
    assert said["NET-05b", ""][0] == "ok" and says in raw


def test_the_answers_altogether_are_bounded(reads, monkeypatch):
    monkeypatch.setattr(devices, "BYTES", 2000)
    _, said, _ = reads(table(well(300)))
    assert "too long altogether" in said["NET-06a", ""][1] and said["NET-05b", ""][0] == "ok"


@pytest.mark.parametrize("spoil", [
    lambda packet, n: packet if n < 3 else None,                   # falls silent
    lambda packet, n: packet if n < 3 else packet[:len(packet) // 2],
    lambda packet, n: packet if n < 3 else b"\x30\x84\xff\xff\xff\xff" + packet,
    lambda packet, n: packet if n < 3 else bytes(reversed(packet)),
    lambda packet, n: packet if n % 2 else None,                   # every second packet is lost
], ids=["silent", "cut", "absurd length", "garbage", "lossy"])
def test_packets_that_make_no_sense_are_no_answer(reads, spoil):
    began = time.monotonic()
    read, said, _ = reads(table(well()), spoil=spoil)
    assert read.problem is None and {outcome for outcome, _ in said.values()} <= {"ok", "unknown", "not applicable"}
    assert time.monotonic() - began < 15


@pytest.mark.parametrize(("oid", "value", "check"), [
    ("1.3.6.1.2.1.1.3.0", V2C.OctetString("soon"), "NET-05a"),
    ("1.3.6.1.2.1.1.5.0", V2C.Integer(3), "NET-05b"),
    ("1.3.6.1.2.1.2.2.1.8.2", V2C.OctetString("up"), "NET-06a"),
    ("1.3.6.1.2.1.2.2.1.2.2", V2C.Counter64(2**64 - 1), "NET-06a"),
    ("1.3.6.1.2.1.25.3.3.1.2.1", V2C.Integer(-5), "NET-05c"),
    ("1.3.6.1.2.1.25.1.2.0", V2C.OctetString(b"\x07\xea\x63\x63\x63\x63\x63\x63"), "NET-11"),
])
def test_figures_of_the_wrong_kind_are_unknown(reads, oid, value, check):
    _, said, _ = reads(table({**well(), oid: value}))
    assert said[check, ""][0] == "unknown"


def test_names_in_chinese_and_with_line_breaks_stay_one_line(reads):
    figures = well() | {"1.3.6.1.2.1.2.2.1.2.1": V2C.OctetString("上联口".encode()), "1.3.6.1.2.1.2.2.1.2.2": V2C.OctetString("下联口".encode("gb18030")),
                        "1.3.6.1.2.1.1.1.0": V2C.OctetString("Versatile Routing Platform\r\nend\n.1 = INTEGER: 1")}
    read, said, _ = reads(table(figures))
    assert ("NET-06a", "上联口") in said and ("NET-06a", "下联口") in said and said["NET-05a", ""][0] == "ok"
    assert read.about["system"] == "Versatile Routing Platform end .1 = INTEGER: 1"


def test_twenty_devices_are_read_at_once(reads):
    from concurrent.futures import ThreadPoolExecutor

    following = table(well())
    with ThreadPoolExecutor(20) as pool:
        found = list(pool.map(lambda _: reads(following, timeout_s=3), range(20)))
    assert all(read.problem is None and said["NET-06a", "GE0/1"][0] == "ok" for read, said, _ in found)


def test_every_oid_of_the_checks_stands_in_a_real_answer():
    """A column that is mistyped would be "not applicable" for ever."""
    seen = "".join((CASES / f"{check.id}.yaml").read_text() for check in device_checks())
    vendors = ("1.3.6.1.4.1.2011.", "1.3.6.1.4.1.25506.", "1.3.6.1.4.1.9.", "1.3.6.1.4.1.2021.13.")
    assert [oid for check in device_checks() for oid in check.oids if f".{oid}." not in seen and not oid.startswith(vendors)] == []


