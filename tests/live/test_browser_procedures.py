"""Backup, emergency restore and its review, remote diagnosis, corrective maintenance, capacity expansion, tuning, migration, back-out: each started by
its form in the Prefect UI, answered there, and seen to its end, on real hosts (R010, R011, R013, R014, R103-R110, R157-R166).

With STANDFAST_PICTURES set to a folder, forms and pages are pictured there, and the papers are laid beside.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.live.drive import APPROVER, facts, healthy
from tests.live.moving import FILES, make_ready
from tests.live.office import HOST, STAGING, WORK_LIMIT_S, Office

pytestmark = pytest.mark.long
OTHER = "李工"
LOG_INS = "journalctl -q -o cat -t sshd -t sshd-session | grep -c '^Accepted' || true"
LONG_S = 4 * WORK_LIMIT_S  # copies are made, restored, rehearsed on
PEOPLE = {"Customer": "bureau", "Requested by": "张工", "Operator": "测试员"}


def fill(page, values: dict[str, str], *within: str) -> None:
    for title, value in values.items():
        page.fill_in(title, value, *within)


def pictured(office: Office, name: str, height: int = 2600) -> None:
    """The whole form or page, for people to look at."""
    office.browser.size(1400, height)
    office.browser.to_top()
    office.browser.picture(name)
    office.browser.size(1400, 1000)


def papers(office: Office, number: str) -> list[str]:
    """The names of a change's papers in PDF, copied beside the pictures."""
    folder = office.desk.folder / "store" / "documents" / number
    if place := os.environ.get("STANDFAST_PICTURES"):
        shutil.copytree(folder, Path(place) / number, dirs_exist_ok=True)
    return sorted(path.name for path in folder.glob("*.pdf"))


def approved(office: Office, run: str, shows: str, name: str = APPROVER, asks: str = "请批准") -> str:
    """Wait for the question, look at it, say yes with the mailed code; returns the change's number. asks: what the page of the form says."""
    office.until(run, "Suspended", limit_s=LONG_S)
    number = office.number(run)
    office.look_at(run, "Suspended")
    office.browser.shows(number)
    office.answer(run, "approve", office.code(run, name), name=name, shows=asks)
    office.browser.shows(shows)
    office.send()
    return number


def sees_the_outcome(office: Office, number: str, *words: str) -> None:
    office.artifact(f"outcome-{number.lower()}")
    for one in words:
        office.browser.shows(one)
    pictured(office, f"outcome-{number}", 1600)
    assert papers(office, number) == ["instruction-1-en.pdf", "instruction-1-zh.pdf", "report-en.pdf", "report-zh.pdf"]
    assert office.desk.archive.verify().ok


def taken_back(office: Office, number: str) -> str:
    """By the form of the back-out; returns its number."""
    page = office.form("back-out")
    fill(page, {"Change to back out": number, "Requested by": "张工", "Reason": "客户要求恢复原状"})
    back = approved(office, run := office.submitted(), number)
    office.ended(run, "Successful", LONG_S)
    sees_the_outcome(office, back)
    return back


