"""Whatever a step does to the way in, the host is as before again by itself, within the step's time, and nobody has to go there.

Each way is the change itself: carried out by the runner as root, with a guard. Then nobody gets in, or not as our work needs it.
"""

from __future__ import annotations

import itertools
import threading
import time
from datetime import UTC, datetime

import pytest

from blocks.host_access import HostAccess
from deployments.inventory import read_inventory
from tasks import remote, running
from tests.live.scratch import plan, step

HOST = "web2"
CONFIRM_S = 8
_serial = itertools.count(1)

SSHD = ("/etc/ssh",)
ACCOUNTS = ("/etc/passwd", "/etc/shadow")
RELOAD = "systemctl reload ssh"
RESTART = "systemctl reset-failed ssh; systemctl restart ssh"


def setting(lines: str) -> str:
    return f"printf '%s\\n' '{lines}' >/etc/ssh/sshd_config.d/00-bad.conf; {RELOAD}"


# name: what it does, which files it may change, how what they say comes into force
WAYS: dict[str, tuple[str, tuple[str, ...], str]] = {
    "sshd does not start with it": ("echo Nonsense yes >/etc/ssh/sshd_config.d/00-bad.conf; systemctl restart ssh || true", SSHD, RESTART),
    "sshd lets nobody in": (setting("AllowUsers nobody"), SSHD, RELOAD),
    "sshd keeps us out": (setting("DenyUsers ops"), SSHD, RELOAD),
    "sshd lets another group in": (setting("AllowGroups nogroup"), SSHD, RELOAD),
    "sshd takes no keys": (setting("PubkeyAuthentication no"), SSHD, RELOAD),
    "sshd wants two factors": (
        setting("KbdInteractiveAuthentication yes\nAuthenticationMethods publickey,keyboard-interactive"), SSHD, RELOAD),
    "sshd listens elsewhere": (setting("Port 2222"), SSHD, RELOAD),
    "sshd listens on loopback": ("echo ListenAddress 127.0.0.2 >/etc/ssh/sshd_config.d/00-bad.conf; systemctl restart ssh", SSHD, RESTART),
    "sshd lets one start at a time": (setting("MaxStartups 1"), SSHD, RELOAD),
    "sshd gives one session": (setting("MaxSessions 1"), SSHD, RELOAD),
    "sshd gives no session": (setting("MaxSessions 0"), SSHD, RELOAD),
    "sshd speaks what we do not": (setting("KexAlgorithms sntrup761x25519-sha512@openssh.com"), SSHD, RELOAD),
    "sshd gives another command": (setting("ForceCommand /bin/false"), SSHD, RELOAD),
    "sshd puts us elsewhere": (setting("ChrootDirectory /var/empty"), SSHD, RELOAD),
    "sshd looks for keys elsewhere": (setting("AuthorizedKeysFile none"), SSHD, RELOAD),
    "sshd has another key": ("rm /etc/ssh/ssh_host_*; ssh-keygen -q -A; systemctl restart ssh", SSHD, RESTART),
    "sshd cannot use its keys": ("chmod 666 /etc/ssh/ssh_host_*_key; systemctl restart ssh || true", SSHD, RESTART),
    "sshd is stopped": ("systemctl stop ssh", (), RESTART),
    "our key is gone": ("rm /home/ops/.ssh/authorized_keys", ("/home/ops/.ssh",), "true"),
    "our key may be written by all": ("chmod 777 /home/ops/.ssh", ("/home/ops/.ssh",), "true"),
    "our home is gone": ("mv /home/ops /home/away", (), "[ ! -d /home/away ] || mv /home/away /home/ops"),
    "our account has expired": ("usermod -e 1 ops", ACCOUNTS, "true"),
    "our password must be changed": ("chage -d 0 ops", ACCOUNTS, "true"),
    "our shell lets nobody in": ("usermod -s /usr/sbin/nologin ops", ACCOUNTS, "true"),
    "nobody may log in": ("touch /etc/nologin", (), "rm -f /etc/nologin"),
    "PAM asks a module that is not there": ("sed -i '1i account required pam_nothere.so' /etc/pam.d/common-account", ("/etc/pam.d",), "true"),
    "PAM lets nobody in by list": ("echo 'account required pam_access.so' >>/etc/pam.d/sshd; echo '-:ALL:ALL' >>/etc/security/access.conf",
                                   ("/etc/pam.d", "/etc/security"), "true"),
    "PAM's stack is empty": (": >/etc/pam.d/common-account; echo 'account requisite pam_deny.so' >/etc/pam.d/common-account", ("/etc/pam.d",), "true"),
    "no process for us": ("echo 'ops hard nproc 0' >/etc/security/limits.d/bad.conf", ("/etc/security",), "true"),
    "wrappers refuse": ("echo 'sshd: ALL' >>/etc/hosts.deny", ("/etc/hosts.deny",), "true"),
    "sudo does not know us": ("rm /etc/sudoers.d/*ops*", ("/etc/sudoers.d",), "true"),
    "sudo refuses its own file": ("chmod 666 /etc/sudoers", ("/etc/sudoers",), "true"),
    "sudo wants a terminal": ("echo 'Defaults requiretty' >/etc/sudoers.d/zz-bad; chmod 440 /etc/sudoers.d/zz-bad", ("/etc/sudoers.d",), "true"),
    "sudo is not root's any more": ("chmod u-s /usr/bin/sudo", ("/usr/bin/sudo",), "true"),
    "the firewall drops our port": ("nft add table inet bad; nft add chain inet bad in '{ type filter hook input priority 0; }'; "
                                    "nft add rule inet bad in tcp dport 22 drop", (), "nft delete table inet bad 2>/dev/null || true"),
    "the firewall drops everything": ("nft add table inet bad; nft add chain inet bad in '{ type filter hook input priority 0; policy drop; }'", (),
                                      "nft delete table inet bad 2>/dev/null || true"),
    "the network is down": ("ip link set eth0 down", (), "ip link set eth0 up"),
}

