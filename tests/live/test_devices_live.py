"""A real SNMP daemon and a real web application beside hosts: inspected with everything well, then with faults, each found and compared with before."""

from __future__ import annotations

import io
import tarfile
import time
from pathlib import Path

import pytest
import yaml

from reports.archive import inspections
from reports.records import Outcome, TargetRead
from tests.live.drive import Desk
from tests.tasks.test_endpoints import Servers, certificate

DEVICE, HEALTH, ORDERS = "db1-snmp", "web1-health", "web1-orders"
# The agent remembers its interfaces for a while (net-snmp: 15 s), and a quick machine asks sooner.
PORT_UP = "ip link add port1 type veth peer name port2; ip link set port1 up; ip link set port2 up; systemctl restart snmpd"
AGENT_REMEMBERS_S = 16
COMMUNITY = "geheim-community"


@pytest.fixture
def desk(lab, fresh_web1, server, tmp_path):
    """A desk over the lab with a device of its own besides."""
    lab.reset("db1")
    desk = Desk.open(lab, tmp_path, server.environment)
    yield desk
    lab.remove("db1")


def change(desk: Desk, section: str, *entries: dict) -> None:
    """Change entries of the inventory by name, or add them."""
    path = desk.folder / "inventory.yaml"
    content = yaml.safe_load(path.read_text())
    for entry in entries:
        there = next((one for one in content[section] if one["name"] == entry["name"]), None)
        if there is None:
            content[section].append(entry)
        else:
            there.update(entry)
    path.write_text(yaml.safe_dump(content, allow_unicode=True))


def inspect(desk: Desk, *targets: str) -> tuple[str, dict[str, TargetRead]]:
    done = desk.run("inspect", "bureau", *(word for target in targets for word in ("--target", target)), limit_s=300)
    assert done.returncode in (0, 7, 8, 9), done.stderr[-2000:] + done.stdout
    archive = desk.archive
    newest = inspections.newest(archive, "bureau", "system-inspection")
    reads = {read.target: read for read in inspections.reads_of(archive, newest)}
    archive.dispose()
    return newest.number, reads


def rows(read: TargetRead) -> dict[tuple[str, str], tuple[Outcome, str]]:
    assert read.problem is None, read.problem
    return {(row.check, row.object): (row.outcome, row.says.en) for row in read.rows}


def test_what_is_well_is_well_and_every_fault_is_found(lab, desk, tmp_path):
    lab.must("db1", PORT_UP)
    change(desk, "devices", {"name": DEVICE, "expected": {"name": "db1", "interfaces": ["eth0", "port1"]}})
    _, reads = inspect(desk, DEVICE, HEALTH, ORDERS)
    device = rows(reads[DEVICE])
    well = {Outcome.OK, Outcome.NOT_APPLICABLE}
    busy = ("NET-05c", "NET-05d", "NET-05e")  # what the machine under the lab is doing besides
    assert not {key: said for key, said in device.items() if key[0] not in busy and said[0] not in well}
    assert device["NET-06a", "port1"][0] is Outcome.OK and device["NET-06c", "eth0 in"][0] is Outcome.OK and ("NET-05d", "Physical memory") in device
    assert reads[DEVICE].kind == "network" and reads[DEVICE].about["name"] == "db1" and "Linux" in reads[DEVICE].about["system"]
    for page in (HEALTH, ORDERS):
        assert {said[0] for said in rows(reads[page]).values()} <= well and reads[page].kind == "web"

    lab.must("db1", "ip link set port2 down")
    lab.must("web1", "systemctl stop orders")
    unplugged = time.monotonic()
    servers = Servers(tmp_path)
    past = servers.encrypted(*certificate(days=-3))
    login = {"customer": "bureau", "address": "127.0.0.1", "port": lab.host("db1").services["snmp"], "timeout_s": 1}
    Path(tmp_path / "wrong").write_text(COMMUNITY)
    wrong = {"file": str(tmp_path / "wrong")}
    change(desk, "devices", {**login, "name": "wrong-community", "community": wrong},
           {**login, "name": "wrong-password", "user": "standfast", "auth_password": wrong, "privacy_password": wrong},
           {"name": DEVICE, "expected": {"name": "core-sw1", "interfaces": ["eth0", "port1"]}})
    change(desk, "endpoints", {"name": "past", "customer": "bureau", "url": f"https://127.0.0.1:{past}/", "text": "维护"})
    time.sleep(max(0.0, unplugged + AGENT_REMEMBERS_S - time.monotonic()))
    try:
        number, reads = inspect(desk, DEVICE, HEALTH, "wrong-community", "wrong-password", "past")
    finally:
        lab.must("web1", "systemctl start orders")
        for one in servers.running:
            one.shutdown()
    device, page = rows(reads[DEVICE]), rows(reads["past"])
    assert device["NET-06a", "port1"] == (Outcome.CRITICAL, "interface port1 must be up and is down: it has no link")
    assert device["NET-05b", ""][0] is Outcome.CRITICAL and device["NET-06b", "eth0 errors"][1].startswith("interface eth0: 0 errors more since")
    assert "does not answer by SNMP; check address, port, community" in reads["wrong-community"].problem.en
    assert "password or algorithm of user standfast is wrong" in reads["wrong-password"].problem.en
    assert rows(reads[HEALTH])["WEB-01", ""][0] is Outcome.CRITICAL and rows(reads[HEALTH])["WEB-02", ""][0] is Outcome.CRITICAL
    assert (page["WEB-05a", ""][0], page["WEB-05b", ""][0], page["WEB-02", ""][0], page["WEB-01", ""][0]) == (
        Outcome.CRITICAL, Outcome.WARNING, Outcome.CRITICAL, Outcome.OK)

    archive = desk.archive
    evidence = {entry.name: archive.read_evidence(entry) for entry in archive.evidence(number)}
    answers = next(content for name, content in evidence.items() if name.startswith("answers"))
    with tarfile.open(fileobj=io.BytesIO(answers)) as tar:
        texts = {member.name: tar.extractfile(member).read().decode() for member in tar.getmembers()}
    assert '.1.3.6.1.2.1.1.5.0 = STRING: "db1"' in texts[f"{DEVICE}.txt"] and "not_after" in texts["past.txt"]
    html = evidence["report-zh.html"].decode()
    assert "网络设备" in html and "网站" in html and html.index("wrong-community") < html.index("port1")  # what was not reached stands first
    secrets = [COMMUNITY, *((lab.folder / f"snmp-{name}-password").read_text() for name in ("auth", "privacy"))]
    assert not [secret for secret in secrets for text in (*texts.values(), html) if secret in text]
    assert archive.verify().ok
    archive.dispose()
