"""A change as people see it: started, approved, followed and retried in the Prefect UI, in a real browser, on real hosts (R104, R111, R167).

Server, worker and browser are real, and everything is looked up in Prefect blocks, as in an installation. With STANDFAST_PICTURES
set to a folder, the pictures that the documentation shows are made there.
"""

from __future__ import annotations

import collections
import re
import time

import pytest

from deployments.lab import Lab
from reports.archive import inspections
from reports.records import BaselineReading
from tests.live.drive import facts, healthy
from tests.live.office import HOST, STAGING, WORK_LIMIT_S
from tests.live.test_upgrade import release

SSHD = "sshd -T 2>/dev/null | grep -i -E '^(maxauthtries|banner)'; cat /etc/issue"


def nginx_version(lab: Lab) -> str:
    return lab.must(HOST, "dpkg-query -W -f '${Version}' nginx").strip()


@pytest.mark.long
def test_a_change_is_started_approved_and_followed_in_the_browser(office):
    page, lab = office.browser, office.lab
    before, old = facts(lab, HOST), nginx_version(lab)

    # Start it: the form
    page.open(f"{office.orchestrator.url}/v2/deployments/deployment/{office.deployment('software-upgrade/standfast')}")
    page.press("Run")
    page.press("Custom run", "menuitem")
    page.fill_in("Customer", "bureau")
    page.add("Hosts", HOST)
    page.choose("What is upgraded", "middleware")
    page.choose("Which packages", "listed")
    page.add("Listed packages", "nginx")
    page.fill_in("Requested by", "张工")
    page.fill_in("Reason", "安装 nginx 已发布的安全更新")
    page.fill_in("Staging host", STAGING)
    page.size(1400, 1500)
    page.to_top()
    page.picture("run-form")
    page.size(1400, 1000)
    page.press("Submit")
    page.press("View run")
    page.draw_rarely(True)
    run = page.until("is a run's page", lambda: re.search(r"/flow-run/([0-9a-f-]{36})", page.driver.current_url)).group(1)

    # It works by itself until it waits for the customer
    waiting = office.until(run, "Suspended")
    number = office.number(run)
    assert facts(lab, HOST) == before, "something was touched before the approval"
    office.look_at(run, "Suspended")
    page.shows(f"{number} software upgrade of {HOST} for bureau")
    page.turn_to("Artifacts")
    page.until("links the plan", lambda: page.find(f"//a[contains(@href, 'plan-{number.lower()}')]"))
    newest = office.api("POST", "/artifacts/latest/filter", artifacts={"key": {"any_": [f"plan-{number.lower()}"]}})[0]["latest_id"]
    page.open(f"{office.orchestrator.url}/v2/artifacts/artifact/{newest}")
    page.shows("演练通过")
    page.to_top()
    page.picture("plan")

    # A wrong code asks again and says why; nothing is touched
    office.look_at(run, "Suspended")
    office.answer(run, "approve", "0000 0000")
    office.send()
    office.until(run, "Suspended", last=waiting, limit_s=90)
    assert facts(lab, HOST) == before, "a wrong code carried something out"
    page.size(1400, 1300)
    office.look_at(run, "Suspended")
    office.answer(run, "approve", office.code(run))
    assert "上一次填写未被接受" in page.text() and "验证码不正确" in page.text()
    page.picture("run-approval")
    page.size(1400, 1000)
    office.send()

    # Approved: it is carried out
    office.until(run, "Successful")
    assert healthy(lab, HOST) and nginx_version(lab) != old
    office.look_at(run, "Successful")
    page.turn_to("Artifacts")
    page.shows(f"outcome-{number.lower()}")
    page.size(1400, 1200)
    page.draw_rarely(False)
    office.look_at(run, "Successful")
    page.turn_to("Task Runs")
    page.shows(f"{HOST} · Upgrade 2 packages")
    time.sleep(6)  # the timeline comes last, and slides in
    page.to_top()
    page.picture("run-finished")
    page.draw_rarely(True)
    assert office.desk.closure(number) == "successful" and office.desk.archive.verify().ok


@pytest.mark.long
@pytest.mark.parametrize("procedure", ["system-inspection", "database-inspection", "security-check"])
def test_an_inspection_is_started_and_looked_at_in_the_browser(office, procedure):
    """R006, R007, R058: from the form to the findings; everything it knows comes from blocks."""
    page = office.browser
    run = office.started(procedure, {"Customer": "bureau"})
    office.until(run, "AllWell", "Warnings", "Critical")
    number = office.number(run)
    archive = office.desk.archive
    this = inspections.inspection_of(archive, number)
    reads = inspections.reads_of(archive, this)
    assert number.startswith("SEC-" if procedure == "security-check" else "INS-") and this.procedure == procedure and archive.change(number).closure
    assert reads and not [read.problem for read in reads if read.problem and read.kind in ("host", "postgresql")]
    office.look_at(run, office.state(run))
    page.shows(f"{number} {procedure.replace('-', ' ')}")
    page.turn_to("Artifacts")
    page.shows(f"findings-{number.lower()}")
    newest = office.api("POST", "/artifacts/latest/filter", artifacts={"key": {"any_": [f"findings-{number.lower()}"]}})[0]["latest_id"]
    page.open(f"{office.orchestrator.url}/v2/artifacts/artifact/{newest}")
    page.shows(number)
    page.draw_rarely(False)
    page.to_top()
    page.picture(f"findings-{procedure}")
    archive.dispose()


