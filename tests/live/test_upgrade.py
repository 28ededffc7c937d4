"""Software upgrade from request to sealed archive on real hosts (R167-R179), driven by the command line."""

from __future__ import annotations

import json

import pytest

from tests.live.drive import APPROVER, Desk, facts, healthy


@pytest.fixture
def desk(lab, fresh_web1, server, tmp_path):
    return Desk.open(lab, tmp_path, server.environment)


def release(lab, version: str = "1.1.0", **changes) -> dict:
    medium = lab.release(version)
    return {"kind": "release", "rehearse_on": "web2", "release": {
        "root": "/srv/orders", "version": version, "archive": str(medium.archive), "sha256": medium.sha256, "signature": str(medium.signature),
        "keyring": str(medium.keyring), "service": "orders.service", "migrate": "./migrate.sh", "migrate_back": "./migrate_back.sh",
        "database": "orders", "run_as": "orders", "health": "http://127.0.0.1:8000/health", "repairs": ["订单合计错误"], "adds": ["备注"], **changes}}


NGINX = {"kind": "middleware", "scope": "listed", "packages": ["nginx"], "rehearse_on": "web2"}


def test_packages_on_a_simulated_copy_first_then_for_real_then_back(desk, lab):
    before = facts(lab)
    number = desk.approved(kind="packages", scope="listed", packages=["nginx", "libssl3"])
    done = desk.run("carry-out", number, "--json", limit_s=600, installed=True)
    assert done.returncode == 0, done.stderr[-3000:]
    ending = json.loads(done.stdout)
    assert ending["closure"] == "successful", ending
    assert {name for name in ending["documents"] if name.startswith("report")} >= {
        f"report-{language}.{suffix}" for language in ("zh", "en") for suffix in ("html", "pdf", "docx")}
    after = facts(lab)
    assert after != before and healthy(lab)
    changed = {line.split()[0] for line in set(after.splitlines()) - set(before.splitlines())}
    assert {"nginx", "nginx-common", "libssl3"} <= changed <= {"nginx", "nginx-common", "libssl3", "openssl"}
    assert desk.run("archive", "verify").returncode == 0
    again = desk.run("carry-out", number)
    assert again.returncode == 0 and facts(lab) == after, "taking up a finished change does nothing"

    back = desk.run("back-out", number, "--reason", "客户要求", "--requester", "张工", "--json")
    assert back.returncode == 6, back.stderr[-3000:] + back.stdout
    second = json.loads(back.stdout)["number"]
    desk.approve(second)
    assert desk.run("carry-out", second).returncode == 0
    assert facts(lab) == before and healthy(lab)
    assert desk.run("archive", "verify").returncode == 0


def test_a_release_with_migration_and_its_repair(desk, lab):
    number = desk.approved(**release(lab))
    assert desk.run("carry-out", number).returncode == 0 and desk.closure(number) == "successful"
    assert '"version": "1.1.0"' in lab.must("web1", "curl -fsS http://127.0.0.1/health")


def test_a_broken_release_is_found_in_the_rehearsal_and_nothing_is_touched(desk, lab):
    before = facts(lab)
    number = desk.plan(**release(lab, "1.2.0", migrate="", migrate_back="", database=""))
    assert desk.run("rehearse", number).returncode == 4
    assert desk.run("send-codes", number).returncode == 4
    assert facts(lab) == before


def test_rejected_by_the_customer(desk, lab):
    before = facts(lab)
    number = desk.rehearsed(**NGINX)
    desk.run("send-codes", number)
    done = desk.run("approve", number, "--name", APPROVER, "--code", desk.code(number), "--decision", "reject", "--taken-by", "x", "--reason", "高峰期")
    assert done.returncode == 5
    assert desk.run("carry-out", number).returncode == 5 and desk.closure(number) == "rejected"
    assert facts(lab) == before


