"""`make demo`: real software upgraded on a real host, before one's eyes; then inspections, a security check, and a hardening after it.

APPROVE=yes answers for the customer and runs to the end unattended; APPROVE=no refuses for the customer; without it, one is asked here
and on the run's page, whichever comes first. In the lab the customer's mailbox is a folder, so the one-time code is read from there.
"""

from __future__ import annotations

import email
import email.policy
import logging
import os
import re
import select
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from deployments.lab import lab
from deployments.lab.place import LabError
from deployments.orchestrator import NotReady, Orchestrator

HOST = os.environ.get("HOST", "web1")
DATABASE_HOST = "db1"
INSPECTION_LIMIT_S = 600
LIMIT_S = 1800  # the whole demo, waiting for people left out
PACKAGES = ["nginx", "postgresql-15"]
# Put right by the hardening: six files, of which two decide who gets in.
CONTROLS = ["H-SSH-01", "H-SSH-03", "H-SSH-04a", "H-SSH-04b", "H-SSH-05a", "H-SSH-06b", "H-SSH-07a", "H-SSH-11b", "H-SUD-01b", "H-ACC-08", "H-PWD-04a",
            "H-PWD-04b", "H-BAN-01a", "H-BAN-01b", "H-BAN-01c"]
APPROVER = "王主任"
OWN_DOINGS = re.compile(r"Finished in state (Completed\(\)|Cached\()|(Beginning|Suspending|Resuming) (sub)?flow run|Downloading flow code")


def say(line: str) -> None:
    print(f"[{datetime.now():%H:%M:%S}] {line}", flush=True)