@pytest.mark.long
def test_a_hardening_is_started_and_approved_in_the_browser(office):
    """R008: from the form to the score before and after; rehearsed on a staging host, approved in the form."""
    page, lab, archive = office.browser, office.lab, office.desk.archive
    checked = office.desk.run("security-check", "bureau", "--target", HOST)
    assert checked.returncode in (7, 8), checked.stderr[-2000:]
    check = inspections.newest(archive, "bureau", "security-check").number
    before = lab.must(HOST, SSHD)

    run = office.started("security-hardening", {"Customer": "bureau", "Security check": check, "Requested by": "张工", "Staging host": STAGING},
                         Controls=["H-SSH-03", "H-BAN-01a"], Hosts=[HOST])
    office.until(run, "Suspended", limit_s=2 * WORK_LIMIT_S)
    number = office.number(run)
    assert lab.must(HOST, SSHD) == before, "something was touched before the approval"
    office.look_at(run, "Suspended")
    page.shows(f"{number} security hardening of {HOST} for bureau")
    office.answer(run, "approve", office.code(run))
    office.send()
    office.until(run, "Successful", limit_s=2 * WORK_LIMIT_S)
    assert "maxauthtries 4" in lab.must(HOST, SSHD) and healthy(lab, HOST)

    newest = office.api("POST", "/artifacts/latest/filter", artifacts={"key": {"any_": [f"outcome-{number.lower()}"]}})[0]["latest_id"]
    page.open(f"{office.orchestrator.url}/v2/artifacts/artifact/{newest}")
    page.shows("基线，得分由加固前的")
    page.draw_rarely(False)
    page.to_top()
    page.picture("hardening-outcome")
    assert office.desk.closure(number) == "successful" and archive.verify().ok
    assert sorted(key for key, _ in archive.load_all(number, "baseline", BaselineReading)) == [f"{HOST} after 1", f"{HOST} before"]
    archive.dispose()


@pytest.mark.long
def test_a_killed_run_is_seen_crashed_and_retried_in_the_browser(office):
    """Its process is killed in the migration; after Retry, process and worker both, which only the watchdog notices."""
    lab = office.lab
    office.browser.draw_rarely(True)
    request = {"customer": "bureau", "hosts": [HOST], "requester": "张工", "reason": "订单系统 1.1.0", **release(lab), "rehearse_on": STAGING}
    run = office.api("POST", f"/deployments/{office.deployment('software-upgrade/standfast')}/create_flow_run", parameters={"request": request})["id"]
    office.until(run, "Suspended")
    number = office.number(run)
    office.look_at(run, "Suspended")
    office.answer(run, "approve", office.code(run))
    office.send()
    office.browser.open("about:blank")

    from reports.records import Plan

    steps = office.desk.archive.load(number, "plan", "1", Plan).steps
    office.desk.wait_for(number, "step begun", step=next(s.number for s in steps if s.key == "migrate-database"), limit_s=120)
    office.kill(run)
    crashed = office.until(run, "Crashed", limit_s=60)
    assert office.desk.closure(number) == "open"
    office.retry(run)
    office.browser.open("about:blank")

    office.desk.wait_for(number, "step begun", step=steps[-1].number, limit_s=180)
    office.kill(run, worker=True)
    office.orchestrator.start_worker(print)
    watch = "import flows.watchdog; print(flows.watchdog.watchdog(silence_s=2))"
    watched, end = None, time.monotonic() + 60
    while office.state(run) != "Crashed":
        assert time.monotonic() < end, f"the watchdog did not see that the run is dead: {office.state(run)}; {watched}"
        time.sleep(2)
        watched = office.process("-c", watch)
    office.until(run, "Crashed", last=crashed, limit_s=10)
    office.retry(run)
    office.until(run, "Successful")
    office.look_at(run, "Successful")
    assert '"version": "1.1.0"' in lab.must(HOST, "curl -fsS http://127.0.0.1/health")
    done = lab.must(HOST, f"grep -l '^result=done' /var/lib/standfast/changes/{number}/steps/*/carry-out-*/result | xargs -n1 dirname | xargs -n1 dirname")
    assert set(collections.Counter(done.split()).values()) == {1}, f"a step was carried out to its end twice:\n{done}"
    assert office.desk.closure(number) == "successful" and office.desk.archive.verify().ok
