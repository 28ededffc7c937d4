"""Backup and emergency restore on real hosts (X17, R157-R166), with a writer at work on the database all the time: no row that was acknowledged
before the recovery point is lost."""

from __future__ import annotations

import json
import shlex
from datetime import datetime

import pytest
import yaml

from deployments.lab import Lab
from reports.records import Approval, Backup, BackupProof, Plan
from tasks import backing_up
from tasks import desk as the_desk
from tasks.errors import CommandFailed
from tasks.operations import backup as read
from tasks.requests import BackupRequest
from tests.live.drive import APPROVER, Desk, facts, healthy

WRITER = """
su postgres -c "psql -q orders -c 'create table if not exists acknowledged (id int primary key)'"
cat > /root/writer <<'END'
n=0
while sleep 0.1; do
  n=$((n + 1))
  if su postgres -c "psql -q orders -c 'insert into acknowledged values ($n)'" 2>/dev/null; then echo "$n $(date -u +%s.%N)" >> /root/acknowledged; fi
  [ -e /root/stop-writing ] && exit
done
END
systemd-run --quiet --collect --unit=writer sh /root/writer
n=0; until [ -s /root/acknowledged ]; do n=$((n + 1)); [ $n -lt 100 ] || exit 1; sleep 0.2; done
"""
LEAVE = {"leave": {"by": APPROVER, "how": "phone", "taken_by": "测试员"}, "accepted_loss_minutes": 600, "manager": "李总", "reason": "订单丢失，网站打不开"}


@pytest.fixture
def desk(lab, fresh_web1, server, tmp_path):
    return Desk.open(lab, tmp_path, server.environment, web1={"wal_kept_mib": 512, "databases": []})


def backed_up(desk: Desk, host: str = "web1") -> str:
    """The number of a new backup, proved by a restore in the sandbox."""
    done = desk.run("backup", "bureau", "--host", host, "--json", limit_s=900)
    assert done.returncode == 0, done.stdout + done.stderr[-3000:]
    return json.loads(done.stdout)["number"]


def asked(desk: Desk, **changes) -> str:
    """An emergency restore, planned and, with the leave that came with it, approved; returns its number."""
    request = desk.request(**{**LEAVE, "requester": "值班员", **changes})
    done = desk.run("plan", str(request), "--procedure", "emergency-restore", "--json")
    assert done.returncode == 0, done.stderr[-3000:] + done.stdout[-1000:]
    return json.loads(done.stdout)["number"]


def kept(desk: Desk, number: str, kind: str, key: str, record):
    archive = desk.archive
    try:
        return archive.load(number, kind, key, record)
    finally:
        archive.dispose()


def now(lab: Lab) -> str:
    return lab.must("web1", "sleep 1; date -u +%Y-%m-%dT%H:%M:%S.%6NZ; sleep 1").strip()


def rows(lab: Lab, query: str) -> str:
    return lab.must("web1", f'su postgres -c "psql -At orders -c \\"{query}\\""').strip()


def acknowledged_before(lab: Lab, moment: str = "") -> set[int]:
    limit = datetime.fromisoformat(moment.replace("Z", "+00:00")).timestamp() if moment else float("inf")
    lines = [line.split() for line in lab.must("web1", "cat /root/acknowledged").splitlines()]
    return {int(number) for number, at in lines if float(at) < limit}


def there(lab: Lab) -> set[int]:
    return {int(line) for line in rows(lab, "select id from acknowledged").split()}


def test_lost_rows_and_broken_configuration_come_back_to_the_moment_before(desk, lab):
    """The proof of the backup, the restore by phone, what is said of the loss, the review that follows, and the way back."""
    lab.must("web1", WRITER)
    before = facts(lab)
    backup = backed_up(desk)
    proof = kept(desk, backup, "proof", "web1 1", BackupProof)
    assert proof.passed and proof.files > 20 and proof.rows >= 5000 and any("acknowledged" in name for name in proof.moved)
    assert kept(desk, backup, "backup", "web1", Backup).servers[0].point == backup
    moment = now(lab)
    lab.must("web1", """su postgres -c "psql -q orders -c 'drop table orders cascade'"
        echo 'no such directive;' >> /etc/nginx/nginx.conf; echo new > /etc/nginx/conf.d/new.conf; systemctl restart nginx""" + " || :")
    assert not healthy(lab)

    number = asked(desk, to=moment)
    plan = kept(desk, number, "plan", "1", Plan)
    assert {"put-files-back", "build-15-main", "switch-15-main", "bring-up"} <= {step.key for step in plan.steps}
    assert "transactions committed after it are lost" in plan.impact.en and " 0 transactions" not in plan.impact.en and plan.no_rehearsal
    done = desk.run("carry-out", number, limit_s=900)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    lab.must("web1", "touch /root/stop-writing")
    assert healthy(lab) and not acknowledged_before(lab, moment) - there(lab), "no acknowledged row from before the recovery point is lost"
    # the writer's own table is all that may differ from the state before
    assert [line for line in facts(lab).splitlines()[:-1]] == [line for line in before.splitlines()[:-1]]
    told = (desk.folder / "store" / "documents" / number / "report-en.html").read_text()
    assert "Beside the state in the backup" in told and "configuration files" in told
    assert lab.must("web1", f"ls -d /var/lib/postgresql/15/main.before-{number}").strip()
    answer = kept(desk, number, "approval", "1", Approval)
    assert (answer.channel, answer.name, answer.taken_by) == ("phone", APPROVER, "测试员")
    assert desk.run("archive", "verify").returncode == 0

    review = desk.journal(number, "review opened")[0].detail["review"]
    assert desk.journal(number, "promises kept") and desk.archive.change(review).closure is None
    back = desk.run("back-out", number, "--reason", "试回退", "--requester", "张工", "--json")
    second = json.loads(back.stdout)["number"]
    desk.approve(second)
    assert desk.run("carry-out", second, limit_s=900).returncode in (0, 3), desk.run("status", second).stdout
    assert lab.exec("web1", """su postgres -c "psql -q orders -c 'select 1 from orders limit 1'" """)[0] != 0, "the loss is back"
    assert "no such directive" in lab.must("web1", "cat /etc/nginx/nginx.conf") and lab.must("web1", f"ls -d /var/lib/postgresql/15/main.after-{number}")