def main() -> int:
    answer = os.environ.get("APPROVE", "").strip().lower()
    if answer not in ("", "yes", "no"):
        print(f"APPROVE={answer}: write APPROVE=yes, APPROVE=no, or leave it out", file=sys.stderr)
        return 2
    try:
        say("bringing up the lab: Debian 12 hosts in containers, a mail sink")
        lab.up([HOST, DATABASE_HOST])
        lab.reset(HOST)
        orchestrator = Orchestrator(lab.folder / "prefect", guarded=True)
    except (LabError, NotReady) as problem:
        print(f"demo: {problem}", file=sys.stderr)
        return 1
    orchestrator.use_here()
    try:
        orchestrator.start_server(say)
        say(f"The UI at {orchestrator.url} asks for the password {orchestrator.password}")
        code = run(orchestrator, answer)
        if not answer:
            say(f"The UI stays up at {orchestrator.url}; press Ctrl-C to end.")
            while True:
                time.sleep(3600)
        return code
    except NotReady as problem:
        print(f"demo: {problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        say("ending server and worker; the lab stays up (make down removes it)")
        return 0
    finally:
        orchestrator.stop()


def run(orchestrator: Orchestrator, answer: str) -> int:
    """All of it; returns what the demo should exit with."""
    from blocks.register import register_all
    from deployments.inventory import load_blocks, read_inventory
    from tasks import desk, lifecycle

    say("registering blocks, loading the inventory")
    register_all()
    load_blocks(read_inventory(lab.inventory))
    orchestrator.deploy(say)
    orchestrator.start_worker(say)
    before = lifecycle.read_survey(desk.host(HOST), "demo before")
    number, ended = change("software-upgrade", f"of {', '.join(PACKAGES)} on {HOST}", answer, orchestrator, {
        "hosts": [HOST], "kind": "packages", "scope": "listed", "packages": PACKAGES,
        "reason": "安装已发布的安全更新 / install published security updates"})
    code = tell_ending(number, ended, before)
    code = max(code, inspect("system-inspection")[0], inspect("database-inspection")[0])
    failed, check = inspect("security-check")
    return max(code, failed, harden(check, answer, orchestrator) if check else 1)


def change(procedure: str, of: str, answer: str, orchestrator: Orchestrator, request: dict):
    """One change from request to sealed archive; its number, and its run as it ended."""
    from prefect.client.orchestration import get_client
    from prefect.deployments import run_deployment

    from flows.parts.run import link_to
    from tasks import desk

    sent_before = {path.name for path in lab.mail.glob("*.eml")}
    run_ = run_deployment(f"{procedure}/standfast", timeout=0, parameters={"request": {
        "customer": "bureau", "requester": "张工", "operator": "demo", **request}})
    say(f"{procedure} {of} is started: {link_to(str(run_.id))}")
    number = ""
    asked = set()
    end = time.monotonic() + LIMIT_S
    logs_seen = 0
    with get_client(sync_client=True) as client:
        while time.monotonic() < end:
            now = client.read_flow_run(run_.id)
            logs_seen = tell_new_logs(client, run_.id, logs_seen)
            if not number:
                number = next((r.number for r in desk.archive().changes(limit=20) if r.run_id == str(run_.id)), "")
            if now.state.is_final():
                break
            if now.state.is_paused() and now.state.id not in asked:
                asked.add(now.state.id)
                waited = time.monotonic()
                settle(client, run_.id, number, answer, link_to(str(run_.id)), sent_before)
                end += time.monotonic() - waited
            time.sleep(1)
        else:
            raise NotReady(f"the run did not end within {LIMIT_S} s; see {link_to(str(run_.id))} and {orchestrator.log('worker')}")
        tell_new_logs(client, run_.id, logs_seen)
    return number, now


def harden(check: str, answer: str, orchestrator: Orchestrator) -> int:
    """A few of the controls that the security check saw fail, put right; returns what the demo should exit with."""
    from tasks import desk, hardening, papers
    from tasks.findings import findings_of

    failing = {row.check for row in findings_of(check) if row.target == HOST}
    wanted = [name for name in CONTROLS if name in failing]
    if not wanted:  # none named would mean all
        say(f"{HOST} passes all that the demo would harden")
        return 0
    number, ended = change("security-hardening", f"of {HOST} after {check}", answer, orchestrator, {
        "inspection": check, "targets": [HOST], "findings": wanted,
        "reason": "安全检查不符合项加固 / put right what the security check found"})
    say(f"{number}: the run ended as {ended.state.name}: {ended.state.message}")
    if score := hardening.sentence(number):
        say(f"  {score.en}; by the security check's model, with every control that was not asked for still failing")
    for name, path in sorted(papers.documents(number).items()):
        if name.startswith("report-"):
            say(f"  {name}: {path}")
    desk.forget_what_is_kept()
    closure = desk.change(number).closure
    return 0 if closure is not None and (closure.exit_code == 0 or closure.value == "rejected") else 1


def inspect(procedure: str) -> tuple[int, str]:
    """One inspection, or security check, of everything that is in the lab, and where its report lies; what the demo should exit with, and its number."""
    from prefect.deployments import run_deployment

    from tasks import desk, papers

    run_ = run_deployment(f"{procedure}/standfast", timeout=INSPECTION_LIMIT_S, poll_interval=2, parameters={"request": {
        "customer": "bureau", "requester": "张工", "operator": "demo", "reason": "演示 / demonstration"}})
    desk.forget_what_is_kept()
    number = next((row.number for row in desk.archive().changes(limit=20) if row.run_id == str(run_.id)), "")
    report = papers.documents(number).get("report-zh.pdf", "no report") if number else "no report"
    say(f"{procedure}: {run_.state.name}, {run_.state.message}; {report}")
    return (0 if run_.state.is_completed() and report != "no report" else 1), number


def settle(client, run_id, number: str, answer: str, link: str, sent_before: set[str]) -> None:
    """Put the question here too; the run goes on when it is answered here or on its page."""
    from reports.documents import render_plan_text
    from tasks import desk, lifecycle

    plan = lifecycle.plan_of(number)
    print("\n" + render_plan_text(plan, "en", appendices=False) + "\n")
    say(f"{number} waits for the customer's approval.")
    say(f"  its page: {link}   (the form: menu ⋮, Resume)")
    say("  the whole plan with its appendices, every command word for word, in the operation instruction:")
    for name, path in sorted(_instructions(number).items()):
        say(f"  {name}: {path}")
    code = newest_code(sent_before)
    if not answer:
        say(f"  on the page, enter: name {APPROVER}, the code {code} (from the mail in {lab.mail})")
        print(f"Does {APPROVER} approve? [yes/no] ", end="", flush=True)
    while not answer:
        if not client.read_flow_run(run_id).state.is_paused():
            print("(answered on the page)", flush=True)
            return
        if select.select([sys.stdin], [], [], 1.0)[0]:
            line = sys.stdin.readline()
            if not line:  # nobody is at the terminal: the page remains
                time.sleep(5)
                continue
            answer = line.strip().lower()
            if answer not in ("yes", "no", "y", "n"):
                print("yes or no: ", end="", flush=True)
                answer = ""
    entry = {"decision": "approve" if answer.startswith("y") else "reject", "name": APPROVER, "code": code, "channel": "phone",
             "taken_by": "demo", "reason": "" if answer.startswith("y") else "业务高峰期,改期 / peak season, another day"}
    say(f"answering for the customer, as taken down by phone: {entry['decision']}")
    for _ in range(20):
        status = client.resume_flow_run(run_id, run_input=entry).status.value
        if status == "ACCEPT" or not client.read_flow_run(run_id).state.is_paused():
            break
        time.sleep(1)
    desk.forget_what_is_kept()


def newest_code(sent_before: set[str]) -> str:
    """The code from the newest mail to the approver."""
    for _ in range(60):
        for path in sorted((p for p in lab.mail.glob("*.eml") if p.name not in sent_before), key=lambda p: p.stat().st_mtime, reverse=True):
            message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
            body = message.get_body(("plain",))
            text = body.get_content() if body else ""
            if APPROVER in text and (found := re.search(r"^\s+(\d{4} \d{4})\s*$", text, re.M)):
                return found.group(1)
        time.sleep(1)
    raise NotReady(f"no mail with a code arrived in {lab.mail}")


def _instructions(number: str) -> dict[str, Path]:
    from tasks import papers

    return {name: path for name, path in papers.documents(number).items() if name.startswith("instruction") and name.endswith(".pdf")}


def tell_new_logs(client, run_id, seen: int) -> int:
    from prefect.client.schemas.filters import LogFilter, LogFilterFlowRunId
    from prefect.client.schemas.sorting import LogSort

    logs = client.read_logs(LogFilter(flow_run_id=LogFilterFlowRunId(any_=[run_id])), limit=200, offset=seen, sort=LogSort.TIMESTAMP_ASC)
    for entry in filter(worth_telling, logs):
        for line in entry.message.splitlines()[:3]:
            print(f"    {line[:160]}", flush=True)
    return seen + len(logs)


def worth_telling(entry) -> bool:
    """Not what Prefect says of its own doings: a task that ended well without a word, processes that are started for a run."""
    if entry.level > logging.INFO:
        return True
    return not entry.name.startswith(("prefect.flow_runs.", "prefect.task_runs.")) and not OWN_DOINGS.match(entry.message)


def tell_ending(number: str, run_, before) -> int:
    from tasks import desk, lifecycle, papers
    from tasks.comparison import differences

    after = lifecycle.read_survey(desk.host(HOST), "demo after")
    changed = [d for d in differences(before, after) if d.kind in ("package", "configuration", "release", "cluster")]
    print()
    say(f"the run ended as {run_.state.name}: {run_.state.message}")
    for d in changed:
        say(f"  {d.kind} {d.name}: {d.before or '-'} -> {d.after or '-'}")
    if not changed:
        say(f"  nothing was changed on {HOST}")
    for name, path in sorted(papers.documents(number).items()):
        say(f"  {name}: {path}")
    verdict = desk.archive().verify()
    say(f"  archive: {desk.archive().bundle_folder} ({'the whole chain verifies' if verdict.ok else verdict.problem})")
    closure = desk.change(number).closure
    wanted = closure is not None and verdict.ok and (closure.exit_code == 0 or (closure.value == "rejected" and not changed))
    say(f"took {(datetime.now(UTC) - desk.change(number).opened_at).total_seconds():.0f} s in all")
    return 0 if wanted else 1


if __name__ == "__main__":
    sys.exit(main())
