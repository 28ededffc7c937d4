"""A copy of a host of the lab, made while it works (R174): it serves, keeps no secret, reaches nothing, leaves nothing."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from ipaddress import ip_network
from pathlib import Path

import pytest
import yaml

from blocks.host_access import HostAccess
from blocks.sandbox import Sandbox
from tasks.errors import BlockersFound
from tasks.lifecycle import read_survey
from tasks.remote import Remote
from tasks.sandbox.engine import COPY_LABEL, TARGET_LABEL, Engine
from tasks.simulated_copy import make_copy, remove_copy, remove_stale_copies

pytestmark = [pytest.mark.live, pytest.mark.long]
LAB = Path(os.environ.get("STANDFAST_LAB") or Path(__file__).parents[2] / ".lab")
NAME = "web7"
SANDBOX = Sandbox()
ENGINE = Engine(SANDBOX.engine)
WRITER = """set -eu; cd /; end=$(( $(date +%s) + 900 )); touch /tmp/copy-writer
while [ -e /tmp/copy-writer ] && [ "$(date +%s)" -lt $end ]; do
  runuser -u postgres -- psql -qXc "insert into copy_probe select n, repeat('x', 500) from generate_series(1, 200) n" orders
  sleep 0.2
done"""


def lab_host(name: str) -> HostAccess:
    hosts = yaml.safe_load((LAB / "inventory.yaml").read_text())["hosts"]
    return HostAccess(**next(host for host in hosts if host["name"] == name))


def ask(host: HostAccess, script: str, timeout_s: float = 120) -> str:
    with Remote(host) as remote:
        return remote.run(script, timeout_s=timeout_s).need("a look", host.name)


def left(number: str) -> list[str]:
    return [i for kind in ("container", "image", "network") for i in ENGINE.names(kind, f"{COPY_LABEL}={number}")]


@pytest.fixture(scope="module")
def made(lab):
    """The copy of a host of its own under a writer; with what the host held before and after."""
    lab.up([NAME])
    host = lab_host(NAME)
    number = f"CHG-T-{os.getpid()}"
    digest = (
        "cd / && find etc srv usr/local root home -xdev -type f ! -path '*/.cache/*' -print0 | "
        "sort -z | xargs -0 sha256sum | sha256sum; "
        "dpkg-query -W | sha256sum; systemctl list-units --state=running --no-legend --plain --type=service | "
        "cut -d' ' -f1 | sort"
    )
    ask(host, "runuser -u postgres -- psql -qXc 'create table copy_probe (n int, t text)' orders")
    before, survey = ask(host, digest), read_survey(host, "before")
    secret = ask(host, "sed -n 's/^password *= *//p' /etc/orders/orders.conf").strip()
    key = ask(host, "sed -n 2p /etc/ssl/private/ssl-cert-snakeoil.key").strip()
    host_key = ask(host, "sed -n 3p /etc/ssh/ssh_host_ed25519_key").strip()
    verifier = ask(
        host, "runuser -u postgres -- psql -XAtc \"select rolpassword from pg_authid where rolname = 'orders'\""
    ).strip()
    ask(host, "systemd-run --quiet --collect --unit=copy-writer sh -c '" + WRITER.replace("'", "'\\''") + "'")
    try:
        time.sleep(1)
        copy_host, copy = make_copy(host, SANDBOX, number=number, survey=survey, say=print)
        ask(host, "rm -f /tmp/copy-writer; sleep 1; systemctl stop copy-writer 2>/dev/null || true")
        yield {
            "host": host,
            "number": number,
            "before": before,
            "after": ask(host, digest),
            "survey": survey,
            "copy_host": copy_host,
            "copy": copy,
            "secrets": [secret, key, host_key, verifier],
        }
    finally:
        remove_copy(SANDBOX, number=number, host=host, say=print)
        lab.remove(NAME)
    assert not left(number)


def test_the_copy_serves_as_the_host_does(made):
    answer = json.loads(ask(made["copy_host"], "curl -fsS --max-time 5 http://127.0.0.1/health"))
    assert answer["status"] == "ok" and answer["orders"] >= 5000
    twin = read_survey(made["copy_host"], "before")
    assert twin.packages == made["survey"].packages and twin.releases == made["survey"].releases
    assert [c.schema_digest for c in twin.clusters] == [c.schema_digest for c in made["survey"].clusters]
    assert twin.hostname == made["survey"].hostname and twin.boot != made["survey"].boot


def test_the_data_is_whole_though_it_was_written_to(made):
    """A copy of the files of a busy database does not start; a base backup holds every row committed before it."""
    rows = ask(
        made["copy_host"],
        "runuser -u postgres -- psql -XAtqc 'select count(*), count(*) % 200 from copy_probe' orders; "
        "runuser -u postgres -- vacuumdb -q --analyze orders && echo fine",
    )
    count, rest = rows.splitlines()[0].split("|")
    assert int(count) >= 200 and int(rest) == 0 and rows.endswith("fine\n")


def test_no_secret_is_on_the_engine(made):
    """Neither in the image's layer nor in the container's own, nor in any process or log of the copy."""
    place = made["copy"].place
    layers = [
        path
        for kind, name in (("image", f"{place}:copy"), ("container", place), ("container", f"{place}-gateway"))
        for path in json.loads(ENGINE.run(kind, "inspect", "-f", "{{json .GraphDriver.Data}}", name)).values()
    ]
    folders = sorted(
        {part for path in layers for part in path.split(":") if Path(part).is_dir() and not part.endswith(("merged", "work"))}
    )
    assert all(len(secret) > 15 for secret in made["secrets"])
    found = {}
    for secret in made["secrets"]:
        needle = secret.split("$")[2].split(":")[0] if secret.startswith("SCRAM") else secret
        done = subprocess.run(["grep", "-rlaF", "-e", needle, *folders], capture_output=True, text=True, check=False, timeout=300)
        found[secret[:4]] = done.stdout.split()
    assert not any(found.values()), found
    said = ENGINE.run("inspect", place, f"{place}-gateway", f"{place}:copy") + ENGINE.run("logs", place)
    assert not any(secret in said for secret in made["secrets"])
    assert not any(secret in made["copy"].canonical() for secret in made["secrets"])


def test_the_application_has_another_password_and_it_works(made):
    new = ask(made["copy_host"], "sed -n 's/^password *= *//p' /etc/orders/orders.conf").strip()
    assert new and new != made["secrets"][0] and len(new) == len(made["secrets"][0])
    assert ask(made["copy_host"], f"PGPASSWORD={new} psql -h 127.0.0.1 -U orders -XAtc 'select 1' orders") == "1\n"
    assert ask(
        made["copy_host"],
        f"PGPASSWORD='{made['secrets'][0]}' psql -h 127.0.0.1 -U orders -XAtc 'select 1' orders 2>&1 || echo no",
    ).endswith("no\n")
    assert ask(made["copy_host"], "stat -c '%a %U:%G' /etc/orders/orders.conf") == "640 root:orders\n"


def test_the_copy_reaches_nothing_but_its_package_source(made):
    gateway = ask(
        made["copy_host"], "sed -n 's#.*\"http://\\(.*\\)/\";#\\1#p' /etc/apt/apt.conf.d/99standfast-copy | head -1"
    ).strip()
    bridge, own = (
        str(next(ip_network(ENGINE.run("network", "inspect", "-f", "{{(index .IPAM.Config 0).Subnet}}", name)).hosts()))
        for name in ("bridge", made["copy"].place)
    )
    others = [
        line
        for line in ENGINE.run(
            "inspect", "-f", "{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}", *ENGINE.run("ps", "-q").split()
        ).split()
        if line
    ]
    mine = ask(made["copy_host"], "hostname -I").split() + [gateway.partition(":")[0]]
    target = ask(made["host"], "hostname -I").split()
    for address in sorted({bridge, own, "192.0.2.1", *others, *target} - set(mine)):
        for port in (22, 80):
            answer = ask(
                made["copy_host"], f"timeout 6 bash -c 'exec 3<>/dev/tcp/{address}/{port}' 2>/dev/null && echo open || echo shut"
            )
            assert answer == "shut\n", f"{address}:{port}"
            shown = ask(
                made["copy_host"],
                f"curl -sS -m 6 -o /dev/null -w '%{{http_code}}' -x http://{gateway} http://{address}:{port}/ || true",
            )
            assert shown == "403", f"{address}:{port} through the gateway: {shown}"
    source = made["survey"].package_hosts[0].partition(":")[0]
    assert ask(made["copy_host"], f"timeout 20 getent hosts {source} || echo no name") == "no name\n"
    query = (
        "import socket; s=socket.socket(socket.AF_INET,socket.SOCK_DGRAM); s.settimeout(6); "
        "s.sendto(bytes.fromhex('123401000001000000000000076578616d706c6503636f6d0000010001'),('127.0.0.11',53)); r=s.recv(512); "
        "print('answered' if r[7] else 'nothing')"
    )
    assert "answered" not in ask(made["copy_host"], f'python3 -c "{query}" 2>&1 || true')


def test_an_upgrade_runs_through_the_gateway(made):
    script = (
        "apt-get -q update >/dev/null && DEBIAN_FRONTEND=noninteractive apt-get -q -y -o Dpkg::Options::=--force-confold "
        "install --only-upgrade nginx >/dev/null && dpkg --audit && curl -fsS http://127.0.0.1/health >/dev/null; "
        "dpkg-query -W -f='${Version}' nginx"
    )
    version = ask(made["copy_host"], script, 300)
    old = next(package.version for package in made["survey"].packages if package.name == "nginx")
    assert version != old and "deb12" in version


def test_nothing_changed_on_the_host(made):
    assert made["after"] == made["before"]
    first, then = made["survey"], read_survey(made["host"], "after")
    for part in ("packages", "configuration", "releases"):
        assert getattr(then, part) == getattr(first, part), part
    assert [(c.version, c.schema_digest) for c in then.clusters] == [(c.version, c.schema_digest) for c in first.clusters]
    assert {s.name for s in then.services if s.enabled == "enabled"} == {s.name for s in first.services if s.enabled == "enabled"}
    assert then.facts_digest() == first.facts_digest()


def test_the_cost_is_told(made):
    copy = made["copy"]
    assert 0 < copy.bytes_read <= copy.bytes_in_use * 1.1 and copy.seconds > 0
    assert any("orders.conf" in line.en for line in copy.masked) and copy.left_out


def test_a_host_too_large_is_refused_before_anything_is_copied(made):
    small = Sandbox(disk_mib=256)
    with pytest.raises(BlockersFound, match="may take 256 MiB"):
        make_copy(made["host"], small, number="CHG-T-SMALL", survey=made["survey"], say=print)
    assert not left("CHG-T-SMALL")


def test_what_a_killed_run_left_is_removed_by_the_next(made):
    number = f"CHG-T-KILL-{os.getpid()}"
    program = (
        "import sys, yaml\nfrom blocks.host_access import HostAccess\nfrom tests.live.test_simulated_copy import *\n"
        f"host = lab_host('{made['host'].name}')\nprint('reading', flush=True)\n"
        f"make_copy(host, SANDBOX, number='{number}', survey=read_survey(host, 'x'), say=lambda s: print(s, flush=True))\n"
    )
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2])
    limit = time.monotonic() + 300
    for line in process.stdout:  # the file systems are there, container and gateway are being made
        if "file systems are copied" in line or time.monotonic() > limit:
            break
    time.sleep(1.5)
    os.kill(process.pid, signal.SIGKILL)
    process.wait(timeout=10)
    assert left(number), "it was killed while things of it were there"
    gone = remove_stale_copies(SANDBOX, older_than_minutes=60)
    assert left(number) and not any(number in line for line in gone), "a young copy stays"
    remove_copy(SANDBOX, number=number, host=made["host"], say=print)
    assert not left(number) and ENGINE.names("container", f"{COPY_LABEL}={made['number']}", f"{TARGET_LABEL}={made['host'].name}")
