"""Drives changes the way people do: the command line in processes of its own, which can be killed; codes read from the mail sink."""

from __future__ import annotations

import email
import email.policy
import json
import os
import re
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from deployments.lab import Lab
from reports.archive import Archive
from reports.records import JournalEntry
from tests.live import warm

ROOT = Path(__file__).resolve().parents[2]
APPROVER = "王主任"


@dataclass
class Desk:
    """One archive and one inventory of its own, and the command line over them."""

    lab: Lab
    folder: Path
    environment: dict[str, str]
    sent: set[str] = field(default_factory=set)

    @classmethod
    def open(cls, lab: Lab, folder: Path, environment: dict[str, str], **host_changes: dict) -> Desk:
        """host_changes: by host name, what its entry says differently."""
        content = yaml.safe_load(lab.inventory.read_text())
        for host in content["hosts"]:
            if host["name"] != "web1" and not host["name"].startswith("node") or host["name"] == "node99":
                host["labels"] = [*host.get("labels", []), "staging"]
            for check in host["acceptance"]:
                check["steady_s"] = 1  # asked five times a change; what flaps has tests of its own
            host.update(host_changes.get(host["name"], {}))
        content["archives"] = [{"name": "default", "database": f"sqlite:///{folder}/archive.db", "store": str(folder / "store"),
                                "signing_key": str(folder / "signing.key")}]
        (folder / "inventory.yaml").write_text(yaml.safe_dump(content, allow_unicode=True))
        desk = cls(lab, folder, {**os.environ, **environment, "STANDFAST_INVENTORY": str(folder / "inventory.yaml")})
        desk.sent = {path.name for path in lab.mail.glob("*.eml")}
        return desk

    @property
    def archive(self) -> Archive:
        return Archive.open(f"sqlite:///{self.folder}/archive.db", self.folder / "store", self.folder / "signing.key")

    def run(self, *arguments: str, limit_s: float = 600, given: str | None = None, installed: bool = False) -> subprocess.CompletedProcess:
        """The command, to its end. installed: as an operator types it, with all that it imports; else forked, which saves most of a short command's time."""
        if not installed:
            return warm.run(arguments, self.environment, limit_s, given)
        return subprocess.run([sys.executable, str(ROOT / "standfast.py"), *arguments], cwd=ROOT, env=self.environment, capture_output=True,
                              text=True, timeout=limit_s, input=given)

    def begin(self, *arguments: str) -> warm.Driver:
        log = self.folder / "driver.log"
        return warm.Driver(arguments, self.environment, log, log)

    def request(self, **request) -> Path:
        path = self.folder / f"request-{time.monotonic_ns()}.yaml"
        path.write_text(yaml.safe_dump({"customer": "bureau", "hosts": ["web1"], "requester": "张工", "operator": "test", "reason": "测试", **request},
                                       allow_unicode=True))
        return path

    def plan(self, **request) -> str:
        """A change with its plan; returns the number."""
        done = self.run("plan", str(self.request(**request)), "--json")
        assert done.returncode == 0, done.stderr + done.stdout[-2000:]
        return json.loads(done.stdout)["number"]

    def rehearsed(self, **request) -> str:
        number = self.plan(**request)
        done = self.run("rehearse", number, limit_s=900)
        assert done.returncode == 0, done.stderr[-3000:] + done.stdout[-3000:]
        return number

    def approved(self, **request) -> str:
        number = self.rehearsed(**request)
        self.approve(number)
        return number

    def approve(self, number: str) -> None:
        assert self.run("send-codes", number).returncode == 0
        done = self.run("approve", number, "--name", APPROVER, "--code", self.code(number), "--channel", "phone", "--taken-by", "测试员")
        assert done.returncode == 0, done.stderr

    def code(self, number: str, name: str = APPROVER) -> str:
        """The code from the newest mail about this change to this approver."""
        for _ in range(50):
            for path in sorted(self.lab.mail.glob("*.eml"), key=lambda p: p.stat().st_mtime_ns, reverse=True):
                message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
                body = message.get_body(("plain",))
                text = body.get_content() if body else ""
                if path.name not in self.sent and number in text and name in text and (found := re.search(r"^\s+(\d{4} \d{4})\s*$", text, re.M)):
                    return found.group(1)
            time.sleep(0.2)
        raise AssertionError(f"no mail with a code for {number}")

    def journal(self, number: str, event: str | None = None) -> tuple[JournalEntry, ...]:
        archive = self.archive
        try:
            return archive.journal(number, event=event)
        finally:
            archive.dispose()

    def wait_for(self, number: str, event: str, *, step: int | None = None, limit_s: float = 300, attempt: int | None = None) -> None:
        """Wait until the journal says so."""
        end = time.monotonic() + limit_s
        while time.monotonic() < end:
            for entry in self.journal(number, event):
                if (step is None or entry.step == step) and (attempt is None or entry.attempt == attempt):
                    return
            time.sleep(0.1)
        log = (self.folder / "driver.log").read_text(errors="replace")[-3000:] if (self.folder / "driver.log").exists() else ""
        raise AssertionError(f"{number} never came to {event} {step}: {[e.event for e in self.journal(number)][-10:]} {log}")

    def closure(self, number: str) -> str:
        return self.archive.change(number).closure or "open"


def facts(lab: Lab, name: str = "web1") -> str:
    """What a host is, read without any of our own code: packages, configuration, release, data, services."""
    return lab.must(name, """
        dpkg-query -W -f '${Package} ${Version} ${db:Status-Abbrev}\\n'
        find /etc/nginx /etc/postgresql /etc/orders /etc/systemd/system -type f -exec sha256sum {} + | sort -k2
        readlink /srv/orders/current; ls /srv/orders/releases
        systemctl is-active nginx postgresql@15-main orders ssh
        su postgres -c "psql -At orders -c \\"select count(*), sum(hashtextextended(o::text, 0)) from orders o\\""
        su postgres -c "pg_dump --schema-only orders" | sed '/restrict/d; /^--/d' | sha256sum
    """)


def healthy(lab: Lab, name: str = "web1") -> bool:
    code, _ = lab.exec(name, "curl -fsS --max-time 5 http://127.0.0.1/health")
    return code == 0


def when(lab: Lab, name: str, there: str, then: str) -> None:
    """As soon as a file is there on the host, this is done, by the host itself."""
    lab.must(name, f"""cat >/run/when <<'END'
n=0; until [ -e {there} ]; do n=$((n + 1)); [ $n -lt 60000 ] || exit; sleep 0.01; done
{then}
END
setsid sh /run/when >/dev/null 2>&1 </dev/null &""")  # no unit, which would be one that nobody planned
