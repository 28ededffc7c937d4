"""Security hardening of a host with a kernel of its own, a virtual machine (R008): what the kernel, its modules, its audit and the logs are told, others' tools
find in force, also after a restart; and it comes back exactly.

The plan is made as for every hardening; its steps go to the machine past SSH, one after the other: where the processor does not help, a whole change with its
rehearsal would take hours, and what containers can show they show.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial

import pytest

from deployments.lab import Lab, LabError, hosts, machine
from reports.records import BaselineProfile, CheckRow, Outcome, Plan, Survey, Text
from tasks.checks.kinds import Known
from tasks.checks.reading import Reading, host_script, readings
from tasks.controls.catalogue import host_controls
from tasks.controls.kinds import HostControl
from tasks.controls.profile import bounds_of
from tasks.planning.corrections import plan_corrections
from tasks.requests import HardeningRequest
from tests.live.hardening import altered, log_host, state, usable
from tests.live.test_hardening import FULLER

pytestmark = pytest.mark.long
HOST, CHANGE = "vm1", "/var/lib/standfast-by-hand"
FAMILIES = ("kernel", "modules", "mounts", "auditing", "logging")
FILES = {"/etc/sysctl.d/zz-standfast.conf", "/etc/fstab", "/etc/audit/rules.d/standfast.rules", "/etc/audit/auditd.conf", "/etc/rsyslog.d/zz-standfast.conf"}
# Each line that our files say, as the tools of those who do not know us read what is in force.
IN_FORCE = r"""set -eu
sed -n 's/ = / /p' /etc/sysctl.d/zz-standfast.conf | while read -r name value; do [ "$(sysctl -n "$name")" = "$value" ] || echo "sysctl $name"; done
cat /etc/modprobe.d/standfast.conf 2>/dev/null | awk '$1 == "install" { print $2 }' | while read -r name; do
  modprobe -n -v "$name" | grep -q 'install /bin/false' && ! modprobe "$name" 2>/dev/null || echo "module $name"
