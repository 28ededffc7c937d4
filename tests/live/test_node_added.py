"""An application node more behind nginx and HAProxy, and out again: a client that asks all the while sees no failed request (R011)."""

from __future__ import annotations

import json

import pytest

from benchmarks.capacity_without_gaps import BALANCED, address_of
from reports.records import Plan
from tests.live.asking import Asking
from tests.live.drive import Desk

pytestmark = pytest.mark.long

FILES = {"nginx": "/etc/nginx/conf.d/pages.conf", "haproxy": "/etc/haproxy/haproxy.cfg"}
HAPROXY = """apt-get -qq -y --no-install-recommends install haproxy >/dev/null
cat >>/etc/haproxy/haproxy.cfg <<'END'

frontend all
    mode http
    bind *:83
    default_backend pages
backend pages
    mode http
    server node1 OLD check
END
systemctl restart haproxy"""
PORTS = {"nginx": 82, "haproxy": 83}


@pytest.fixture(scope="module")
def nodes(lab):
    """node1 balances and serves the page itself, node2 is an empty machine."""
    for name in ("node1", "node2"):
        lab.reset(name)
    lab.must("node2", "systemctl stop nginx; DEBIAN_FRONTEND=noninteractive apt-get -qq -y purge nginx nginx-common >/dev/null 2>&1; rm -rf /etc/nginx")
    for script in (BALANCED, HAPROXY):
        lab.must("node1", script.replace("OLD", "127.0.0.1:80"), limit_s=600)
    yield lab
    lab.remove("node1", "node2")


@pytest.fixture(scope="module")
def desk(nodes, server, tmp_path_factory) -> Desk:
    return Desk.open(nodes, tmp_path_factory.mktemp("nodes"), server.environment)


def approved(desk: Desk, by: str, **more) -> str:
    node = {"host": "node2", "balancer": "node1", "by": by, "file": FILES[by], "group": "pages", "address": f"{address_of('node2')}:80",
            "packages": ["nginx"], "services": ["nginx.service"], "health": "http://127.0.0.1/", "through": f"http://127.0.0.1:{PORTS[by]}/", **more}
    done = desk.run("plan", str(desk.request(hosts=[], node=node)), "--procedure", "capacity-expansion", "--json")
    assert done.returncode == 0, done.stderr + done.stdout
    number = json.loads(done.stdout)["number"]
    done = desk.run("rehearse", number, limit_s=900)
    assert done.returncode == 0, done.stderr[-3000:] + done.stdout[-2000:]
    desk.approve(number)
    return number


def state(lab) -> str:
    return lab.must("node1", "cksum /etc/nginx/conf.d/pages.conf /etc/haproxy/haproxy.cfg; systemctl is-active nginx haproxy") + lab.must(
        "node2", """dpkg-query -W -f '${db:Status-Abbrev} ${Package} ${Version}\\n' | grep ^i
            find /etc/systemd/system -printf '%y %p %l\\n' | sort; ss -Hltn | wc -l""")


@pytest.mark.parametrize("by", ["nginx", "haproxy"])
def test_nobody_notices_that_a_node_comes_and_goes_and_the_driver_dies_between(desk, nodes, by):
    before = state(nodes)
    number = approved(desk, by)
    archive = desk.archive
    steps = archive.load(number, "plan", "1", Plan).steps
    archive.dispose()
    canary = next(step.number for step in steps if step.key == "join-canary")
    with Asking(address_of("node1"), PORTS[by], per_s=40) as client:
        driver = desk.begin("resume", number, "--here")
        desk.wait_for(number, "step begun", step=canary)
        driver.kill()
        driver.wait()
        assert desk.run("resume", number, "--here", limit_s=600).returncode == 0, desk.run("status", number).stdout
        assert f"{address_of('node2')}:80" in nodes.must("node1", f"cat {FILES[by]}")
        assert desk.closure(number) == "successful", desk.run("status", number).stdout
        back = json.loads(desk.run("back-out", number, "--reason", "客户要求", "--requester", "张工", "--json").stdout)["number"]
        desk.approve(back)
        done = desk.run("carry-out", back, limit_s=600)
        assert done.returncode == 0, done.stderr[-3000:] + done.stdout
    assert not client.failed and len(client.seconds) > 100, client.failed[:3]
    assert state(nodes) == before


def test_a_goal_that_is_missed_takes_the_node_out_again(desk, nodes):
    before = state(nodes)
    number = approved(desk, "nginx", per_s=1_000_000)
    with Asking(address_of("node1"), PORTS["nginx"], per_s=40) as client:
        done = desk.run("carry-out", number, "--json", limit_s=600)
    assert done.returncode == 3 and json.loads(done.stdout)["closure"] == "backed out", done.stderr[-3000:] + done.stdout
    assert not client.failed and state(nodes) == before
