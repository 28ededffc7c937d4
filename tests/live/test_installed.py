"""Packages that hardening stands on: installed on a real host, and taken away again so that nothing in /etc tells of them (R008)."""

from __future__ import annotations

import subprocess

import pytest

from deployments.lab import Lab
from tasks.operations.installed import install
from tasks.operations.mend import Mend

pytestmark = pytest.mark.long

HOST = "web1"
PLACE = "/root/installed"
STATE = r"""find /etc /var/lib/pam -xdev ! -path /etc/ld.so.cache -printf '%y %m %u %g %l %p\n' | sort
find /etc /var/lib/pam -xdev ! -path /etc/ld.so.cache -type f -exec sha256sum {} + | sort -k 2
dpkg-query -W -f '${Package} ${Version} ${db:Status-Abbrev}\n'; apt-mark showauto; sshd -T; systemctl list-unit-files --no-legend
"""


def run(lab: Lab, mend: Mend, part: str) -> subprocess.CompletedProcess:
    text = f"CHANGE_DIR={PLACE}; SAVED={PLACE}/saved; mkdir -p {PLACE}\n{getattr(mend, part)}"
    return subprocess.run(["docker", "exec", "-i", lab.host(HOST).container, "sh", "-eu", "-c", text], capture_output=True, text=True, timeout=900)


def test_they_come_whole_and_go_without_a_trace(lab, fresh_web1):
    lab.must(HOST, "apt-get -qq -y install --only-upgrade liblzma5 >/dev/null 2>&1 || true")  # so that nothing installed has to change with them
    mend = install(["libpam-pwquality", "cracklib-runtime", "wamerican", "debsums"])
    before = lab.must(HOST, STATE)
    assert run(lab, mend, "probe").stdout.split() == ["ABSENT"]
    for part in ("holds_before", "command", "proof"):
        done = run(lab, mend, part)
        assert done.returncode == 0, (part, done.stdout + done.stderr)
    assert "pam_pwquality" in lab.must(HOST, "cat /etc/pam.d/common-password") and lab.must(HOST, STATE) != before
    assert run(lab, mend, "probe").stdout.split() == ["DONE"] and run(lab, mend, "undo_holds").returncode == 0

    # what came later and needs it: nothing is touched
    lab.must(HOST, """mkdir -p /root/needy/DEBIAN; printf 'Package: needy\\nVersion: 1\\nArchitecture: all\\nMaintainer: x <x@example>\\nDepends: debsums\\n'\
 >/root/needy/DEBIAN/control; echo 'Description: needs it' >>/root/needy/DEBIAN/control; dpkg-deb -b /root/needy /root/needy.deb; dpkg -i /root/needy.deb""")
    refused = run(lab, mend, "undo_holds")
    assert refused.returncode == 1 and "needy needs by now" in refused.stderr
    assert run(lab, mend, "undo").returncode == 1 and run(lab, mend, "probe").stdout.split() == ["DONE"]
    lab.must(HOST, "dpkg -P needy; sed -i '/^Depends/d' /root/needy/DEBIAN/control; dpkg-deb -b /root/needy /root/needy.deb; dpkg -i /root/needy.deb")

    for part in ("undo", "undo_proof", "undo", "undo_proof"):  # a second time, too
        done = run(lab, mend, part)
        assert done.returncode == 0, (part, done.stdout + done.stderr)
    lab.must(HOST, "dpkg-query -W needy && dpkg -P needy && rm -r /root/needy*")  # it needs none of them, so it has stayed
    assert lab.must(HOST, STATE) == before


def test_what_is_installed_is_never_changed_by_it(lab, fresh_web1):
    """One that cannot be had, or only in the place of another: a clear sentence, and nothing is done."""
    before = lab.must(HOST, STATE)
    for names, said in ((["no-such-package-here"], "do not have it"), (["sysvinit-core"], "first, as an upgrade")):
        done = run(lab, install(names), "holds_before")
        assert done.returncode == 1 and said in done.stderr, done.stderr
    assert lab.must(HOST, STATE) == before