@pytest.mark.long
def test_a_destroyed_data_folder_comes_back_whole_though_the_driver_is_killed(desk, lab):
    """Nothing that was committed is lost where the log is still there; the driver dies in the middle of building and of switching."""
    lab.must("web1", WRITER)
    backed_up(desk)
    lab.must("web1", """sleep 3; touch /root/stop-writing; sleep 1
        cd /var/lib/postgresql/15/main && rm -rf base global; systemctl kill -s KILL postgresql@15-main; sleep 1""")
    number = asked(desk)
    assert "nothing that was committed is lost" in kept(desk, number, "plan", "1", Plan).impact.en
    steps = {step.key: step.number for step in kept(desk, number, "plan", "1", Plan).steps}
    for key in ("build-15-main", "switch-15-main"):
        driver = desk.begin("carry-out" if key.startswith("build") else "resume", number, *(() if key.startswith("build") else ("--here",)))
        desk.wait_for(number, "step begun", step=steps[key])
        driver.kill()
        driver.wait(30)
    done = desk.run("resume", number, "--here", limit_s=900)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert acknowledged_before(lab) <= there(lab) and healthy(lab)
    assert len([e for e in desk.journal(number, "step ended")]) == len(steps), "each step once"


@pytest.mark.long
def test_a_step_that_fails_brings_the_broken_state_back(desk, lab):
    """Taken back as a whole, and people are told that nothing was gained; a second phone call counts for nothing before the review."""
    backed_up(desk)
    lab.must("web1", """su postgres -c "psql -q orders -c 'drop table orders cascade'"; systemctl stop orders; echo broken >> /etc/nginx/nginx.conf""")
    broken = lab.must("web1", "sha256sum /etc/nginx/nginx.conf; ls /var/lib/postgresql/15")
    # a unit that ran when the backup was taken cannot run any more: the last step fails
    number = asked(desk)
    lab.must("web1", """mkdir -p /run/systemd/system/orders.service.d
        printf '[Service]\\nExecStartPre=/bin/false\\n' > /run/systemd/system/orders.service.d/no.conf; systemctl daemon-reload""")
    done = desk.run("carry-out", number, limit_s=900)
    assert done.returncode == 3, done.stdout[-3000:] + done.stderr[-3000:]
    lab.must("web1", "rm -r /run/systemd/system/orders.service.d; systemctl daemon-reload")
    assert broken.splitlines()[0] == lab.must("web1", "sha256sum /etc/nginx/nginx.conf").strip()
    assert lab.must("web1", f"ls -d /var/lib/postgresql/15/main.after-{number}").strip() and desk.journal(number, "review opened")

    again = asked(desk)
    refused = desk.run("approve", again, "--name", APPROVER, "--code", "-", "--channel", "phone", "--taken-by", "测试员")
    assert refused.returncode in (4, 6), "while a review is open, a code is needed"
    review = desk.journal(number, "review opened")[0].detail["review"]
    waiting = desk.run("review", number, "--cause", "误删表", "--judged", "恢复妥当", "--follows", "收回权限", "--requester", "测试员")
    assert waiting.returncode == 6, waiting.stdout + waiting.stderr[-2000:]
    confirm(desk, review)
    assert desk.run("resume", review, "--here").returncode == 0
    assert desk.closure(review) == "successful"
    desk.run("send-codes", again)
    counted = desk.run("approve", again, "--name", APPROVER, "--code", "-", "--channel", "phone", "--taken-by", "测试员")
    assert counted.returncode == 0, counted.stderr
    assert desk.run("carry-out", again, limit_s=900).returncode == 0 and healthy(lab)


