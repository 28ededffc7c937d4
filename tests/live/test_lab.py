"""The lab is what it says: real hosts with upgrades waiting, that can be broken as real hosts break and made as new.

A host of its own is used here, so that tests beside these can have web1 and web2.
"""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time

import paramiko
import pytest
import yaml

from deployments.lab import LabError, control

POSTGRESQL = "/usr/lib/postgresql"
SPARE = "web9"


@pytest.fixture(scope="module", autouse=True)
def spare(lab):
    lab.up(hosts=[SPARE])
    yield
    lab.remove(SPARE)


@pytest.fixture
def fresh(lab):
    return lab.reset(SPARE)


def boot_id(lab, name):
    return lab.must(name, "cat /proc/sys/kernel/random/boot_id").strip()


def login(host, account, command):
    """Exit status and output of one command over SSH, with the host key pinned as the inventory has it."""
    kind, key = host.host_key.split()
    with paramiko.SSHClient() as client:
        client.get_host_keys().add(f"[{host.address}]:{host.port}", kind, paramiko.PKey.from_type_string(kind, _bytes(key)))
        client.connect(host.address, host.port, account, key_filename=host.key_file, timeout=10, allow_agent=False)
        _, out, err = client.exec_command(command, timeout=20)
        return out.channel.recv_exit_status(), (out.read() + err.read()).decode()


def _bytes(key):
    import base64

    return base64.b64decode(key)


def test_what_is_up_stays_and_asking_again_is_quick(lab):
    before = {name: lab.must(name, "cat /etc/machine-id") for name in ("web1", "web2")}
    began = time.monotonic()
    lab.up()
    assert time.monotonic() - began < 3
    assert before == {name: lab.must(name, "cat /etc/machine-id") for name in ("web1", "web2")}


def test_a_fresh_host_is_whole_and_has_upgrades_of_all_kinds_waiting(lab, fresh):
    assert lab.must(SPARE, "systemctl is-system-running").strip() == "running"
    assert lab.must(SPARE, "dpkg --audit") == ""
    health = json.loads(lab.must(SPARE, "curl -fsS http://127.0.0.1/health"))
    assert health == {"status": "ok", "version": "1.0.0", "orders": 5000}
    assert len(json.loads(lab.must(SPARE, "curl -fsS http://127.0.0.1/orders"))) == 20
    assert lab.exec(SPARE, "ls /etc/apt/preferences /etc/apt/preferences.d/* /usr/sbin/policy-rc.d")[0] != 0
    waiting = lab.must(
        SPARE, "apt-get -s -o Debug::NoLocking=1 upgrade | sed -n 's/^Inst \\([^ ]*\\) .*-[Ss]ecurity.*/\\1/p'"
    ).split()
    assert {"nginx", "postgresql-15", "libpq5", "openssl", "libssl3"} <= set(waiting)
    assert lab.must(SPARE, "systemctl list-units --type=timer --state=active --no-legend").strip() == ""


def test_logging_in_with_the_pinned_key(lab, fresh):
    assert login(lab.host(SPARE), "ops", "sudo -n id -u; hostname") == (0, f"0\n{SPARE}\n")
    code, output = login(lab.host(SPARE), "nosudo", "sudo -n id -u")
    assert code != 0 and "password is required" in output
    with pytest.raises(paramiko.AuthenticationException):
        login(lab.host(SPARE), "daemon", "id")


def test_a_reset_forgets_everything_but_the_host_key(lab):
    lab.must(SPARE, "touch /etc/left-behind; rm -rf /srv/orders")
    before, boot = lab.host(SPARE), boot_id(lab, SPARE)
    assert lab.reset(SPARE) == before
    assert lab.exec(SPARE, "test -e /etc/left-behind")[0] == 1
    assert boot_id(lab, SPARE) != boot
    listed = {host["name"]: host for host in yaml.safe_load(lab.inventory.read_text())["hosts"]}
    assert listed[SPARE]["host_key"] == before.host_key and listed[SPARE]["port"] == before.port


def test_two_hosts_share_neither_host_key_nor_machine_id(lab):
    assert lab.host("web1").host_key != lab.host(SPARE).host_key
    assert lab.must("web1", "cat /etc/machine-id") != lab.must(SPARE, "cat /etc/machine-id")


@pytest.mark.parametrize("orderly", [False, True], ids=["power loss", "reboot"])
def test_a_restart_gives_a_new_boot_id_and_loses_no_order(lab, orderly):
    lab.must(SPARE, "echo kept > /root/kept; sync; echo lost > /run/lost")
    before = boot_id(lab, SPARE)
    lab.restart(SPARE, orderly=orderly)
    assert boot_id(lab, SPARE) != before
    assert lab.exec(SPARE, "cat /root/kept; test -e /run/lost") == (1, "kept\n")
    assert json.loads(lab.must(SPARE, "curl -fsS http://127.0.0.1/health"))["orders"] == 5000


def test_a_cut_network_is_silence_and_mending_brings_back_the_same_port(lab):
    host = lab.host(SPARE)
    lab.must(SPARE, "systemd-run --unit=goes-on -q sh -c 'sleep 3; touch /run/went-on'")
    lab.cut(SPARE)
    try:
        with pytest.raises(OSError), socket.create_connection((host.address, host.port), timeout=2) as connection:
            connection.settimeout(2)
            assert connection.recv(4) == b""
            raise OSError("ended without a greeting")
        lab.until(SPARE, "test -e /run/went-on", 20)
    finally:
        lab.mend(SPARE)
    assert login(host, "ops", "hostname") == (0, f"{SPARE}\n")


