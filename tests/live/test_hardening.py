"""Security hardening on real hosts (R008): what a security check failed is mended by one change, people go on working, and the change is taken back
exactly by its number; whatever dies or refuses meanwhile, nothing is half done."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from deployments.lab import Lab, databases
from reports.archive import inspections
from reports.records import Outcome, Plan, Rehearsal
from tests.live.drive import Desk, when
from tests.live.hardening import PERSON, altered, state, usable
from tests.live.test_security_check import baseline

FAILED = {Outcome.WARNING, Outcome.CRITICAL}
# What customers have and the plain lab host has not.
FULLER = """export DEBIAN_FRONTEND=noninteractive
apt-get -qq install -y --no-install-recommends nftables libpam-pwquality cracklib-runtime wamerican at logrotate {besides} >/dev/null
mount -o remount,rw /proc/sys  # the network's settings are the container's own
""" + PERSON
# What the hardening of each changes, among others: every family that a container can show.
WEB_FILES = {"/etc/ssh/sshd_config.d/00-standfast.conf", "/etc/sudoers.d/zz-standfast", "/etc/sysctl.d/zz-standfast.conf", "/etc/login.defs",
            "/etc/profile.d/00-standfast.sh", "/etc/issue", "/etc/logrotate.d/rsyslog", "/etc/pam.d/common-auth", "/etc/security/faillock.conf",
            "/usr/share/pam-configs/standfast-pwhistory", "/etc/security/pwquality.conf", "/etc/nftables.conf", "/etc/cron.allow", "postgresql.auto.conf",
            "/etc/apt/apt.conf.d/zz-standfast"}
DATABASE_FILES = {"/etc/systemd/journald.conf.d/zz-standfast.conf", "/etc/nftables.conf", "/etc/ssh/sshd_config.d/00-standfast.conf", "postgresql.auto.conf"}


def failed(desk: Desk, *targets: str) -> tuple[str, set[tuple[str, str, str]]]:
    """A new security check: its number; target, control and object of all that failed."""
    done = desk.run("security-check", "bureau", *(word for target in targets for word in ("--target", target)), limit_s=300)
    assert done.returncode in (0, 7, 8), done.stderr[-2000:] + done.stdout
    archive = desk.archive
    newest = inspections.newest(archive, "bureau", "security-check")
    found = {(row.target, row.check, row.object) for row in inspections.rows_of(archive, newest) if row.outcome in FAILED}
    archive.dispose()
    return newest.number, found


def opened(desk: Desk, check: str, *arguments: str) -> str:
    done = desk.run("mend", check, "--requester", "张工", "--operator", "test", "--json", *arguments)
    assert done.returncode == 0, done.stderr[-2000:] + done.stdout
    change, = json.loads(done.stdout)
    assert change["procedure"] == "security-hardening"
    return change["number"]


def planned(desk: Desk, number: str) -> Plan:
    done = desk.run("plan", number, "--json")
    assert done.returncode == 0, done.stderr[-3000:] + done.stdout[-3000:]
    return archived(desk, number, "plan", Plan)


def archived(desk: Desk, number: str, what: str, kind):
    archive = desk.archive
    found = archive.load(number, what, "1", kind)
    archive.dispose()
    return found


def carried_out(desk: Desk, number: str) -> None:
    done = desk.run("carry-out", number, "--json", limit_s=1200)
    assert done.returncode == 0 and json.loads(done.stdout)["closure"] == "successful", done.stderr[-4000:] + done.stdout


def rehearsed(desk: Desk, number: str) -> Rehearsal:
    done = desk.run("rehearse", number, limit_s=1200)
    assert done.returncode == 0, done.stderr[-4000:] + done.stdout[-3000:]
    return archived(desk, number, "rehearsal", Rehearsal)


def guards(lab: Lab, host: str, number: str) -> tuple[int, int, int]:
    """How many steps were armed, confirmed, taken back by the host."""
    return tuple(int(lab.must(host, f"ls /var/lib/standfast/changes/{number}/steps/*/carry-out-*/{what} 2>/dev/null | wc -l"))
                 for what in ("armed", "confirmed", "reverted"))


def promises(plan: Plan) -> set[tuple[str, str, str]]:
    return {(one.database or one.target, one.check, name) for one in plan.acceptance if one.check for name in one.objects}


def taken_back(desk: Desk, number: str) -> str:
    done = desk.run("back-out", number, "--reason", "客户要求", "--requester", "张工", "--json")
    assert done.returncode == 6, done.stderr[-3000:] + done.stdout
    undoing = json.loads(done.stdout)["number"]
    desk.approve(undoing)
    done = desk.run("carry-out", undoing, "--json", limit_s=1200)
    assert done.returncode == 0, done.stderr[-3000:] + done.stdout
    return undoing


@pytest.fixture(scope="module")
def full_hosts(lab, server):
    """web1 and its staging host web2, as customers have them."""
    for name in ("web1", "web2"):
        lab.reset(name)
        lab.must(name, FULLER.format(besides="rsyslog"), 600)
    yield lab
    for name in ("web1", "web2"):
        lab.reset(name)


# A customer without a log host says so; else the finding would open a change again whose plan has no step.
NO_LOG_HOST = {"control": "H-LOG-03", "reason": "没有日志服务器", "approver": "王主任", "expires": "2099-12-31"}


@pytest.fixture
def desk(full_hosts, server, tmp_path):
    for name in ("web1", "web2"):
        full_hosts.must(name, "rm -rf /var/lib/standfast/changes")  # each test has an archive of its own, which counts from 001
    desk = Desk.open(full_hosts, tmp_path, server.environment)
    baseline(desk, exceptions=[NO_LOG_HOST])
    return desk


TARGETS = ("web1", "web1-postgresql")


def hardened_and_back(desk: Desk, lab: Lab, host: str, targets: tuple[str, ...], changes: set[str], folder: Path, *arguments: str) -> None:
    """One whole hardening, from the check to the archive, and back by its number; changes: files that the plan must name."""
    usable(lab, host, folder)
    before = state(lab, host)
    check, found = failed(desk, *targets)
    number = opened(desk, check, *arguments)
    plan = planned(desk, number)
    assert not plan.blockers and {change.path for step in plan.steps for change in step.files} >= changes
    assert rehearsed(desk, number).passed and altered(before, state(lab, host)) == {}, "nothing was touched before the approval"
    desk.approve(number)
    carried_out(desk, number)
    guarded = sum(bool(step.confirm_s) for step in plan.steps)
    assert guards(lab, host, number) == (guarded, guarded, 0) and guarded >= 6
    usable(lab, host, folder)
    again, left = failed(desk, *targets)
    assert not left & promises(plan) and not left - found, left - found
    second = desk.run("mend", again, "--requester", "张工", "--operator", "test")
    assert second.returncode == 4 and "Nothing was found here that this procedure could mend" in second.stderr, second.stderr[-2000:] + second.stdout
    taken_back(desk, number)
    assert altered(before, state(lab, host)) == {}
    usable(lab, host, folder)
    assert desk.run("archive", "verify").returncode == 0


def test_a_host_is_hardened_people_go_on_working_and_it_comes_back_exactly(desk, lab, tmp_path):
    hardened_and_back(desk, lab, "web1", TARGETS, WEB_FILES, tmp_path, "--rehearse-on", "web2")


@pytest.mark.long
def test_a_database_host_is_hardened_on_a_copy_first_and_comes_back_exactly(lab, server, tmp_path):
    """PostgreSQL and MariaDB side by side, no rsyslog; rehearsed on a simulated copy."""
    lab.up(["web1", "web2", "db1"])
    host = lab.reset("db1")
    try:
        lab.must("db1", FULLER.format(besides="postgresql-15 vsftpd"), 900)
        lab.must("db1", "rm -rf /var/log/journal; systemctl restart systemd-journald")  # its log is gone with every start
        as_postgresql = replace(host, kind="web")
        databases.ensure(as_postgresql)
        desk = Desk.open(lab, tmp_path, server.environment)
        inventory = desk.folder / "inventory.yaml"
        content = yaml.safe_load(inventory.read_text())
        content["databases"] += databases.entries([as_postgresql])
        inventory.write_text(yaml.safe_dump(content, allow_unicode=True))
        baseline(desk, exceptions=[NO_LOG_HOST])
        hardened_and_back(desk, lab, "db1", ("db1", "db1-postgresql", "db1-mariadb"), DATABASE_FILES, tmp_path)
    finally:
        lab.remove("db1")


def approved(desk: Desk, *arguments: str) -> tuple[str, Plan]:
    """A change that hardens web1, rehearsed on web2 and approved."""
    check, _ = failed(desk, *TARGETS)
    number = opened(desk, check, "--rehearse-on", "web2", *arguments)
    plan = planned(desk, number)
    assert rehearsed(desk, number).passed
    desk.approve(number)
    return number, plan


def ends(desk: Desk, number: str, code: int) -> str:
    """Taken up until it has ended; returns why it ended so."""
    done = desk.run("resume", number, "--here", "--json", limit_s=1200)
    assert done.returncode == code, done.stderr[-4000:] + done.stdout[-1000:]
    return json.loads(done.stdout)["reason"]


SOME = ("--check", "H-BAN-01a", "--check", "H-LOG-02", "--check", "H-PG-05a", "--check", "H-SSH-03", "--check", "H-SSH-04a", "--check", "H-SUD-01b")


@pytest.mark.long
def test_the_driver_is_killed_at_every_guarded_step_and_it_is_finished(desk, lab, tmp_path):
    """kill -9 as soon as the guard is armed; who takes it up confirms in time, and no step is done twice."""
    before = state(lab, "web1")
    number, plan = approved(desk)
    for step in plan.steps:
        if not step.confirm_s:
            continue
        driver = desk.begin("resume", number, "--here")
        lab.until("web1", f"[ -e /var/lib/standfast/changes/{number}/steps/{step.number:02d}-{step.key}/carry-out-1/armed ]", 300)
        driver.kill()
        driver.wait()
    ends(desk, number, 0)
    guarded = sum(bool(step.confirm_s) for step in plan.steps)
    assert guards(lab, "web1", number) == (guarded, guarded, 0)
    assert int(lab.must("web1", f"ls -d /var/lib/standfast/changes/{number}/steps/*/carry-out-* | wc -l")) == len(plan.steps)
    usable(lab, "web1", tmp_path)
    taken_back(desk, number)
    assert altered(before, state(lab, "web1")) == {}


@pytest.mark.long
def test_nobody_comes_back_to_confirm_and_the_host_takes_the_step_back(desk, lab, tmp_path):
    """The driver is killed while a guard waits, and stays away: that step is as before by itself, and later so is the rest."""
    before = state(lab, "web1")
    number, plan = approved(desk, *SOME)
    for step in [step for step in plan.steps if step.confirm_s]:
        here = f"/var/lib/standfast/changes/{number}/steps/{step.number:02d}-{step.key}/carry-out-1"
        driver = desk.begin("resume", number, "--here")
        lab.until("web1", f"[ -e {here}/armed ]", 300)
        driver.kill()
        driver.wait()
        if lab.exec("web1", f"[ -e {here}/confirmed ]")[0] != 0:
            break
    else:
        pytest.fail("every step was confirmed before the driver could be killed")
    lab.until("web1", f"[ -e {here}/reverted ]", step.confirm_s + 120)
    usable(lab, "web1", tmp_path)
    assert "by itself" in ends(desk, number, 3)
    assert altered(before, state(lab, "web1")) == {} and desk.closure(number) == "backed out"


# What somebody does when the targets were compared with what was approved, what is said, and how it ends; none of it can be known before.
# Failed: the step is taken back, and what that somebody wrote into surveyed files is named, too.
MEANWHILE = {
    "sshd refuses to reload": (
        "mkdir -p /etc/systemd/system/ssh.service.d; systemctl daemon-reload; "
        "printf '[Service]\\nExecReload=\\nExecReload=/bin/false\\n' >/etc/systemd/system/ssh.service.d/x.conf; systemctl daemon-reload",
        "refuses to reload", 1),
    "another file of sshd comes first": ("echo MaxAuthTries 10 >/etc/ssh/sshd_config.d/00-aaa.conf",
                                         "/etc/ssh/sshd_config.d/00-aaa.conf sets MaxAuthTries", 3),
    "sudoers.d is read-only": ("mount --bind /etc/sudoers.d /etc/sudoers.d; mount -o remount,bind,ro /etc/sudoers.d",
                               "perhaps its file system is read-only", 3),
    "a setting of PostgreSQL waits for a reload": ("echo \"log_min_messages = 'error'\" >>/etc/postgresql/15/main/postgresql.conf", "is not loaded yet", 1),
}
AFTERWARDS = """umount /etc/sudoers.d 2>/dev/null; rm -rf /etc/systemd/system/ssh.service.d /etc/ssh/sshd_config.d/00-aaa.conf; systemctl daemon-reload
sed -i '/log_min_messages = .error/d' /etc/postgresql/15/main/postgresql.conf; systemctl reload postgresql ssh"""


@pytest.mark.long
@pytest.mark.parametrize("what", MEANWHILE)
def test_a_mend_fails_in_the_middle_and_everything_is_as_before(desk, lab, tmp_path, what):
    script, said, code = MEANWHILE[what]
    lab.must("web1", script)
    before = state(lab, "web1")
    lab.must("web1", AFTERWARDS)
    number, _ = approved(desk, *SOME)
    change = f"/var/lib/standfast/changes/{number}"
    when(lab, "web1", f"{change}/plan", f"exec 8>>{change}/busy; flock 8\n{script}")  # no step begins before it has been done
    try:
        done = desk.run("carry-out", number, "--json", limit_s=1200)
        assert done.returncode == code and said in json.loads(done.stdout)["reason"], done.stderr[-3000:] + done.stdout
        assert altered(before, state(lab, "web1")) == {}
        usable(lab, "web1", tmp_path)
    finally:
        lab.must("web1", AFTERWARDS)


# What a host is like, what brings it back, the control that fails there, and what is said before anything is touched.
UNFIT = {
    "a link": ("cp /etc/issue /etc/issue.real; ln -sf issue.real /etc/issue", "rm /etc/issue; mv /etc/issue.real /etc/issue", "H-BAN-01a",
               "is a symbolic link"),
    "a read-only file system": ("mount --bind /etc/sudoers.d /etc/sudoers.d; mount -o remount,bind,ro /etc/sudoers.d", "umount /etc/sudoers.d", "H-SUD-01b",
                                "perhaps its file system is read-only"),
    "sshd without its folder": ("sed -i.was '/^Include/d' /etc/ssh/sshd_config", "mv /etc/ssh/sshd_config.was /etc/ssh/sshd_config", "H-SSH-03",
                                "includes no files of sshd_config.d"),
    "sshd_config goes first": ("sed -i.was '1i MaxAuthTries 10' /etc/ssh/sshd_config", "mv /etc/ssh/sshd_config.was /etc/ssh/sshd_config", "H-SSH-03",
                               "/etc/ssh/sshd_config sets MaxAuthTries"),
    "an included file goes first": ("echo maxauthtries=10 >/etc/ssh/sshd_config.d/00-aaa.conf", "rm /etc/ssh/sshd_config.d/00-aaa.conf", "H-SSH-03",
                                    "/etc/ssh/sshd_config.d/00-aaa.conf sets MaxAuthTries"),
    "a Match block": ("printf 'Match User deploy\\n  MaxAuthTries 10\\n' >/etc/ssh/sshd_config.d/zz.conf", "rm /etc/ssh/sshd_config.d/zz.conf",
                      "H-SSH-03 web1 Match User deploy", "what a Match block says is changed by hand"),
    "sysctl.conf goes last": ("echo net.ipv4.conf.all.accept_redirects=1 >>/etc/sysctl.conf", "sed -i '/accept_redirects=1/d' /etc/sysctl.conf",
                              "H-SYS-01a web1 net.ipv4.conf.all.accept_redirects", "another file sets net.ipv4.conf.all.accept_redirects"),
    "half of pam_faillock": ("sed -i.was '/pam_unix/i auth requisite pam_faillock.so preauth' /etc/pam.d/common-auth; ",
                             "mv /etc/pam.d/common-auth.was /etc/pam.d/common-auth", "H-PWD-02a", "stands in one stack and not in the other"),
    "a filter of somebody else's": ("nft add table inet own; nft add chain inet own in '{ type filter hook input priority 0; }'; "
                                    "nft add rule inet own in tcp dport 9 drop", "nft delete table inet own", "H-FW-03", "somebody else's"),
    "PostgreSQL's edit waits": ("echo \"log_min_messages = 'error'\" >>/etc/postgresql/15/main/postgresql.conf",
                                "sed -i '/log_min_messages = .error/d' /etc/postgresql/15/main/postgresql.conf; systemctl reload postgresql",
                                "H-PG-05a", "is not loaded yet"),
}


@pytest.mark.long
@pytest.mark.parametrize("how", UNFIT)
def test_a_host_on_which_it_cannot_be_done_says_so_before_anything_is_touched(desk, lab, how):
    script, afterwards, control, said = UNFIT[how]
    lab.must("web1", script)
    try:
        before = state(lab, "web1")
        check, found = failed(desk, *TARGETS)
        done = desk.run("plan", opened(desk, check, "--check", control), "--json")
        told = " ".join(blocker["en"] for blocker in json.loads(done.stdout)["plan"]["blockers"])
        assert done.returncode == 4 and said in told, (told, done.stderr[-2000:])
        assert altered(before, state(lab, "web1")) == {}
    finally:
        lab.must("web1", afterwards)


HALF = """sed -i 's/^#\\?X11Forwarding.*/X11Forwarding no/; s/^#\\?LoginGraceTime.*/LoginGraceTime 30/' /etc/ssh/sshd_config
printf 'MaxAuthTries 10\\nClientAliveInterval 120\\n' >/etc/ssh/sshd_config.d/50-own.conf
printf 'Match User deploy\\n  PermitRootLogin no\\n' >>/etc/ssh/sshd_config; systemctl reload ssh
printf 'Defaults use_pty\\nDefaults:ops logfile=/var/log/ops.log\\n' >/etc/sudoers.d/own; chmod 440 /etc/sudoers.d/own
echo net.ipv4.conf.all.log_martians=1 >/etc/sysctl.d/99-own.conf
sed -i 's/^PASS_MAX_DAYS.*/PASS_MAX_DAYS 60/; s/^UMASK.*/umask 077/' /etc/login.defs
echo 'Authorised people only' >/etc/issue.net; printf 'root\\ncolleague\\n' >/etc/cron.allow; chmod 666 /etc/cron.allow
printf 'minlen = 6\\n' >>/etc/security/pwquality.conf
su postgres -c "psql -q -c \\"alter system set log_connections = 'on'\\" -c 'select pg_reload_conf()'" >/dev/null
"""


@pytest.mark.long
def test_a_host_half_hardened_by_hand_gets_the_other_half_and_what_people_edit_afterwards_stays(desk, lab, tmp_path):
    kept = "/etc/ssh /etc/sudoers.d /etc/sysctl.d /etc/login.defs /etc/issue.net /etc/cron.allow /etc/security"
    for name in ("web1", "web2"):  # the staging host is one of their kind
        lab.must(name, f"tar -C / -cf /root/was.tar {kept}\n{HALF}")
    try:
        before = state(lab, "web1")
        number, plan = approved(desk)
        assert not {change.path for step in plan.steps for change in step.files} & {"/etc/issue.net"}
        carried_out(desk, number)
        assert not failed(desk, *TARGETS)[1] & promises(plan)
        usable(lab, "web1", tmp_path)
        lab.must("web1", """echo 'PASS_MIN_LEN 8 # ours' >>/etc/login.defs