def confirm(desk: Desk, review: str) -> None:
    """By an approver other than who gave leave by phone."""
    people = yaml.safe_load((desk.folder / "inventory.yaml").read_text())["customers"][0]["approvers"]
    other = next(person["name"] for person in people if person["name"] != APPROVER)
    done = desk.run("approve", review, "--name", other, "--code", desk.code(review, other), "--channel", "form")
    assert done.returncode == 0, done.stderr


@pytest.mark.long
def test_a_mariadb_server_comes_back_from_its_last_backup(lab, server, tmp_path):
    lab.reset("db1")
    try:
        desk = Desk.open(lab, tmp_path, server.environment)
        lab.must("db1", """mariadb -e "create user 'shop'@'%' identified by 'x'; grant select on stock.* to 'shop'@'%'" """)
        dump = "mariadb-dump --skip-dump-date --order-by-primary stock | sha256sum"
        before = lab.must("db1", dump)
        backed_up(desk, "db1")
        lab.must("db1", "systemctl kill -s KILL mariadb; sleep 1; systemctl stop mariadb; rm -f /var/lib/mysql/ibdata1 /var/lib/mysql/ib_logfile0")
        number = asked(desk, hosts=["db1"])
        done = desk.run("carry-out", number, limit_s=900)
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
        assert lab.must("db1", dump) == before
        assert "shop" in lab.must("db1", "mariadb -N -e 'select user from mysql.user'") and "standfast_restore" not in lab.must(
            "db1", "mariadb -N -e 'select user from mysql.user'")
        assert lab.must("db1", f"ls -d /var/lib/mysql.before-{number}").strip()
    finally:
        lab.remove("db1")


@pytest.mark.long
def test_packages_in_a_half_state_come_back_to_their_versions(desk, lab):
    backed_up(desk)
    before = facts(lab)
    lab.must("web1", "apt-get -qq download nginx-common && dpkg --unpack nginx-common_*.deb; rm -f nginx-common_*.deb; dpkg --audit | grep -q nginx")
    number = asked(desk)
    assert "package-versions" in {step.key for step in kept(desk, number, "plan", "1", Plan).steps}
    done = desk.run("carry-out", number, limit_s=900)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert facts(lab) == before and healthy(lab)


# far more log than the bound leaves room for; nothing is written to a table by it
LOGS_MUCH = """psql -qAt orders -c "select pg_logical_emit_message(false, 'load', repeat('x', 4000000)) from generate_series(1, 24)" -c checkpoint >/dev/null"""
MUCH_LOG = f"su postgres -c {shlex.quote(LOGS_MUCH)}"
# as much while a base backup is taken
BUSY = f"""cat >/usr/local/bin/pg_basebackup <<'END'
#!/bin/sh
{LOGS_MUCH}
exec /usr/bin/pg_basebackup "$@"
END
chmod 755 /usr/local/bin/pg_basebackup"""


def test_more_log_than_may_be_kept_is_a_gap_that_is_told_and_no_backup_that_fails(lab, fresh_web1, tmp_path, monkeypatch):
    """Reached between two backups, the next says what cannot be restored; reached while one is taken, that one fails with its reason, and the next does not."""
    Desk.open(lab, tmp_path, {}, web1={"wal_kept_mib": 64, "databases": []})
    monkeypatch.setenv("STANDFAST_INVENTORY", str(tmp_path / "inventory.yaml"))
    the_desk.forget_what_is_kept()

    def taken() -> Backup:
        number = backing_up.open_backup(BackupRequest(customer="bureau", hosts=["web1"], requester="张工", reason="试"))
        return backing_up.take(number, "web1", print)

    try:
        first = taken()
        assert first.servers[0].point == first.number and not first.remarks, first.remarks
        lab.must("web1", MUCH_LOG)
        assert rows(lab, "select wal_status from pg_replication_slots") == "lost"
        (server,), _ = read.parse_servers(lab.must("web1", read.SERVERS))
        lab.must("web1", read.give_log_back(server, "0/1000000"))  # lost when all was read already: that backup is whole
        second = taken()
        assert second.servers[0].point == second.number and second.of_kind("log")
        assert len(second.remarks) == 1 and "has a gap: no moment between" in second.remarks[0].en, second.remarks
        third = taken()
        assert third.servers[0].first_log <= second.servers[0].last_log and not third.remarks, third.remarks

        lab.must("web1", BUSY)
        with pytest.raises(CommandFailed, match="wal_kept_mib"):
            taken()
        lab.must("web1", "rm /usr/local/bin/pg_basebackup")
        last = taken()
        assert last.servers[0].point == last.number and "has a gap" in last.remarks[0].en, "it goes on from there"
    finally:
        the_desk.forget_what_is_kept()
