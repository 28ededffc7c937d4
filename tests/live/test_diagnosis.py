"""Looking into a problem from afar (R103-R114): on a real host nobody logs in without leave, and with it what was done to the host is found in its logs."""

from __future__ import annotations

import io
import json
import re
import tarfile
import time
from datetime import UTC, datetime, timedelta

import pytest
import yaml

from reports.records import DiagnosisRecord
from tests.live.drive import APPROVER, Desk
from tests.live.test_waiting import Office, orchestrator  # noqa: F401

pytestmark = pytest.mark.long

TOLD = ("--problem", "订单页面打不开，一直报错", "--requester", "李工", "--engineer", "赵工")
LEAVE = ("--leave-by", APPROVER, "--leave-how", "phone")

# As when somebody stops the database of a running application; what it leaves in the logs, with a password among it.
STOP_DATABASE = """
systemctl stop postgresql@15-main
for i in 1 2 3 4 5 6 7 8 9 10; do curl -s -o /dev/null --max-time 5 http://127.0.0.1/orders; done
mkdir -p /var/log/shop; echo "$(date '+%F %T') ERROR could not reach postgresql://shop:Tr0ub4dor@127.0.0.1/shop: Connection refused" >> /var/log/shop/shop.log
printf '[Service]\\nExecStart=/bin/false\\n' > /etc/systemd/system/shop.service; systemctl daemon-reload; systemctl start shop || true
date +%s
"""
# A log of 200 MB over a day, at an even pace; forty minutes before its end no connection is left, for five minutes.
LARGE_LOG = """
mkdir -p /var/log/shop; python3 - <<'END'
import time
now = int(time.time())
with open("/var/log/shop/large.log", "w") as log:
    for second in range(now - 86400, now):
        stamp = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(second))
        log.write("".join(f"{stamp} INFO request {n} of {second} went well {'x' * 170}\\n" for n in range(10)))
        if now - 2400 <= second < now - 2100:
            log.write(f"{stamp} ERROR sorry, too many clients already\\n")
END
ls -l /var/log/shop/large.log | awk '{ print $5 }'
"""
LOG_INS = "journalctl -q -o cat -t sshd -t sshd-session | grep -c '^Accepted' || true"
WRITTEN = "find / -xdev -newermt '@{since}' -type f ! -path '/proc/*' ! -path '/sys/*' ! -path '/var/log/*' ! -path '/run/*' | sort | head"


@pytest.fixture
def office(lab, server, tmp_path):
    lab.reset("web2")
    yield Desk.open(lab, tmp_path, server.environment)
    lab.reset("web2")


@pytest.fixture
def worker(orchestrator, lab):  # noqa: F811
    orchestrator, folder = orchestrator
    lab.reset("web2")
    worker = Office.open(lab, folder, orchestrator.environment)
    worker.orchestrator = orchestrator
    return worker


def record_of(desk: Desk, number: str) -> DiagnosisRecord:
    archive = desk.archive
    try:
        return archive.load(number, "diagnosis", "1", DiagnosisRecord)
    finally:
        archive.dispose()


def number_in(text: str) -> str:
    return re.search(r"DIA-\d{8}-\d{3,}", text)[0]


def test_without_leave_nobody_logs_in_and_with_it_everything_is_on_record(office, lab):
    before = lab.must("web2", LOG_INS)
    asked = office.run("diagnose", "bureau", "--target", "web2", *TOLD)
    assert asked.returncode == 6, asked.stdout + asked.stderr[-2000:]
    number = number_in(asked.stdout)
    assert office.run("resume", number, "--here").returncode == 6  # still nothing was said
    office.run("send-codes", number)
    refused = office.run("approve", number, "--name", APPROVER, "--code", office.code(number), "--decision", "reject", "--reason", "下班后再看",
                         "--channel", "form")
    assert refused.returncode == 5, refused.stderr
    ended = office.run("resume", number, "--here")
    assert ended.returncode == 5 and office.closure(number) == "rejected", ended.stdout + ended.stderr[-2000:]
    assert lab.must("web2", LOG_INS) == before and not office.journal(number, "logging in")

    asked = office.run("diagnose", "bureau", "--target", "web2", *TOLD)
    number = number_in(asked.stdout)
    office.run("send-codes", number)
    assert office.run("approve", number, "--name", APPROVER, "--code", office.code(number), "--taken-by", "测试员").returncode == 0
    assert lab.must("web2", LOG_INS) == before
    done = office.run("resume", number, "--here", "--json")
    assert done.returncode in (0, 7, 8, 9), done.stdout + done.stderr[-2000:]
    events = [entry.event for entry in office.journal(number)]
    assert events.index("leave recorded") < events.index("logging in") and events.count("logging in") == 2
    assert int(lab.must("web2", LOG_INS)) == int(before) + 2  # two round trips
    assert {"report-zh.pdf", "report-en.docx"} <= set(json.loads(done.stdout)["documents"])


