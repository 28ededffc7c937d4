"""Volumes and ext4 grown in use on a host with a kernel of its own, a virtual machine: planned by what is read there, run by the real runner (R011)."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from itertools import count
from pathlib import Path

import pytest

import tasks.running
from deployments.lab import Lab, LabError, hosts, machine
from reports.records import Step
from tasks.planning.capacity import file_system, plan
from tasks.planning.capacity.expansion import Expansion
from tasks.requests import FileSystemGrowth

pytestmark = [pytest.mark.live, pytest.mark.long]
HOST, VOLUME, DISK = "vm1", "/srv/pages", "/srv/disk"
CHANGE_DIR = "/var/lib/standfast/changes/CHG-20260101-001"
RUNNER = "/root/runner"
PARTS = ("probe", "holds_before", "command", "proof", "undo", "undo_proof")
# A volume of 256 MiB in a group of 1 GiB, and a whole disk of 1 GiB; ext4 on both. A page lies on the volume; a writer waits for the disk after every line.
SET_UP = """set -e
pvcreate -q /dev/vdb; vgcreate -q data /dev/vdb; lvcreate -q -y -L 256M -n pages data
mkfs.ext4 -q /dev/data/pages; mkfs.ext4 -q /dev/vdc
mkdir -p /srv/pages /srv/disk /root/used
printf '%s\\n' '/dev/data/pages /srv/pages ext4 noatime 0 2' '/dev/vdc /srv/disk ext4 defaults 0 2' >>/etc/fstab
systemctl daemon-reload; mount -a
echo welcome >/srv/pages/page.html
printf 'server { listen 127.0.0.1:8081; root /srv/pages; }\\n' >/etc/nginx/sites-enabled/pages; systemctl reload nginx
echo 'while :; do curl -s -o /dev/null -w "%{http_code}\\n" --max-time 20 http://127.0.0.1:8081/page.html; sleep 1; done' >/usr/local/sbin/ask
echo 'n=0; while :; do n=$((n + 1)); echo $n >>/srv/pages/lines; sync -d /srv/pages/lines; sleep 0.5; done' >/usr/local/sbin/write
printf '[Service]\\nExecStart=sh /usr/local/sbin/write\\n' >/etc/systemd/system/writer.service; systemctl daemon-reload
"""
IN_USE = """rm -f /srv/pages/lines /root/used/answers
systemd-run -q --unit=asker sh -c 'exec sh /usr/local/sbin/ask >/root/used/answers'; systemctl start writer
n=0; until [ -s /srv/pages/lines ] && [ -s /root/used/answers ]; do sleep 0.2; n=$((n + 1)); [ $n -lt 300 ]; done"""
_attempts = count(1)


@pytest.fixture(scope="module")
def vm(lab) -> Lab:
    try:
        machine.ensure()
    except LabError as problem:
        pytest.skip(f"no virtual machine on this machine: {problem}")
    lab.reset(HOST)
    lab.must(HOST, SET_UP, 300)
    yield lab
    lab.remove(HOST)


@pytest.fixture
def in_use(vm) -> Lab:
    """The page is asked and the file written, all the time."""
    vm.must(HOST, IN_USE)
    yield vm
    vm.exec(HOST, "systemctl stop asker writer")


def expansion(lab: Lab, **wanted) -> Expansion:
    """What a request makes of what is read on the host."""
    part = FileSystemGrowth(**wanted)
    return file_system.expand(part, file_system.parse(lab.must(HOST, f"set -eu\n{file_system.facts_script(part)}")))


def steps_of(lab: Lab, found: Expansion) -> list[Step]:
    """Its steps, in the folder of a change as the carrying out makes it."""
    steps = [plan._step(number, HOST, act) for number, act in enumerate(found.acts, start=1)]
    writing = [f"set -e; rm -rf {CHANGE_DIR}; umask 077; mkdir -p {CHANGE_DIR}/media {CHANGE_DIR}/saved {CHANGE_DIR}/steps",
               f"printf %s {shlex.quote(Path(tasks.running.RUNNER).read_text())} >{RUNNER}"]
    for step in steps:
        folder = f"{CHANGE_DIR}/steps/{step.number:02d}-{step.key}"
        writing += [f"mkdir -p {folder}", *(f"printf %s {shlex.quote(getattr(step, part))} >{folder}/{part}" for part in PARTS)]
    done = hosts.run(lab.host(HOST), "sh", "-s", stdin="\n".join(writing).encode())
    assert done.returncode == 0, done.stderr
    return steps


def ran(lab: Lab, steps: Sequence[Step], action: str = "carry-out") -> list[str]:
    """Each step's result, with its output where it is not good."""
    results = []
    for step in steps:
        number, folder = next(_attempts), f"{CHANGE_DIR}/steps/{step.number:02d}-{step.key}"
        attempt = f"{folder}/{action}-{number}"
        told = lab.must(HOST, f"mkdir -p {attempt}; sh {RUNNER} {folder} {action} {number} {step.account} {step.time_limit_s} </dev/null; "
                              f"sed -n 's/^result=//p' {attempt}/result; cat {attempt}/out", 600)
        result, _, output = told.partition("\n")
        results.append(result if result in ("done", "undone", "nothing to do") else f"{result}: {output}")
    return results