def test_a_host_is_backed_up_broken_restored_by_phone_and_reviewed(office):
    lab, page = office.lab, office.browser
    before = facts(lab, HOST)
    page = office.form("backup")
    fill(page, {"Customer": "bureau", "Requested by": "张工"})
    page.add("Hosts", HOST)
    pictured(office, "form-backup", 1500)
    assert "proved by a restore" in office.ended(run := office.submitted(), "Proved", LONG_S)
    backup = office.number(run)
    office.artifact(f"backup-{backup.lower()}")
    page.shows(HOST)
    pictured(office, f"outcome-{backup}", 1200)

    lab.must(HOST, """su postgres -c "psql -q orders -c 'drop table orders cascade'"
        echo 'no such directive;' >> /etc/nginx/nginx.conf; systemctl restart nginx || :""")
    assert not healthy(lab, HOST)
    page = office.form("emergency-restore")
    fill(page, {**PEOPLE, "Senior manager told": "李总", "What happened": "订单丢失，网站打不开"})
    page.add("Hosts" if page.find("//label[starts-with(normalize-space(.), 'Hosts')]") else "Host", HOST)
    pictured(office, "form-emergency-restore", 3200)
    run = office.submitted()
    office.until(run, "Suspended", limit_s=LONG_S)
    number = office.number(run)
    office.look_at(run, "Suspended")
    office.answer(run, "approve", "-", channel="phone", taken_by="测试员")
    page.shows(backup)
    pictured(office, "approval-emergency-restore")
    office.send()
    assert office.ended(run, "Successful", LONG_S).startswith(number)
    assert healthy(lab, HOST) and facts(lab, HOST) == before
    sees_the_outcome(office, number)

    page = office.form("emergency-review")
    fill(page, {"Emergency restore": number, "Cause": "误删订单表，配置误改", "Judgement": "恢复妥当，损失与所述一致",
                "What follows": "收回生产库删表权限，本月底前",
                "Reviewed by": "测试员"})
    pictured(office, "form-emergency-review", 1800)
    run = office.submitted()
    office.until(run, "Suspended", limit_s=LONG_S)
    office.look_at(run, "Suspended")
    office.answer(run, "approve", office.code(run, OTHER), name=OTHER, shows="应急恢复复核")
    pictured(office, "approval-emergency-review", 1800)
    office.send()
    assert OTHER in office.ended(run, "Reviewed")


def test_connections_are_raised_and_taken_back(office):
    lab = office.lab
    page = office.form("capacity-expansion")
    pictured(office, "form-capacity-expansion", 2600)
    fill(page, {**PEOPLE, "Reason": "下月报税高峰"})
    page.add("Hosts", HOST)
    page.open_part("Database connections", "Database connections")
    page.fill_in("Goal: connections free afterwards", "98", "Database connections")
    page.open_part("Swap", "Swap")
    said = office.ended(run := office.submitted(), "Refused")
    assert "fill in one part only" in said or "swap" in said.lower(), said
    assert "Traceback" not in office.log(run)

    page = office.form("capacity-expansion")
    fill(page, {**PEOPLE, "Reason": "下月报税高峰", "Staging host": STAGING})
    page.add("Hosts", HOST)
    page.open_part("Database connections", "Database connections")
    fill(page, {"Goal: connections free afterwards": "98", "max_connections": "120"}, "Database connections")
    pictured(office, "form-capacity-expansion-filled-in", 3600)
    number = approved(office, run := office.submitted(), "120")
    office.ended(run, "Successful", LONG_S)
    shown = """su postgres -c "psql -At -c 'show max_connections'" """
    assert lab.must(HOST, shown).strip() == "120"
    sees_the_outcome(office, number)
    taken_back(office, number)
    assert lab.must(HOST, shown).strip() == "100"


def test_a_problem_is_looked_into_with_the_leave_that_the_page_asked_for(office):
    """Nobody logs in before the answer; it may be of the one who reported the problem (R104)."""
    lab = office.lab
    lab.must(HOST, "systemctl stop postgresql@15-main; for i in 1 2 3 4 5; do curl -s -o /dev/null --max-time 5 http://127.0.0.1/orders; done || :")
    try:
        before = lab.must(HOST, LOG_INS)
        page = office.form("remote-diagnosis")
        pictured(office, "form-remote-diagnosis", 2600)
        fill(page, {"Customer": "bureau", "Problem": "订单页面打不开，一直报错", "Reported by": OTHER, "Engineer": "赵工"})
        page.add("Hosts", HOST)
        run = office.submitted()
        office.until(run, "Suspended", limit_s=LONG_S)
        assert lab.must(HOST, LOG_INS) == before
        number = approved(office, run, "订单页面打不开", OTHER, "准许")
        assert office.ended(run, "Critical", LONG_S).startswith(number)
        assert int(lab.must(HOST, LOG_INS)) == int(before) + 2, "two round trips"
        office.artifact(f"diagnosis-{number.lower()}")
        page.shows("数据库停止或正在重启")
        pictured(office, f"outcome-{number}", 1600)
        assert papers(office, number) == ["report-en.pdf", "report-zh.pdf"] and office.desk.closure(number) == "successful"
    finally:
        lab.must(HOST, "systemctl start postgresql@15-main; sleep 1; systemctl restart orders; sleep 2")