def test_entries_that_do_not_count(desk, lab):
    """A wrong code, somebody else, the requester, a code of another digest, a code used twice: each asks again; none carries anything out."""
    before = facts(lab)
    other, number = desk.rehearsed(**NGINX), desk.rehearsed(**NGINX)
    desk.run("send-codes", other)
    desk.run("send-codes", number)
    good, foreign = desk.code(number), desk.code(other)
    def enter(name: str, code: str) -> int:
        return desk.run("approve", number, "--name", name, "--code", code, "--taken-by", "测试员").returncode
    assert [enter(APPROVER, "0000 0000"), enter("路人", good), enter("张工", good), enter(APPROVER, foreign)] == [6, 6, 6, 6]
    assert desk.run("carry-out", number).returncode == 6 and facts(lab) == before
    newest = desk.code(number)
    assert desk.run("approve", number, "--name", APPROVER, "--code", newest, "--taken-by", "测试员").returncode == 0
    assert len(desk.journal(number, "entry refused")) == 4
    assert desk.run("approve", other, "--name", APPROVER, "--code", newest, "--taken-by", "测试员").returncode == 6, "replayed on another change"
    assert facts(lab) == before


def test_silence_is_a_refusal(desk, lab):
    before = facts(lab)
    number = desk.rehearsed(**NGINX, approval_hours=0.002)
    desk.run("send-codes", number)
    code = desk.code(number)
    import time
    time.sleep(8)
    assert desk.run("approve", number, "--name", APPROVER, "--code", code, "--taken-by", "x").returncode == 5
    assert desk.run("carry-out", number).returncode == 5 and desk.closure(number) == "expired"
    assert facts(lab) == before


def test_the_target_altered_since_the_approval_is_asked_anew(desk, lab):
    number = desk.approved(**NGINX)
    lab.must("web1", "echo '# altered by hand' >> /etc/nginx/nginx.conf")
    altered = facts(lab)
    assert desk.run("carry-out", number).returncode == 6, "a new round waits for a new approval"
    assert facts(lab) == altered and desk.journal(number, "drift found")
    assert lab.exec("web1", "[ -e /var/lib/standfast/lock ]")[0] != 0
    desk.approve(number)
    assert desk.run("carry-out", number).returncode == 0
    assert "altered by hand" in lab.must("web1", "tail -1 /etc/nginx/nginx.conf")


def test_nothing_to_upgrade_is_a_good_ending(desk, lab):
    lab.must("web1", "DEBIAN_FRONTEND=noninteractive apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -y -qq install --only-upgrade nginx", 300)
    done = desk.run("start", str(desk.request(**NGINX)), "--here", "--json")
    assert done.returncode == 0 and json.loads(done.stdout)["closure"] == "nothing to do", done.stderr[-2000:] + done.stdout


@pytest.mark.parametrize(("request_", "says"), [
    ({"kind": "packages", "scope": "listed", "packages": ["no-such-package"]}, "no-such-package"),
    ({"kind": "packages", "scope": "listed", "packages": ["nginx=9.9.9"]}, "9.9.9"),
    ({"hosts": ["web9"]}, "web9"),
    ({"customer": "nobody"}, "nobody"),
    ({"hosts": ["web1", "web1"]}, "twice"),
    ({"kind": "release"}, "release"),
    ({"window_closes_at": "2020-01-01T00:00:00+08:00", "window_opens_at": "2019-12-31T00:00:00+08:00"}, "window"),
], ids=["unknown package", "unknown version", "unknown host", "unknown customer", "host twice", "no release", "window in the past"])
def test_bad_input_is_one_sentence_before_anything_is_touched(desk, lab, request_, says):
    before = facts(lab)
    done = desk.run("start", str(desk.request(**{**NGINX, "rehearse_on": "", **request_})), "--here", "--json")
    assert done.returncode == 4, done.stderr[-2000:] + done.stdout
    assert says in json.loads(done.stdout)["reason"] if done.stdout.strip().startswith("{") else says in done.stderr
    assert facts(lab) == before and "Traceback" not in done.stderr