def state(lab: Lab) -> str:
    """All that an expansion changes, read without any of our own code."""
    return lab.must(HOST, """
        df -P -k /srv/pages /srv/disk | awk '{ print $2, $6 }'
        for one in /dev/data/pages /dev/vdc; do dumpe2fs -h $one 2>/dev/null | grep '^Block count'; done
        lvs --noheadings --units b -o vg_name,lv_name,lv_size,vg_free,lv_attr; findmnt -n -o TARGET,SOURCE,OPTIONS /srv/pages; cksum /etc/fstab""")


def served(lab: Lab) -> set[str]:
    """What the asker was answered. Every line of the writer is there, in order."""
    lab.must(HOST, "sync; awk '$1 != NR { exit 1 }' /srv/pages/lines && [ $(wc -l </srv/pages/lines) -gt 5 ]")
    return set(lab.must(HOST, "sort -u /root/used/answers").split())


def free_kib(lab: Lab, mount: str) -> int:
    return int(lab.must(HOST, f"df -Pk {mount} | awk 'NR == 2 {{ print $4 }}'"))


def test_a_volume_and_its_ext4_grow_while_they_are_used_and_shrink_again(in_use):
    lab, before = in_use, state(in_use)
    wanted = {"mount": VOLUME, "free_mib": 500, "unmount": True, "stop": ["writer.service"]}
    assert "data/pages can have" in expansion(lab, **{**wanted, "free_mib": 2000}).blockers[0].en
    found = expansion(lab, **wanted)
    assert [act.key for act in found.acts] == ["extend-volume", "grow-file-system"] and not any(act.no_return for act in found.acts)
    steps, since = steps_of(lab, found), lab.must(HOST, "systemctl show -p ActiveEnterTimestamp writer")
    assert ran(lab, steps) == ["done", "done"]
    assert free_kib(lab, VOLUME) >= 500 * 1024
    assert since == lab.must(HOST, "systemctl show -p ActiveEnterTimestamp writer"), "the kernel grew it while it was written to"
    assert served(lab) == {"200"}
    assert ran(lab, steps) == ["nothing to do", "nothing to do"]
    assert ran(lab, steps[:1], "undo") == ["done"] and state(lab) != before, "a volume that is in use is not cut"
    assert ran(lab, steps[::-1], "undo") == ["done", "done"]
    assert state(lab) == before
    assert lab.must(HOST, "systemctl is-active writer").strip() == "active", "it was stopped to unmount, and runs again"


def test_an_ext4_grows_with_its_disk_and_has_no_way_back_where_it_may_not_be_unmounted(in_use):
    lab = in_use
    lab.enlarge_machine_disk(HOST, "vdc", 1536)
    found = expansion(lab, mount=DISK, free_mib=1200)
    assert [(act.key, act.no_return) for act in found.acts] == [("grow-file-system", True)]
    assert ran(lab, steps_of(lab, found)) == ["done"]
    assert free_kib(lab, DISK) >= 1200 * 1024 and served(lab) == {"200"}