def test_a_package_source_that_is_gone_is_told_at_once_and_comes_back(lab):
    lab.cut_mirror(SPARE)
    try:
        began = time.monotonic()
        assert lab.exec(SPARE, "apt-get -q update -o APT::Update::Error-Mode=any")[0] != 0
        assert time.monotonic() - began < 20
    finally:
        lab.mend_mirror(SPARE)
    lab.must(SPARE, "apt-get -q update -o APT::Update::Error-Mode=any")


def test_a_full_disk_breaks_an_upgrade_while_it_unpacks(lab, fresh):
    with pytest.raises(LabError, match="call small_disk"):
        lab.fill_disk(SPARE, POSTGRESQL)
    lab.small_disk(SPARE, POSTGRESQL, room_mib=100)
    assert lab.must(SPARE, "dpkg -V postgresql-15") == ""
    lab.fill_disk(SPARE, POSTGRESQL, left_kib=1024)
    upgrade = "DEBIAN_FRONTEND=noninteractive apt-get -q -y install --only-upgrade postgresql-15 < /dev/null"
    code, output = lab.exec(SPARE, upgrade, 180)
    assert code != 0 and "No space left on device" in output
    lab.free_disk(SPARE, POSTGRESQL)
    code, output = lab.exec(SPARE, f"dpkg --configure -a && {upgrade}", 180)
    assert code == 0, output
    lab.whole_disk(SPARE, POSTGRESQL)
    assert lab.must(SPARE, f"findmnt -n -T {POSTGRESQL} -o TARGET").strip() == "/"
    assert lab.must(SPARE, "dpkg -V postgresql-15; systemctl restart postgresql@15-main; dpkg --audit") == ""


def test_release_1_1_0_becomes_healthy_and_1_2_0_does_not(lab, fresh):
    def switch(version):
        with open(lab.release(version).archive, "rb") as opened:
            subprocess.run(
                [
                    "docker",
                    "exec",
                    "-i",
                    lab.host(SPARE).container,
                    "sh",
                    "-c",
                    f"cd /srv/orders/releases && tar -xz && mv orders-{version} {version}",
                ],
                stdin=opened,
                check=True,
                timeout=30,
            )
        lab.must(SPARE, f"ln -sfn releases/{version} /srv/orders/new && mv -T /srv/orders/new /srv/orders/current")
        lab.must(SPARE, "systemctl restart orders")
        time.sleep(2)
        return lab.exec(SPARE, "curl -fsS http://127.0.0.1:8000/health")

    assert switch("1.1.0")[0] != 0, "without its migration it must not be healthy"
    for _ in range(2):
        lab.must(SPARE, "cd /srv/orders/releases/1.1.0 && runuser -u orders -- ./migrate.sh")
    assert json.loads(lab.must(SPARE, "curl -fsS http://127.0.0.1:8000/health"))["version"] == "1.1.0"
    code, _ = switch("1.2.0")
    assert code != 0
    for _ in range(2):
        lab.must(SPARE, "cd /srv/orders/releases/1.1.0 && runuser -u orders -- ./migrate_back.sh")
    lab.must(SPARE, "cd /srv/orders && ln -sfn releases/1.0.0 new && mv -T new current && systemctl restart orders; sleep 2")
    assert json.loads(lab.must(SPARE, "curl -fsS http://127.0.0.1:8000/health"))["version"] == "1.0.0"


def test_the_vendors_signature_is_good_for_his_bytes_and_no_others(lab, tmp_path):
    release = lab.release("1.1.0")
    gpgv = shutil.which("gpgv")
    assert gpgv, "gpgv belongs to every Debian (package gpgv)"
    plain = tmp_path / "signature"
    import base64

    body = [line for line in open(release.signature).read().split("\n\n", 1)[1].splitlines() if line and line[0] not in "=-"]
    plain.write_bytes(base64.b64decode("".join(body)))
    check = [gpgv, "--keyring", release.keyring, str(plain)]
    assert subprocess.run([*check, release.archive], capture_output=True, timeout=30).returncode == 0
    other = tmp_path / "other.tar.gz"
    other.write_bytes(open(release.archive, "rb").read() + b"x")
    assert subprocess.run([*check, str(other)], capture_output=True, timeout=30).returncode != 0


def test_light_hosts_come_on_demand(lab):
    made = lab.up(nodes=2)
    assert {"web1", "web2", "node1", "node2"} <= set(made)
    assert len({host.port for host in made.values()}) == len(made)
    assert lab.exec("node2", "command -v psql")[0] != 0
    assert lab.must("node2", "dpkg-query -W -f '${db:Status-Abbrev}' nginx").strip() == "ii"


def test_a_host_that_was_left_cut_off_is_mended_by_bringing_the_lab_up(lab):
    lab.must(SPARE, "touch /root/still-the-same")
    lab.cut(SPARE)
    lab.up(hosts=[SPARE])
    assert login(lab.host(SPARE), "ops", "sudo ls /root/still-the-same")[0] == 0


def test_a_host_that_cannot_be_mended_is_made_afresh(lab, monkeypatch):
    monkeypatch.setattr(control, "REVIVE_LIMIT_S", 3)
    lab.must(SPARE, "systemctl disable --now ssh.service; systemctl mask ssh.service")
    lab.up(hosts=[SPARE])
    assert login(lab.host(SPARE), "ops", "hostname") == (0, f"{SPARE}\n")
