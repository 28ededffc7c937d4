"""Every kind of upgrade and every kind of surrounding once through the whole lifecycle: what the other tests only meet in parts (R013)."""

from __future__ import annotations

import json
import subprocess

import pytest
import yaml

from deployments.orchestrator import free_port
from reports.archive import Archive
from reports.records import Plan
from tests.live.drive import Desk, facts, healthy
from tests.live.test_upgrade import NGINX

pytestmark = pytest.mark.long


@pytest.fixture
def desk(lab, fresh_web1, server, tmp_path):
    return Desk.open(lab, tmp_path, server.environment)


def version(lab, host: str, package: str) -> str:
    return lab.must(host, f"dpkg-query -W -f '${{Version}}' {package}").strip()


def carried_out(desk: Desk, number: str) -> dict:
    done = desk.run("carry-out", number, "--json", limit_s=900)
    assert done.returncode == 0, done.stderr[-3000:] + desk.run("status", number).stdout
    assert desk.run("archive", "verify").returncode == 0
    return json.loads(done.stdout)


def backed_out(desk: Desk, number: str) -> str:
    """On request, with an approval of its own; returns the number of that change."""
    asked = desk.run("back-out", number, "--reason", "客户要求", "--requester", "张工", "--json")
    assert asked.returncode == 6, asked.stderr[-3000:] + asked.stdout
    second = json.loads(asked.stdout)["number"]
    desk.approve(second)
    assert desk.run("carry-out", second, limit_s=900).returncode == 0, desk.run("status", second).stdout
    return second


def test_postgresql_on_a_copy_for_real_and_back(desk, lab):
    """The database's minor version: a dump proven restorable first, the same rows afterwards, and the old version again."""
    before, old = facts(lab), version(lab, "web1", "postgresql-15")
    number = desk.approved(kind="database", scope="listed", packages=["postgresql-15"])
    archive = desk.archive
    assert any("dump" in step.key for step in archive.load(number, "plan", "1", Plan).steps)
    archive.dispose()
    assert carried_out(desk, number)["closure"] == "successful"
    assert version(lab, "web1", "postgresql-15") != old and healthy(lab)
    assert facts(lab).splitlines()[-2:] == before.splitlines()[-2:], "the same rows and the same schema"
    running = lab.must("web1", "su postgres -c \"psql -At -c 'show server_version'\"")
    assert version(lab, "web1", "postgresql-15").partition("-")[0] in running, "the server that runs is the new one"
    backed_out(desk, number)
    assert facts(lab) == before and healthy(lab)


def test_tomcat_on_a_copy_for_real_and_back(lab, server, tmp_path):
    lab.reset("tomcat1")
    try:
        desk = Desk.open(lab, tmp_path, server.environment)
        old = version(lab, "tomcat1", "tomcat10")
        number = desk.approved(kind="middleware", scope="listed", packages=["tomcat10"], hosts=["tomcat1"])
        assert carried_out(desk, number)["closure"] == "successful"
        assert version(lab, "tomcat1", "tomcat10") != old
        assert lab.must("tomcat1", "systemctl is-active tomcat10").strip() == "active"
        backed_out(desk, number)
        assert version(lab, "tomcat1", "tomcat10") == old
        assert lab.must("tomcat1", "systemctl is-active tomcat10; curl -sS -o /dev/null --max-time 20 http://127.0.0.1:8080/").strip() == "active"
    finally:
        lab.remove("tomcat1")


def test_a_canary_and_batches_stop_at_the_first_that_is_not_healthy(lab, server, tmp_path):
    """Four hosts, one canary, then two, then one. A host of the second batch is not healthy: all that was begun is taken back, the last was never touched."""
    names = [f"node{n}" for n in range(1, 5)]
    for name in [*names, "node99"]:
        lab.reset(name)
    try:
        desk = Desk.open(lab, tmp_path, server.environment)
        old = {name: version(lab, name, "nginx") for name in names}
        asked = {"kind": "middleware", "scope": "listed", "packages": ["nginx"], "hosts": names, "rehearse_on": "node99", "batch_size": 2}
        number = desk.approved(**asked)
        # Healthy until it is upgraded: what the upgrade starts is stopped again by something else.
        lab.must("node3", f"""cat > /root/spoil <<'END'
n=0
while [ $n -lt 600 ]; do n=$((n+1)); sleep 0.5
  [ "$(dpkg-query -W -f '${{Version}}' nginx)" = '{old['node3']}' ] || systemctl stop nginx
done
END
systemd-run --quiet --collect --unit=spoil sh /root/spoil""")
        done = desk.run("carry-out", number, limit_s=900)
        lab.exec("node3", "systemctl stop spoil")
        assert done.returncode in (1, 3), done.stderr[-2000:]
        if done.returncode == 1:  # the spoiler was still at work when the back-out was proved
            assert desk.run("resume", number, "--here", limit_s=600).returncode == 3, desk.run("status", number).stdout
        assert {name: version(lab, name, "nginx") for name in names} == old
        begun = {entry.target for entry in desk.journal(number, "step begun")}
        assert "node1" in begun and "node3" in begun and "node4" not in begun
        assert all(lab.must(name, "systemctl is-active nginx").strip() == "active" for name in names)

        number = desk.approved(**asked)
        assert carried_out(desk, number)["closure"] == "successful"
        assert all(version(lab, name, "nginx") != old[name] for name in names)
        order = [entry.target for entry in desk.journal(number, "step begun")]
        assert order.index("node4") > max(n for n, name in enumerate(order) if name == "node3"), "the last batch waits for the one before"
    finally:
        lab.remove(*names, "node99")