done
auditctl -s | grep -qx 'enabled 1' || echo "audit is off"
[ "$(auditctl -l | wc -l)" -ge "$(grep -c '^-[aw]' /etc/audit/rules.d/standfast.rules)" ] || echo "audit's rules"
touch /etc/hosts; ausearch -ts recent -f /etc/hosts 2>/dev/null | grep -q 'type=SYSCALL' || echo "nothing recorded of /etc/hosts"
findmnt -n -o OPTIONS /dev/shm | grep noexec | grep nodev | grep -q nosuid || echo "/dev/shm"
rm -f /var/log/mode.log; echo 'local6.* /var/log/mode.log' >/etc/rsyslog.d/mode.conf; systemctl restart rsyslog; logger -p local6.info mode; sleep 5
[ "$(stat -c %a /var/log/mode.log)" = 640 ] || echo "mode of a new log: $(stat -c %a /var/log/mode.log)"
rm -f /etc/rsyslog.d/mode.conf /var/log/mode.log; systemctl restart rsyslog
"""


@dataclass(frozen=True)
class Hardening:
    """Of one host, past SSH. families: of its controls. log_host: as the baseline names it."""

    lab: Lab
    host: str
    families: Collection[str]
    log_host: str = ""
    limits: Mapping[str, float] = field(default_factory=dict)

    def script(self, text: str, limit_s: float = 1200) -> str:
        """What shell text says as root; raises LabError with the last of it when it fails."""
        start = f"mkdir -p {CHANGE}/saved; cat >{CHANGE}/script; exec 2>&1; exec sh -eu {CHANGE}/script </dev/null"
        done = hosts.run(self.lab.host(self.host), "sh", "-c", start,
                         stdin=f"CHANGE_DIR={CHANGE}; export CHANGE_DIR LC_ALL=C.UTF-8\n{text}".encode(), limit_s=limit_s)
        said = done.stdout.decode(errors="replace")
        if done.returncode != 0:
            raise LabError(said.strip()[-600:])
        return said

    def controls(self) -> list[HostControl]:
        return [control for control in host_controls() if control.family in self.families]

    def read(self) -> dict[str, Reading]:
        profile, nonce = BaselineProfile(level=3, limits=self.limits), secrets.token_hex(8)
        controls = self.controls()
        done = hosts.run(self.lab.host(self.host), "sh", stdin=host_script(controls, nonce).encode(), limit_s=1200)
        bounds = {control.id: bounds_of(control, profile) for control in controls}
        known = {control.id: Known(now=datetime.now(UTC), limits=bounds[control.id], account="ops", log_host=self.log_host) for control in controls}
        return readings(done.stdout.decode(errors="replace"), nonce, controls, bounds, known)

    def plan(self) -> Plan:
        """Of all that fails and can be mended; what the host refuses is left out, as in every hardening."""
        found, controls = self.read(), {control.id: control for control in self.controls()}
        rows = [CheckRow(target=self.host, check=name, object=row.object, outcome=row.outcome, says=Text(zh=row.zh, en=row.en))
                for name, reading in found.items() for row in reading.rows if row.outcome is Outcome.WARNING and controls[name].mend]
        survey = Survey(target=self.host, when="before 1", taken_at=datetime.now(UTC), os_id="debian", os_version="12", os_name="Debian 12", kernel="6.1",
                        architecture="amd64", package_manager="apt", services=())
        request = HardeningRequest(customer="bureau", inspection="SEC-20261123-001", requester="张工", hosts=[self.host])
        refused: dict[tuple[str, str], str] = {}
        made = partial(plan_corrections, "CHG-20261123-001", request, {self.host: survey}, rows, controls, {self.host: found}, {}, (), datetime.now(UTC))
        for step in made().steps:
            try:
                self.script(step.holds_before)
            except LabError as problem:
                refused[self.host, step.key] = str(problem)
        return made({}, refused)

    def carry_out(self, plan: Plan) -> None:
        for step in plan.steps:
            for name in ("holds_before", "command", "proof"):
                try:
                    self.script(getattr(step, name))
                except LabError as problem:
                    pytest.fail(f"{name} of {step.title.en}: {problem}")

    def back_out(self, plan: Plan) -> list[str]:
        """What could not be taken back; the rest was."""
        left = []
        for step in reversed(plan.steps):
            try:
                self.script(step.undo)
                self.script(step.undo_proof)
            except LabError as problem:
                left.append(f"{step.title.en}: {problem}")
        return left


@pytest.fixture(scope="module")
def vm(lab) -> Lab:
    """The host as customers have it."""
    try:
        machine.ensure()
    except LabError as problem:
        pytest.skip(f"no virtual machine on this machine: {problem}")
    lab.reset(HOST)
    lab.must(HOST, FULLER.format(besides="rsyslog"), 1200)
    yield lab
    lab.remove(HOST)


def test_others_tools_find_it_in_force_also_after_a_restart_and_it_comes_back_exactly(vm, tmp_path):
    with log_host() as logs:
        hardening = Hardening(vm, HOST, FAMILIES, logs.address)
        usable(vm, HOST, tmp_path)
        before = state(vm, HOST)
        plan = hardening.plan()
        assert {change.path for step in plan.steps for change in step.files} >= FILES
        hardening.carry_out(plan)
        promised = {(one.check, name) for one in plan.acceptance for name in one.objects}
        failed = {(name, row.object) for name, reading in hardening.read().items() for row in reading.rows if row.outcome is Outcome.WARNING}
        assert not failed & promised
        assert hardening.script(IN_FORCE) == ""
        hardening.script("logger -p auth.info told-before-the-restart")
        assert logs.heard("told-before-the-restart")
        was = state(vm, HOST)
        vm.restart(HOST, orderly=True)
        assert altered(was, state(vm, HOST)) == {}
        assert hardening.script(IN_FORCE) == ""
        hardening.script("logger -p auth.info told-after-the-restart")
        assert logs.heard("told-after-the-restart")
        usable(vm, HOST, tmp_path)
        assert hardening.back_out(plan) == []
        assert altered(before, state(vm, HOST)) == {}
        usable(vm, HOST, tmp_path)
