# ruff: noqa: E501 - one fault, one line
"""A security check of real hosts: what was sound and was loosened is found by its control, nothing is changed, and the next report says what became of it."""

from __future__ import annotations

import pytest
import yaml

from reports.archive import inspections
from reports.records import Outcome
from tests.live.drive import Desk

FAILED = {Outcome.WARNING, Outcome.CRITICAL}
SQL = "su postgres -c \"psql -q -v ON_ERROR_STOP=1 {database} -c \\\"{sql}\\\"\""

# What is done to the host, as root; the control that must say so, and of which object.
FAULTS = [
    ("printf 'Match User deploy\\n  PermitEmptyPasswords yes\\n' > /etc/ssh/sshd_config.d/zz-old.conf", "H-SSH-02", "Match User deploy"),
    ("printf 'IgnoreRhosts no\\nMaxSessions 60\\nLogLevel QUIET\\n' > /etc/ssh/sshd_config.d/aa-old.conf", "H-SSH-07d", ""),
    ("true", "H-SSH-04c", ""),
    ("true", "H-SSH-11a", ""),
    ("chmod 666 /etc/ssh/ssh_host_ed25519_key.pub", "H-SSH-12c", "/etc/ssh/ssh_host_ed25519_key.pub"),
    ("useradd -o -u 0 -g 0 -M toor 2>/dev/null", "H-ACC-02a", "toor"),
    ("useradd -M openhouse; passwd -q -d openhouse", "H-ACC-01", "openhouse"),
    ("useradd -o -u 1000 -M twin", "H-ACC-03a", "1000"),
    ("useradd -M -p '$1$salt$3FWBKTQyQbbWC1OpUVXpt1' old", "H-ACC-03e", "old"),
    ("usermod -s /bin/bash www-data", "H-ACC-04", "www-data"),
    ("true", "H-ACC-05a", "old"),
    ("umask 0; echo alias > /home/ops/.bash_aliases", "H-ACC-09b", "/home/ops/.bash_aliases"),
    ("echo x > /root/.netrc", "H-ACC-09c", "/root/.netrc"),
    ("chmod 777 /usr/local/sbin", "H-ACC-10", "/usr/local/sbin"),
    ("echo 'Defaults !use_pty, timestamp_timeout=-1, !authenticate' > /etc/sudoers.d/loose; chmod 440 /etc/sudoers.d/loose", "H-SUD-01a", ""),
    ("true", "H-SUD-01c", ""),
    ("true", "H-SUD-02b", "Defaults"),
    ("chmod 644 /etc/sudoers.d/ops", "H-SUD-04", "/etc/sudoers.d/ops"),
    ("chmod 644 /etc/shadow", "H-FS-01b", "/etc/shadow"),
    ("echo x > /opt/everybodys; chmod 666 /opt/everybodys", "H-FS-02a", "/opt/everybodys"),
    ("echo x > /opt/nobodys; chown 4711:4711 /opt/nobodys", "H-FS-02b", "/opt/nobodys"),
    ("cp /bin/true /opt/mighty; chmod 4755 /opt/mighty", "H-FS-03", "/opt/mighty"),
    ("echo x > /var/log/app.log; chmod 666 /var/log/app.log", "H-FS-06", "/var/log/app.log"),
    ("printf '[Service]\\nExecStart=/bin/sleep 1000\\n[Install]\\nWantedBy=multi-user.target\\n' > /etc/systemd/system/vsftpd.service; systemctl daemon-reload; systemctl enable -q vsftpd", "H-SVC-01c", "vsftpd.service"),
    ("echo 'deb [trusted=yes] file:/srv/own ./' > /etc/apt/sources.list.d/own.list", "H-UPD-02", "/etc/apt/sources.list.d/own.list"),
    ("sed -i 's/yescrypt/md5/' /etc/pam.d/common-password", "H-PWD-04d", ""),
    ("sed -i 's/^PASS_WARN_AGE.*/PASS_WARN_AGE 0/' /etc/login.defs", "H-PWD-04c", ""),
]
ROLE = [
    (SQL.format(database="postgres", sql="create role boss superuser login password 'x'"), "H-PG-07a", "boss"),
    (SQL.format(database="postgres", sql="create role maker createdb login password 'x'"), "H-PG-07b", "maker"),
    (SQL.format(database="orders", sql="grant create on schema public to public"), "H-PG-07c", "orders"),
    ("echo 'host all all 0.0.0.0/0 trust' >> /etc/postgresql/15/main/pg_hba.conf; systemctl reload postgresql", "H-PG-01a", ""),
    ("true", "H-PG-04a", ""),
    (SQL.format(database="postgres", sql="alter system set password_encryption = 'md5'") + "; " + SQL.format(database="postgres", sql="select pg_reload_conf()"), "H-PG-02", ""),
]
# All that a check might touch: the bytes, modes and owners of the configuration, the accounts, what runs.
STATE = "find /etc /root /home /var/spool/cron /usr/local -xdev -type f ! -name '*.log' -printf '%m %u %g %p ' -exec sha256sum {} + | sort | sha256sum; systemctl list-unit-files --no-legend | sha256sum"


