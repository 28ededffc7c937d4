"""Security hardening of a host with a kernel of its own, a virtual machine (R008): what the kernel, its modules, its audit and the logs are told, others' tools
find in force, also after a restart; and it comes back exactly."""

from __future__ import annotations

import pytest

from deployments.lab import Lab, LabError, machine
from tests.live.drive import Desk
from tests.live.hardening import LogHost, altered, log_host, state, usable
from tests.live.test_hardening import FULLER, WEB_FILES, hardened_and_back
from tests.live.test_security_check import baseline

pytestmark = pytest.mark.long
HOST = "vm1"
FILES = WEB_FILES | {"/etc/audit/rules.d/standfast.rules", "/etc/audit/auditd.conf", "/etc/rsyslog.d/zz-standfast.conf", "/etc/fstab",
                     "/etc/modprobe.d/standfast.conf"}
# Each line that our files say, as the tools of those who do not know us read what is in force.
IN_FORCE = r"""set -eu
sed -n 's/ = / /p' /etc/sysctl.d/zz-standfast.conf | while read -r name value; do [ "$(sysctl -n "$name")" = "$value" ] || echo "sysctl $name"; done
awk '$1 == "install" { print $2 }' /etc/modprobe.d/standfast.conf | while read -r name; do
  modprobe -n -v "$name" | grep -q 'install /bin/false' && ! modprobe "$name" 2>/dev/null || echo "module $name"
done
auditctl -s | grep -qx 'enabled 1' || echo "audit is off"
[ "$(auditctl -l | wc -l)" -ge "$(grep -c '^-[aw]' /etc/audit/rules.d/standfast.rules)" ] || echo "audit's rules"
touch /etc/hosts; ausearch -ts recent -f /etc/hosts 2>/dev/null | grep -q 'type=SYSCALL' || echo "nothing recorded of /etc/hosts"
findmnt -n -o OPTIONS /dev/shm | grep noexec | grep nodev | grep -q nosuid || echo "/dev/shm"
nft list ruleset | grep -q 'hook input .*policy drop' || echo "packet filter"
rm -f /var/log/mode.log; echo 'local6.* /var/log/mode.log' >/etc/rsyslog.d/mode.conf; systemctl restart rsyslog; logger -p local6.info mode; sleep 5
[ "$(stat -c %a /var/log/mode.log)" = 640 ] || echo "mode of a new log: $(stat -c %a /var/log/mode.log)"
rm -f /etc/rsyslog.d/mode.conf /var/log/mode.log; systemctl restart rsyslog
"""


@pytest.fixture(scope="module")
def vm(lab) -> Lab:
    """The host as customers have it; it is rehearsed on a simulated copy."""
    try:
        machine.ensure()
    except LabError as problem:
        pytest.skip(f"no virtual machine on this machine: {problem}")
    lab.reset(HOST)
    lab.must(HOST, FULLER.format(besides="rsyslog auditd"), 900)
    yield lab
    lab.remove(HOST)


@pytest.fixture
def logs():
    with log_host() as listening:
        yield listening


def test_others_tools_find_it_in_force_also_after_a_restart_and_it_comes_back_exactly(vm, server, tmp_path, logs: LogHost):
    desk = Desk.open(vm, tmp_path, server.environment)
    baseline(desk, log_host=logs.address)

    def hardened() -> None:
        assert vm.must(HOST, IN_FORCE, 300) == ""
        vm.must(HOST, "logger -p auth.info told-before-the-restart")
        assert logs.heard("told-before-the-restart")
        was = state(vm, HOST)
        vm.restart(HOST, orderly=True)
        assert altered(was, state(vm, HOST)) == {}
        assert vm.must(HOST, IN_FORCE, 300) == ""
        vm.must(HOST, "logger -p auth.info told-after-the-restart")
        assert logs.heard("told-after-the-restart")
        usable(vm, HOST, tmp_path)

    hardened_and_back(desk, vm, HOST, (HOST, f"{HOST}-postgresql", f"{HOST}-mariadb"), FILES, tmp_path, hardened=hardened)