def test_a_database_that_somebody_stopped_is_found_and_nothing_is_written(office, lab):
    since = int(lab.must("web2", STOP_DATABASE).split()[-1])
    written = lab.must("web2", WRITTEN.format(since=since + 1))
    done = office.run("diagnose", "bureau", "--target", "web2", "--target", "web2-postgresql", *TOLD, *LEAVE, "--json")
    assert done.returncode == 8, done.stdout + done.stderr[-2000:]
    number = number_in(done.stdout)
    record = record_of(office, number)
    causes = {cause.id: cause for cause in record.causes}
    assert {"stopped", "database", "upstream", "failing", "unreachable"} <= set(causes)
    assert [name for name in causes if name in ("stopped", "database", "upstream")] == ["stopped", "database", "upstream"]
    assert "postgresql@15-main" in causes["stopped"].evidence[0].en and any("come of another" in text.en for text in causes["upstream"].because)
    assert next(one for one in record.sightings if one.sign == "failed-requests").count >= 10
    assert lab.must("web2", WRITTEN.format(since=since + 1)) == written
    archive = office.archive
    assert archive.verify().ok and archive.change(number).closure == "successful"
    content = next(archive.read_evidence(e) for e in archive.evidence(number) if e.name == "logs-web2.tar.gz")
    archive.dispose()
    with tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as tar:
        shop = tar.extractfile("logs/var/log/shop/shop.log").read().decode()
        assert "Connection refused" in shop and all(b"Tr0ub4dor" not in tar.extractfile(name).read() for name in tar.getnames())

    filed = office.run("diagnose", "--number", number, "--solution", "启动了数据库", "--solved", "--engineer", "赵工", "--agreed-by", APPROVER)
    assert filed.returncode == 0 and "report-2-zh.pdf" in filed.stdout, filed.stderr
    lab.must("web2", "systemctl start postgresql@15-main; sleep 2; systemctl restart orders")
    again = office.run("diagnose", "bureau", "--target", "web2", *TOLD, *LEAVE)
    assert [one.solution.text for one in record_of(office, number_in(again.stdout)).precedents] == ["启动了数据库"]


def test_in_a_large_log_the_time_of_the_problem_is_found(office, lab):
    size = int(lab.must("web2", LARGE_LOG, limit_s=300))
    assert size > 150_000_000
    at = datetime.now(UTC) - timedelta(minutes=38)
    done = office.run("diagnose", "bureau", "--target", "web2", *TOLD, *LEAVE, "--at", at.isoformat(timespec="seconds"), "--before", "20", "--after", "10")
    record = record_of(office, number_in(done.stdout))
    log = next(file for file in record.logs[0].files if file.path == "/var/log/shop/large.log")
    found = next(one for one in record.sightings if one.sign == "connections-used-up")
    assert 250 <= found.count <= 300 and found.began == "before" and record.causes[0].id == "connections"
    assert log.cut > 0 and record.logs[0].seconds < 120 and not record.logs[0].missing.get("files")


def test_a_run_by_a_worker_waits_for_the_leave_and_goes_on(worker, lab):
    before = lab.must("web2", LOG_INS)
    asked = {"customer": "bureau", "hosts": ["web2"], "problem": "订单页面打不开", "requester": "李工", "engineer": "赵工"}
    file = worker.folder / "diagnosis.yaml"
    file.write_text(yaml.safe_dump(asked, allow_unicode=True))
    done = worker.run("start", str(file), "--procedure", "remote-diagnosis")
    assert done.returncode == 0, done.stderr
    run = done.stdout.strip().rpartition("/")[2]
    worker.until(run, "Suspended")
    archive = worker.archive
    number = next(row.number for row in archive.changes(procedure="remote-diagnosis") if row.run_id == run)
    archive.dispose()
    assert lab.must("web2", LOG_INS) == before
    said = worker.run("approve", number, "--name", APPROVER, "--code", worker.code(number), "--taken-by", "测试员")
    assert said.returncode == 0 and "goes on" in said.stdout, said.stderr
    end = time.monotonic() + 240
    while (state := worker._state(run))["type"] not in ("COMPLETED", "FAILED", "CANCELLED", "CRASHED"):
        assert time.monotonic() < end, state
        time.sleep(1)
    assert state["type"] == "COMPLETED" and worker.closure(number) == "successful" and int(lab.must("web2", LOG_INS)) == int(before) + 2


def test_bad_input_is_one_sentence(office):
    for arguments, says in (
        (("nobody", "--target", "web2", *TOLD), "nobody"), (("bureau", "--target", "web99", *TOLD), "web99"),
        (("bureau", "--target", "web2", *TOLD, "--leave-by", "路人"), "路人"), (("--number", "DIA-20200101-001"), "DIA-20200101-001"),
        (("--number", "DIA-20200101-001", "--solution", "x"), "DIA-20200101-001"),
    ):
        done = office.run("diagnose", *arguments)
        assert done.returncode in (1, 4) and says in done.stdout + done.stderr and "Traceback" not in done.stderr, (arguments, done.stdout, done.stderr[-800:])
    done = office.run("diagnose", "bureau", "--target", "web2", *TOLD, "--at", "gestern")
    assert done.returncode == 2 and "is no time" in done.stderr
