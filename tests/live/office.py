"""An operator's place of work for tests in the browser: server, worker, browser, hosts, the customer's mailbox, all of them real (R104, R111)."""

from __future__ import annotations

import email
import email.policy
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
import yaml

from deployments.lab import Lab, LabError
from deployments.lab import lab as the_lab
from deployments.lab.browser import found
from deployments.orchestrator import Orchestrator
from tests.live.browser import Browser
from tests.live.drive import APPROVER, ROOT, Desk

HOST, STAGING = "web3", "web4"
INVENTORY = "STANDFAST_INVENTORY"
SUBMIT_TRIES = 4
WORK_LIMIT_S = 240  # survey and rehearsal, or carrying out, on a busy machine


@dataclass
class Office:
    """Everything an operator's place of work has: server, worker, browser, the hosts, the customer's mailbox."""

    lab: Lab
    desk: Desk
    orchestrator: Orchestrator
    browser: Browser
    client: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=30))

    def api(self, method: str, path: str, **content) -> dict:
        answer = self.client.request(method, f"{self.orchestrator.url}/api{path}", **({"json": content} if content else {}))
        answer.raise_for_status()
        return answer.json()

    def look_at(self, run: str, shows: str = "") -> None:
        """Open the run's page, and wait until it says how the run is."""
        self.browser.open(f"{self.orchestrator.url}/v2/runs/flow-run/{run}")
        if shows:
            self.browser.shows(shows, 60)

    def state(self, run: str) -> str:
        return self.api("GET", f"/flow_runs/{run}")["state"]["name"]

    def until(self, run: str, *states: str, limit_s: float = WORK_LIMIT_S, last: str = "") -> str:
        """Wait until the run is in one of these states; another one that is final ends the wait at once. last: a state that was seen before.

        The browser looks at nothing meanwhile.
        """
        self.browser.open("about:blank")
        end = time.monotonic() + limit_s
        while (now := self.api("GET", f"/flow_runs/{run}")["state"])["name"] not in states or now["id"] == last:
            if time.monotonic() > end or (now["type"] in ("COMPLETED", "FAILED", "CANCELLED") and now["id"] != last):
                self.look_at(run)
                time.sleep(5)
                raise AssertionError(f"the run is {now['name']} ({now['message']}), not {states}, after {limit_s:.0f} s at most; "
                                     f"picture: {self.browser.picture('wrong-state')}\n{self.browser.text()[-2500:]}")
            time.sleep(0.5)
        return now["id"]

    def process(self, *arguments: str) -> subprocess.CompletedProcess:
        """Python in a process of its own that finds everything in blocks."""
        environment = {key: value for key, value in self.desk.environment.items() if key != INVENTORY}
        return subprocess.run([sys.executable, *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120)

    def describe(self, host: str, **changes) -> None:
        """Say something else of a host, and load the blocks anew."""
        file = Path(self.desk.environment[INVENTORY])
        content = yaml.safe_load(file.read_text())
        next(one for one in content["hosts"] if one["name"] == host).update(changes)
        file.write_text(yaml.safe_dump(content, allow_unicode=True))
        loaded = self.process("standfast.py", "inventory", "load", str(file))
        assert loaded.returncode == 0, loaded.stderr + loaded.stdout

    def deployment(self, name: str) -> str:
        return self.api("GET", f"/deployments/name/{name}")["id"]

    def code(self, run: str, name: str = APPROVER) -> str:
        """The code in the newest mail to this approver that leads to this run's page."""
        for _ in range(50):
            for path in sorted(self.lab.mail.glob("*.eml"), key=lambda p: p.stat().st_mtime_ns, reverse=True):
                body = email.message_from_bytes(path.read_bytes(), policy=email.policy.default).get_body(("plain",))
                text = body.get_content() if body else ""
                if run in text and name in text and (seen := re.search(r"^\s+(\d{4} \d{4})\s*$", text, re.M)):
                    return seen.group(1)
            time.sleep(0.2)
        raise AssertionError(f"no mail with a code leads to the run {run}; see {self.lab.mail}")

    def artifact(self, key: str) -> None:
        """Open the newest page of that name, as a run has made it."""
        newest = self.api("POST", "/artifacts/latest/filter", artifacts={"key": {"any_": [key]}})[0]["latest_id"]
        self.browser.open(f"{self.orchestrator.url}/v2/artifacts/artifact/{newest}")

    def ended(self, run: str, state: str, limit_s: float = WORK_LIMIT_S) -> str:
        """Wait for this end, look at the run's page; returns what its state says."""
        self.until(run, state, limit_s=limit_s)
        self.look_at(run, state)
        return self.api("GET", f"/flow_runs/{run}")["state"]["message"]

    def log(self, run: str) -> str:
        """What the run's tab Logs says."""
        lines = self.api("POST", "/logs/filter", logs={"flow_run_id": {"any_": [run]}}, sort="TIMESTAMP_ASC", limit=200)
        return "\n".join(line["message"] for line in lines)

    def number(self, run: str) -> str:
        return next(row.number for row in self.desk.archive.changes(limit=20) if row.run_id == run)

    def form(self, procedure: str) -> Browser:
        """The form that starts a procedure, as it opens."""
        page = self.browser
        page.draw_rarely(False)
        page.open(f"{self.orchestrator.url}/v2/deployments/deployment/{self.deployment(f'{procedure}/standfast')}")
        page.press("Run")
        page.press("Custom run", "menuitem")
        page.shows("Submit", 60)
        return page

    def started(self, procedure: str, filled_in: dict[str, str], **added: list[str]) -> str:
        """Start a procedure by its form; returns the run. added: what is added to lists, by the field's title."""
        page = self.form(procedure)
        for title, value in filled_in.items():
            page.fill_in(title, value)
        for title, values in added.items():
            for value in values:
                page.add(title, value)
        return self.submitted()

    def submitted(self) -> str:
        """Submit the form that is open, and go to its run's page; returns the run. The link to it goes by too soon where the machine is busy."""
        page = self.browser
        deployment = re.search(r"/deployment/([0-9a-f-]{36})", page.driver.current_url).group(1)
        before = self._runs_of(deployment)
        run, pressed = "", 0
        while not run and pressed < SUBMIT_TRIES:
            pressed += 1
            page.press("Submit")  # a press that came while the form drew itself anew does nothing: a person presses again
            try:
                (run,) = page.until("has started a run", lambda: self._runs_of(deployment) - before, 30)
            except AssertionError:
                if pressed == SUBMIT_TRIES or page.find("//button[normalize-space(.)='Submit']") is None:
                    raise
        page.draw_rarely(True)
        self.look_at(run)
        return run

    def _runs_of(self, deployment: str) -> set[str]:
        found = self.api("POST", "/flow_runs/filter", deployments={"id": {"any_": [deployment]}}, limit=200)
        return {run["id"] for run in found if not run["auto_scheduled"]}

    def kill(self, run: str, worker: bool = False) -> None:
        """kill -9 to the process of this run, which our own worker started; with `worker` to the worker as well, just before."""
        mark = f"PREFECT__FLOW_RUN_ID={run}".encode()
        processes = [int(folder.name) for folder in Path("/proc").glob("[0-9]*") if mark in _environment(folder)]
        assert processes, f"no process carries out the run {run}"
        if worker:
            self.orchestrator.kill("worker")
        for process in processes:
            os.kill(process, signal.SIGKILL)

    def answer(self, run: str, decision: str, code: str, *, name: str = APPROVER, channel: str = "", taken_by: str = "", shows: str = "请批准") -> None:
        """Fill in the form behind ⋮, Resume on the run's page, up to the button that sends it."""
        page = self.browser
        page.press("Open menu")
        page.press("Resume", "menuitem")
        page.shows(shows)
        page.choose("决定 Decision", decision)
        page.fill_in("批准人 Approver", name)
        page.fill_in("一次性验证码 One-time code", code)
        if channel:
            page.choose("方式 Channel", channel)
            page.fill_in("记录人 Taken down by", taken_by)

    def send(self) -> None:
        self.browser.press("Resume", within="//*[@role='dialog']")
        self.browser.until("has closed the form", lambda: self.browser.find("//*[@role='dialog']") is None)

    def retry(self, run: str) -> None:
        """Press Retry on the run's page, once it says that the run crashed."""
        page = self.browser
        self.look_at(run, "Crashed")
        page.press("Open menu")
        page.press("Retry", "menuitem")
        dialog = "//*[@role='dialog' or @role='alertdialog']"
        page.press("Retry", within=dialog)
        page.until("has closed the question", lambda: page.find(dialog) is None)


def _environment(folder: Path) -> bytes:
    try:
        return (folder / "environ").read_bytes()
    except OSError:  # gone, or not ours
        return b""


def opened(folder: Path) -> Iterator[Office]:
    """The office while it is open. Without a browser the tests are left out; without a lab they fail."""
    if (paths := found()) is None:
        pytest.skip("no Chromium with its driver on this machine, so nobody can click: python -m deployments.lab.browser installs them")
    pictures = Path(os.environ.get("STANDFAST_PICTURES") or folder)
    pictures.mkdir(parents=True, exist_ok=True)
    try:
        the_lab.up([HOST, STAGING])
        for name in (HOST, STAGING):
            the_lab.reset(name)
    except LabError as problem:
        pytest.fail(f"the lab cannot be had: {problem}", pytrace=False)
    browser = Browser(*paths, folder / "profile", pictures)
    orchestrator = Orchestrator(folder / "prefect", port=4500)
    kept = os.environ.pop(INVENTORY, None)  # the worker must find everything in blocks
    try:
        desk = Desk.open(the_lab, folder, orchestrator.environment, **{HOST: {"wal_kept_mib": 512}})
        orchestrator.start_server(print)
        office = Office(the_lab, desk, orchestrator, browser)
        office.describe(HOST)
        orchestrator.deploy(print)
        orchestrator.start_worker(print)
        yield office
    finally:
        browser.close()
        orchestrator.stop()
        if kept is not None:
            os.environ[INVENTORY] = kept