def test_sudo_that_asks_for_a_password(desk, lab):
    """The password becomes root, and lies nowhere afterwards: not in the archive, not on the host, not in the log."""
    secret = "Kx7-lab-only-9f"
    lab.must("web1", f"echo 'ops:{secret}' | chpasswd; grep -rl NOPASSWD /etc/sudoers /etc/sudoers.d | xargs sed -i 's/NOPASSWD: *//'")
    assert lab.exec("web1", "su ops -c 'sudo -n true'")[0] != 0
    password = desk.folder / "password"
    password.write_text("not-this-one")
    wrong = Desk.open(lab, desk.folder, desk.environment, web1={"sudo_password": {"file": str(password)}})
    refused = wrong.run("start", str(wrong.request(**NGINX)), "--here")
    assert refused.returncode == 4 and "may not become root" in refused.stdout + refused.stderr
    password.write_text(secret)
    right = Desk.open(lab, desk.folder, desk.environment, web1={"sudo_password": {"file": str(password)}})
    number = right.approved(**NGINX)
    carried_out(right, number)
    password.unlink()
    assert subprocess.run(["grep", "-rl", secret, str(desk.folder)], capture_output=True, text=True).stdout == ""
    assert lab.exec("web1", f"grep -rl {secret} /var/lib/standfast /var/log /tmp /run/standfast 2>/dev/null")[1].strip() == ""


def test_the_archive_on_postgresql(lab, fresh_web1, server, tmp_path):
    """The whole lifecycle with its archive on PostgreSQL (on web2, reached through a forwarded port as an operator would)."""
    lab.must("web2", """su postgres -c "psql -q -c \\"create role standfast login password 'lab'\\" -c 'create database standfast owner standfast'" """)
    host, port = lab.host("web2"), free_port(54399)
    with subprocess.Popen(["ssh", "-N", "-i", host.key_file, "-p", str(host.port), "-o", "BatchMode=yes", "-o", "ExitOnForwardFailure=yes",
                           "-o", f"UserKnownHostsFile={known_hosts(tmp_path, host)}", "-L", f"127.0.0.1:{port}:127.0.0.1:5432",
                           f"{host.user}@{host.address}"], stdin=subprocess.DEVNULL) as tunnel:
        try:
            database = f"postgresql+psycopg://standfast:lab@127.0.0.1:{port}/standfast"
            desk = OnPostgreSQL.open(lab, tmp_path, server.environment)
            (tmp_path / "address").write_text(database)
            inventory = yaml.safe_load((tmp_path / "inventory.yaml").read_text())
            inventory["archives"][0]["database"] = {"file": str(tmp_path / "address")}
            (tmp_path / "inventory.yaml").write_text(yaml.safe_dump(inventory, allow_unicode=True))
            lab.must("web2", "n=0; until ss -Htn state established sport = :22 | grep -q .; do sleep 0.2; n=$((n+1)); [ $n -lt 100 ]; done")
            number = desk.approved(kind="packages", scope="listed", packages=["nginx"])
            assert carried_out(desk, number)["closure"] == "successful"
            assert not (tmp_path / "archive.db").exists()
        finally:
            tunnel.terminate()
            tunnel.wait(10)
            lab.exec("web2", "su postgres -c 'psql -q -c \"drop database if exists standfast with (force)\" -c \"drop role if exists standfast\"'")


class OnPostgreSQL(Desk):
    @property
    def archive(self) -> Archive:
        return Archive.open((self.folder / "address").read_text(), self.folder / "store", self.folder / "signing.key")


def known_hosts(folder, host):
    path = folder / "known_hosts"
    path.write_text(f"[{host.address}]:{host.port} {host.host_key}\n")
    return path
