"""The lab is what it says: real hosts with upgrades waiting, that can be broken as real hosts break and made as new.

web2 and light hosts are used here, so that tests beside these can have web1.
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

from deployments.lab import LabError

POSTGRESQL = "/usr/lib/postgresql"


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


def test_a_fresh_host_is_whole_and_has_upgrades_of_all_kinds_waiting(lab, fresh_web2):
    assert lab.must("web2", "systemctl is-system-running").strip() == "running"
    assert lab.must("web2", "dpkg --audit") == ""
    health = json.loads(lab.must("web2", "curl -fsS http://127.0.0.1/health"))
    assert health == {"status": "ok", "version": "1.0.0", "orders": 5000}
    assert len(json.loads(lab.must("web2", "curl -fsS http://127.0.0.1/orders"))) == 20
    assert lab.exec("web2", "ls /etc/apt/preferences /etc/apt/preferences.d/* /usr/sbin/policy-rc.d")[0] != 0
    waiting = lab.must(
        "web2", "apt-get -s -o Debug::NoLocking=1 upgrade | sed -n 's/^Inst \\([^ ]*\\) .*-[Ss]ecurity.*/\\1/p'"
    ).split()
    assert {"nginx", "postgresql-15", "libpq5", "openssl", "libssl3"} <= set(waiting)
    assert lab.must("web2", "systemctl list-timers --all --no-legend").strip() == ""


def test_logging_in_with_the_pinned_key(lab, fresh_web2):
    assert login(lab.host("web2"), "ops", "sudo -n id -u; hostname") == (0, "0\nweb2\n")
    code, output = login(lab.host("web2"), "nosudo", "sudo -n id -u")
    assert code != 0 and "password is required" in output
    with pytest.raises(paramiko.AuthenticationException):
        login(lab.host("web2"), "daemon", "id")


def test_a_reset_forgets_everything_but_the_host_key(lab):
    lab.must("web2", "touch /etc/left-behind; rm -rf /srv/orders")
    before, boot = lab.host("web2"), boot_id(lab, "web2")
    assert lab.reset("web2") == before
    assert lab.exec("web2", "test -e /etc/left-behind")[0] == 1
    assert boot_id(lab, "web2") != boot
    listed = {host["name"]: host for host in yaml.safe_load(lab.inventory.read_text())["hosts"]}
    assert listed["web2"]["host_key"] == before.host_key and listed["web2"]["port"] == before.port


def test_two_hosts_share_neither_host_key_nor_machine_id(lab):
    assert lab.host("web1").host_key != lab.host("web2").host_key
    assert lab.must("web1", "cat /etc/machine-id") != lab.must("web2", "cat /etc/machine-id")


@pytest.mark.parametrize("orderly", [False, True], ids=["power loss", "reboot"])
def test_a_restart_gives_a_new_boot_id_and_loses_no_order(lab, orderly):
    lab.must("web2", "echo kept > /root/kept; sync; echo lost > /run/lost")
    before = boot_id(lab, "web2")
    lab.restart("web2", orderly=orderly)
    assert boot_id(lab, "web2") != before
    assert lab.exec("web2", "cat /root/kept; test -e /run/lost") == (1, "kept\n")
    assert json.loads(lab.must("web2", "curl -fsS http://127.0.0.1/health"))["orders"] == 5000


def test_a_cut_network_is_silence_and_mending_brings_back_the_same_port(lab):
    host = lab.host("web2")
    lab.must("web2", "systemd-run --unit=goes-on -q sh -c 'sleep 3; touch /run/went-on'")
    lab.cut("web2")
    try:
        with pytest.raises(OSError), socket.create_connection((host.address, host.port), timeout=2) as connection:
            connection.settimeout(2)
            assert connection.recv(4) == b""
            raise OSError("ended without a greeting")
        lab.until("web2", "test -e /run/went-on", 20)
    finally:
        lab.mend("web2")
    assert login(host, "ops", "hostname") == (0, "web2\n")


def test_a_package_source_that_is_gone_is_told_at_once_and_comes_back(lab):
    lab.cut_mirror("web2")
    try:
        began = time.monotonic()
        _, output = lab.exec("web2", "apt-get -q update -o APT::Update::Error-Mode=any")
        assert "Failed to fetch" in output or "Could not connect" in output
        assert time.monotonic() - began < 20
    finally:
        lab.mend_mirror("web2")
    lab.must("web2", "apt-get -q update -o APT::Update::Error-Mode=any")


def test_a_full_disk_breaks_an_upgrade_while_it_unpacks(lab, fresh_web2):
    with pytest.raises(LabError, match="call small_disk"):
        lab.fill_disk("web2", POSTGRESQL)
    lab.small_disk("web2", POSTGRESQL, room_mib=100)
    assert lab.must("web2", "dpkg -V postgresql-15") == ""
    lab.fill_disk("web2", POSTGRESQL, left_kib=1024)
    upgrade = "DEBIAN_FRONTEND=noninteractive apt-get -q -y install --only-upgrade postgresql-15 < /dev/null"
    code, output = lab.exec("web2", upgrade, 180)
    assert code != 0 and "No space left on device" in output
    lab.free_disk("web2", POSTGRESQL)
    code, output = lab.exec("web2", f"dpkg --configure -a && {upgrade}", 180)
    assert code == 0, output
    lab.whole_disk("web2", POSTGRESQL)
    assert lab.must("web2", f"findmnt -n -T {POSTGRESQL} -o TARGET").strip() == "/"
    assert lab.must("web2", "dpkg -V postgresql-15; systemctl restart postgresql@15-main; dpkg --audit") == ""


def test_release_1_1_0_becomes_healthy_and_1_2_0_does_not(lab, fresh_web2):
    def switch(version):
        with open(lab.release(version).archive, "rb") as opened:
            subprocess.run(
                [
                    "docker",
                    "exec",
                    "-i",
                    lab.host("web2").container,
                    "sh",
                    "-c",
                    f"cd /srv/orders/releases && tar -xz && mv orders-{version} {version}",
                ],
                stdin=opened,
                check=True,
                timeout=30,
            )
        lab.must("web2", f"ln -sfn releases/{version} /srv/orders/new && mv -T /srv/orders/new /srv/orders/current")
        lab.must("web2", "systemctl restart orders")
        time.sleep(2)
        return lab.exec("web2", "curl -fsS http://127.0.0.1:8000/health")

    assert switch("1.1.0")[0] != 0, "without its migration it must not be healthy"
    for _ in range(2):
        lab.must("web2", "cd /srv/orders/releases/1.1.0 && runuser -u orders -- ./migrate.sh")
    assert json.loads(lab.must("web2", "curl -fsS http://127.0.0.1:8000/health"))["version"] == "1.1.0"
    code, _ = switch("1.2.0")
    assert code != 0
    for _ in range(2):
        lab.must("web2", "cd /srv/orders/releases/1.1.0 && runuser -u orders -- ./migrate_back.sh")
    lab.must("web2", "cd /srv/orders && ln -sfn releases/1.0.0 new && mv -T new current && systemctl restart orders; sleep 2")
    assert json.loads(lab.must("web2", "curl -fsS http://127.0.0.1:8000/health"))["version"] == "1.0.0"


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