def read(desk: Desk, *arguments: str) -> tuple[str, dict[tuple[str, str], dict[str, Outcome]]]:
    """The number; outcomes by object, by target and control."""
    done = desk.run("security-check", "bureau", "--target", "web1", "--target", "web1-postgresql", *arguments, limit_s=300)
    assert done.returncode in (7, 8), done.stderr[-2000:] + done.stdout
    archive = desk.archive
    newest = inspections.newest(archive, "bureau", "security-check")
    found: dict = {}
    for target in inspections.reads_of(archive, newest):
        assert target.problem is None, target.problem
        for row in target.rows:
            found.setdefault((target.target, row.check), {})[row.object] = row.outcome
    archive.dispose()
    return newest.number, found


def baseline(desk: Desk, **said) -> None:
    path = desk.folder / "inventory.yaml"
    content = yaml.safe_load(path.read_text())
    content["customers"][0]["baseline"] = {"level": 3, **said}
    path.write_text(yaml.safe_dump(content, allow_unicode=True))


@pytest.fixture
def desk(lab, fresh_web1, server, tmp_path):
    desk = Desk.open(lab, tmp_path, server.environment)
    baseline(desk, exceptions=[{"control": "H-SUD-02a", "targets": ["web1"], "object": "ops", "reason": "自动化", "approver": "王主任", "expires": "2099-12-31"}])
    return desk


def test_what_is_loosened_is_found_and_told_in_the_next_report(desk, lab):
    state = lab.must("web1", STATE)
    first, before = read(desk)
    assert lab.must("web1", STATE) == state, "a check changes nothing"
    assert before["web1", "H-SUD-02a"] == {"ops": Outcome.EXCEPTED}
    unknown = {key for key, rows in before.items() if Outcome.UNKNOWN in rows.values()}
    assert not unknown, unknown

    lab.must("web1", "\n".join(script for script, _, _ in FAULTS + ROLE))
    second, after = read(desk)
    missed = []
    for target, faults in (("web1", FAULTS), ("web1-postgresql", ROLE)):
        for _, control, name in faults:
            was, now = before[target, control], after[target, control]
            failing = {one for one, outcome in now.items() if outcome in FAILED}
            if set(was.values()) & FAILED and name in was or not (name in failing if name else failing):
                missed.append((target, control, name, was, now))
    assert not missed, missed

    archive = desk.archive
    report = next(archive.read_evidence(one).decode() for one in archive.evidence(second) if one.name == "report-zh.html")
    assert first in report and "toor" in report and "自动化" in report and "urn:xccdf:scoring:flat" in report
    assert archive.verify().ok and len([one for one in archive.evidence(second) if one.name.startswith("report-")]) == 8
    answers = [archive.read_evidence(one) for one in archive.evidence(second) if one.name.startswith("answers")]
    assert answers and not any(b"3FWBKTQyQbbWC1OpUVXpt1" in one for one in answers)
    archive.dispose()


def test_bad_input_is_one_sentence(desk):
    entry = {"control": "H-SUD-02a", "reason": "自动化", "approver": "王主任", "expires": "2099-12-31"}
    for said, says in (
        ({"exceptions": [{key: value for key, value in entry.items() if key != "expires"}]}, "expires is missing"),
        ({"exceptions": [{**entry, "control": "H-ABC-01"}]}, "H-ABC-01, which is no control"),
        ({"exceptions": [{**entry, "targets": ["web77"]}]}, "web77"),
        ({"limits": {"H-PWD-04a.days": 5, "H-PWD-04b.days": 9}}, "contradict each other"),
    ):
        baseline(desk, **said)
        done = desk.run("security-check", "bureau", "--target", "web1")
        assert done.returncode in (2, 4) and says in done.stdout + done.stderr and "Traceback" not in done.stderr, (said, done.returncode, done.stdout, done.stderr[-600:])
    archive = desk.archive
    assert archive.changes(open_only=False) == []
    archive.dispose()