FACTS = """
places='/etc/ssh /etc/pam.d /etc/security /etc/sudoers /etc/sudoers.d /etc/passwd /etc/shadow /etc/hosts.deny /usr/bin/sudo /home'
find $places -printf '%p %m %u %g %l\\n' | sort
find $places -type f -exec sha256sum {} + | sort
ls /etc/nologin 2>&1; systemctl is-active ssh; sshd -T | sort; nft list ruleset; cat /sys/class/net/eth0/operstate
ls /etc/systemd/system /etc/systemd/system/multi-user.target.wants; systemctl list-units --no-legend --plain 'standfast-guard*'
"""


def bad(way: str, confirm_s: int = CONFIRM_S):
    """The way as a step with an undo that brings back bytes, owner and mode of what it may change."""
    does, files, into_force = WAYS[way]
    saved = " ".join(files)
    save = f'umask 077; [ -e "$CHANGE_DIR/saved/before.tar" ] || tar -cPf "$CHANGE_DIR/saved/before.tar" --xattrs {saved}\n' if files else ""
    folders = " ".join(f"'{name}'" for name in files if not name.endswith(("passwd", "shadow", "deny", "sudo", "sudoers")))
    clear = f"find {folders} -mindepth 1 -delete\n" if folders else ""
    back = f'[ ! -e "$CHANGE_DIR/saved/before.tar" ] || {{ {clear} tar -xPpf "$CHANGE_DIR/saved/before.tar" --xattrs; }}\n' if files else ""
    return step(1, "break", HOST).model_copy(update={
        "command": f"{save}{does}\n", "proof": "true\n", "probe": "", "holds_before": "",
        "undo": f"{back}{into_force}\n", "undo_proof": "true\n", "confirm_s": confirm_s, "time_limit_s": 60})


@pytest.fixture(scope="module")
def there(lab) -> HostAccess:
    return next(h for h in read_inventory(lab.inventory).hosts if h.name == HOST)


@pytest.fixture
def number(lab, there):
    name = f"CHG-{datetime.now(UTC):%Y%m%d}-{800 + next(_serial)}"
    lab.must(HOST, "command -v nft >/dev/null || apt-get install -qy nftables >/dev/null; touch /etc/hosts.deny")
    remote.disconnect_all()
    yield name
    remote.disconnect_all()
    # A trial that went wrong must not decide those after it.
    lab.exec(HOST, f"cd /var/lib/standfast/changes/{name} && CHANGE_DIR=$PWD sh -eu steps/01-break/undo; rm -rf /var/lib/standfast/changes/{name}")