echo 'ClientAliveCountMax 2' >>/etc/ssh/sshd_config.d/00-standfast.conf
su postgres -c "psql -q -c 'alter system set log_statement = mod' -c 'select pg_reload_conf()'" >/dev/null; echo hello >>/etc/motd""")
        asked = desk.run("back-out", number, "--reason", "客户要求", "--requester", "张工", "--json")
        assert asked.returncode == 4 and "/etc/motd was edited after this change wrote it" in asked.stdout + asked.stderr, asked.stdout + asked.stderr[-2000:]
        lab.must("web1", "sed -i '$ d' /etc/motd")
        taken_back(desk, number)
        left = altered(before, state(lab, "web1"))
        assert set(left) <= {"files", "sshd", "postgresql"} and "PASS_MIN_LEN 8 # ours" in lab.must("web1", "tail -n 1 /etc/login.defs")
        assert lab.must("web1", "cat /etc/ssh/sshd_config.d/00-standfast.conf") == "# by Standfast\nClientAliveCountMax 2\n"
        assert lab.must("web1", "su postgres -c \"psql -At -c 'show log_statement'\"").strip() == "mod"
        lab.must("web1", """sed -i '$ d' /etc/login.defs; rm /etc/ssh/sshd_config.d/00-standfast.conf; systemctl reload ssh
su postgres -c "psql -q -c 'alter system reset log_statement' -c 'select pg_reload_conf()'" >/dev/null""")
        assert altered(before, state(lab, "web1")) == {}
        usable(lab, "web1", tmp_path)
    finally:
        for name in ("web1", "web2"):
            lab.must(name, """cd /; rm -f /etc/ssh/sshd_config.d/50-own.conf /etc/sudoers.d/own /etc/sysctl.d/99-own.conf /etc/cron.allow
tar -xpf /root/was.tar; rm /root/was.tar; systemctl reload ssh
su postgres -c "psql -q -c 'alter system reset log_connections' -c 'select pg_reload_conf()'" """)