def test_a_finding_is_put_right_and_found_to_be_gone(office):
    lab, mode = office.lab, "stat -c '%a %U' /etc/crontab"
    for name in (HOST, STAGING):
        lab.must(name, "chown ops /etc/crontab; chmod 4646 /etc/crontab")
    page = office.form("system-inspection")
    page.fill_in("Customer", "bureau")
    page.add("Targets", HOST)
    office.until(run := office.submitted(), "Warnings", "Critical", limit_s=LONG_S)
    inspection = office.number(run)
    page = office.form("corrective-maintenance")
    fill(page, {**PEOPLE, "Inspection or diagnosis": inspection, "Staging host": STAGING})
    page.add("Findings", "CFG-09a")
    pictured(office, "form-corrective-maintenance", 2600)
    run = office.submitted()
    office.until(run, "Suspended", limit_s=LONG_S)
    assert lab.must(HOST, mode).split() == ["4646", "ops"], "something was touched before the approval"
    number = approved(office, run, "/etc/crontab")
    office.ended(run, "Successful", LONG_S)
    assert lab.must(HOST, mode).split() == ["644", "root"]
    sees_the_outcome(office, number)


def test_a_setting_is_tried_and_kept_for_it_is_better(office):
    page = office.form("configuration-tuning")
    pictured(office, "form-configuration-tuning", 2600)
    fill(page, {**PEOPLE, "Reason": "页面流量太大", "Staging host": STAGING})
    page.add("Hosts", HOST)
    page.add("Settings")
    page.choose("Of what", "nginx", "Settings")
    fill(page, {"Setting": "gzip_types", "New value": "application/json"}, "Settings")
    page.add("Loads")
    fill(page, {"What is measured": "每页字节数", "Unit of the figure": "B", "Better by at least, percent": "20", "Rounds, before and after each": "3",
                "Command of one round": "curl -fsS --compressed -o /dev/null -w '%{size_download}\\n' http://127.0.0.1/orders"}, "Loads")
    page.choose("Better is", "lower", "Loads")
    pictured(office, "form-configuration-tuning-filled-in", 4200)
    number = approved(office, run := office.submitted(), "每页字节数")
    office.ended(run, "Successful", LONG_S)
    assert "application/json" in office.lab.must(HOST, "nginx -T 2>/dev/null | grep gzip_types")
    sees_the_outcome(office, number, "每页字节数")


def test_a_service_moves_to_another_host(office):
    lab = office.lab
    lab.reset(HOST)
    lab.reset(STAGING)
    make_ready(lab, HOST, STAGING)
    office.describe(STAGING, acceptance=[], databases=[], releases=[])  # nothing is there yet
    page = office.form("system-migration")
    pictured(office, "form-system-migration", 3600)
    fill(page, {**PEOPLE, "Old host": HOST, "New host": STAGING, "PostgreSQL cluster": "15/main", "Health address": "http://127.0.0.1:8000/health",
                "Reason": "旧主机已过保修期"})
    for title, values in {"Services that move": ["orders.service"], "Services started before the cutover": ["nginx.service"], "Accounts": ["orders"],
                          "Configuration": ["/srv/orders", "/etc/orders", "/etc/nginx/sites-available", "/etc/nginx/sites-enabled", "/etc/cron.d/orders"],
                          "Data files": [FILES], "What people do afterwards": ["把 orders 的域名解析改到新主机"]}.items():
        for value in values:
            page.add(title, value)
    page.open_part("Front door", "Front door")
    fill(page, {"Configuration file": "/etc/nginx/sites-available/orders", "Text now": "http://127.0.0.1:8000",
                "Text afterwards": "http://@new@:80"}, "Front door")
    pictured(office, "form-system-migration-filled-in", 5200)
    number = approved(office, run := office.submitted(), STAGING)
    office.ended(run, "Successful", LONG_S)
    assert healthy(lab, HOST) and healthy(lab, STAGING), "by the old host's front door, too"
    sees_the_outcome(office, number)