def carried_out(there, number, one):
    made = plan(number, [one])
    running.deliver(there, made, {})
    return running.attempt(there, number, made.steps[0], "carry out", 1, print, patience_s=30)


def trial(lab, there, number, way: str) -> None:
    before = lab.must(HOST, FACTS)
    began = time.monotonic()
    outcome = carried_out(there, number, bad(way))
    assert outcome.result == "failed" and "by itself" in outcome.problem.en and "自行撤回" in outcome.problem.zh, outcome
    assert time.monotonic() - began < 60
    assert lab.must(HOST, FACTS) == before


@pytest.mark.parametrize("way", ["sshd does not start with it", "sudo does not know us"])
def test_the_host_takes_it_back_by_itself(lab, there, number, way):
    trial(lab, there, number, way)


@pytest.mark.long
@pytest.mark.parametrize("way", [way for way in WAYS if way not in ("sshd does not start with it", "sudo does not know us")])
def test_the_host_takes_everything_back_by_itself(lab, there, number, way):
    trial(lab, there, number, way)


def test_what_keeps_nobody_out_stays_and_the_guard_is_gone(lab, there, number):
    before = lab.must(HOST, FACTS)
    WAYS["harmless"] = (setting("MaxAuthTries 5"), SSHD, RELOAD)
    one = bad("harmless")
    outcome = carried_out(there, number, one)
    assert outcome.result == "done", outcome
    time.sleep(CONFIRM_S + 3)
    assert "maxauthtries 5" in lab.must(HOST, "sshd -T")
    assert "standfast-guard" not in lab.must(HOST, FACTS)
    assert running.attempt(there, number, one, "undo", 1, print).result == "done"
    assert lab.must(HOST, FACTS) == before


def begun(there, number, one) -> None:
    """Carried out, and whoever did it is gone before he confirmed."""
    made = plan(number, [one])
    running.deliver(there, made, {})
    folder = running.step_folder(number, one)
    with remote.connected(there) as far:
        far.run(running._watch(folder, "carry-out", 1, f"standfast-{number}-01-carry-out-1".lower(), "root", 60, 0), timeout_s=60)
    remote.disconnect_all()


def test_nobody_confirms(lab, there, number):
    before = lab.must(HOST, FACTS)
    begun(there, number, bad("sshd takes no keys"))
    assert lab.must(HOST, FACTS) != before
    lab.until(HOST, f"ls /var/lib/standfast/changes/{number}/steps/*/carry-out-1/reverted", CONFIRM_S + 20)
    assert lab.must(HOST, FACTS) == before
    # Who comes back afterwards is told.
    outcome = running.attempt(there, number, bad("sshd takes no keys"), "carry out", 1, print)
    assert outcome.result == "failed" and "by itself" in outcome.problem.en


@pytest.mark.long
def test_the_host_restarts_before_anybody_confirms(lab, there, number):
    """Timers do not outlive a restart; the guard does."""
    before = lab.must(HOST, FACTS)
    begun(there, number, bad("sshd takes no keys", confirm_s=600))
    assert lab.must(HOST, FACTS) != before
    lab.restart(HOST)
    lab.until(HOST, f"ls /var/lib/standfast/changes/{number}/steps/*/carry-out-1/reverted", 60)
    assert lab.must(HOST, FACTS) == before


@pytest.mark.long
def test_the_network_is_gone_meanwhile(lab, there, number):
    before = lab.must(HOST, FACTS)
    one = bad("sshd takes no keys", confirm_s=15)
    found = []
    worker = threading.Thread(target=lambda: found.append(carried_out(there, number, one)))
    worker.start()
    lab.until(HOST, f"[ -e /var/lib/standfast/changes/{number}/steps/01-break/carry-out-1/armed ]", 30)
    lab.cut(HOST)
    try:
        lab.until(HOST, f"ls /var/lib/standfast/changes/{number}/steps/*/carry-out-1/reverted", 60)
    finally:
        lab.mend(HOST)
    worker.join(120)
    assert found and found[0].result == "failed"
    assert lab.must(HOST, FACTS) == before
