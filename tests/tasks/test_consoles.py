"""The command line of network devices over SSH: a small server of this test that behaves as switches do, and as none should."""

from __future__ import annotations

import socket
import threading
import time
from datetime import UTC, datetime

import paramiko
import pytest
import yaml

from blocks import NetworkDevice
from reports.records import Outcome
from tasks import consoles
from tasks.checks.catalogue import device_checks, limits_for
from tasks.checks.kinds import Known
from tasks.consoles import read_console
from tests.tasks.checks.test_catalogue import CASES

KEY = paramiko.RSAKey.generate(2048)
PINNED = f"{KEY.get_name()} {KEY.get_base64()}"


def printed(vendor: str) -> dict[str, str]:
    """What the commands print, by command: the first answers of the case files."""
    found: dict[str, str] = {}
    for check in device_checks(vendor):
        for case in yaml.safe_load((CASES / f"{check.id}.yaml").read_text()):
            head, _, rest = case["answer"].partition("\n")
            if head == f"# {vendor} {check.commands[vendor]}":
                found.setdefault(check.commands[vendor], rest.removesuffix("end\n"))
    return found


class Switch(paramiko.ServerInterface):
    """Lets one user in and gives him a shell that echoes, prompts, and waits for a key after each screen until told not to."""

    def __init__(self, vendor: str, answers: dict[str, str], prompt: str = "<core-sw1>", greeting: str = "Welcome\r\n", misbehave: str = "",
                 wiped: str = "") -> None:
        self.wiped, self.vendor, self.answers, self.prompt, self.greeting, self.misbehave = wiped, vendor, answers, prompt, greeting, misbehave
        self.typed: list[str] = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.over = False
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            transport = paramiko.Transport(near)
            transport.add_server_key(KEY)
            try:
                transport.start_server(server=self)
                channel = transport.accept(5)
                if channel is not None:
                    threading.Thread(target=self._shell, args=(channel,), daemon=True).start()
            except (paramiko.SSHException, OSError, EOFError):
                continue

    def end(self) -> None:
        self.over = True
        try:
            self.listener.shutdown(socket.SHUT_RDWR)  # or who waits in accept lets one more in
        except OSError:
            pass
        self.listener.close()

    def check_auth_password(self, username: str, password: str) -> int:
        return paramiko.AUTH_SUCCESSFUL if (username, password) == ("inspect", "geheim-123") else paramiko.AUTH_FAILED

    def get_allowed_auths(self, username: str) -> str:
        return "password"

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return paramiko.OPEN_SUCCEEDED

    def check_channel_pty_request(self, *_: object) -> bool:
        return True

    def check_channel_shell_request(self, channel: object) -> bool:
        return True

    def _shell(self, channel: paramiko.Channel) -> None:
        whole = False
        try:
            channel.sendall(f"{self.greeting}\r\n{self.prompt}".encode())
            line = b""
            while not self.over:
                line += channel.recv(1000)
                if not line.endswith((b"\n", b"\r")):
                    continue
                command, line = line.decode().strip(), b""
                self.typed.append(command)
                if self.misbehave == "silent" and command.startswith("display cpu"):
                    time.sleep(30)
                if self.misbehave == "hang up" and command.startswith("display cpu"):
                    channel.close()
                    return
                whole = whole or "length" in command
                channel.sendall(f"{command}\r\n".encode())
                answer = self.answers.get(command, "" if "length" in command else "           ^\nError: Unrecognized command found at '^' position.\n")
                if self.misbehave == "flood" and command.startswith("display cpu"):
                    answer = "x" * 79 + "\n"
                    answer *= 20_000
                while self.misbehave == "babble" and command.startswith("display cpu") and not self.over:
                    channel.sendall(b"  ---- More ----")
                    time.sleep(0.05)
                if self.misbehave == "blanks" and command.startswith("display cpu"):
                    channel.sendall((" " * 300_000 + "-" * 300_000).encode())
                    time.sleep(0.5)
                    channel.sendall(b"\r\n  ---- More ----")
                lines = answer.splitlines()
                for place, one in enumerate(lines):
                    if self.misbehave == "more" and place and place % 4 == 0:
                        channel.sendall(b"  ---- More ----")
                        channel.recv(1)
                        channel.sendall(self.wiped.encode())
                    channel.sendall(f"{one}\r\n".encode())
                channel.sendall(self.prompt.encode())
        except (OSError, EOFError):
            pass


@pytest.fixture
def switches():
    made = []

    def make(*arguments, **more) -> Switch:
        made.append(switch := Switch(*arguments, **more))
        return switch
    yield make
    for switch in made:
        switch.end()


def read(switch: Switch, **more):
    entry = {"by": "ssh", "vendor": switch.vendor, "user": "inspect", "password": "geheim-123", "host_key": PINNED, "timeout_s": 2, **more}
    device = NetworkDevice(name="core-sw1", customer="bureau", address="127.0.0.1", port=switch.port, **entry)
    checks = device_checks(switch.vendor)
    read, raw = read_console(device, checks, {c.id: limits_for(c) for c in checks}, lambda _: Known(now=datetime.now(UTC), expected=device.expected))
    assert read.kind == "network" and (read.problem or {row.check for row in read.rows} == {check.id for check in checks})
    assert "geheim" not in raw + read.model_dump_json()
    return read, {(row.check, row.object): (row.outcome, row.says.en) for row in read.rows}, raw


@pytest.mark.parametrize(("vendor", "prompt"), [("huawei", "<core-sw1>"), ("h3c", "<core-sw1>"), ("cisco", "core-sw1#")])
def test_a_switch_of_each_vendor_is_read(switches, vendor, prompt):
    switch = switches(vendor, printed(vendor), prompt)
    found, said, raw = read(switch, expected={"name": "core-sw1"})
    assert not {key: one for key, one in said.items() if one[0] is Outcome.UNKNOWN} and said["NET-05b", ""][0] is Outcome.OK
    assert {check for check, _ in said} >= {"NET-05a", "NET-05b", "NET-05c", "NET-05d", "NET-06a", "NET-10"}
    assert found.about["name"] == "core-sw1" and "Version" in found.about["system"] and f"# {vendor} " in raw
    assert all(command.startswith(("display ", "show ", "screen-length ", "terminal length ")) for command in switch.typed)


@pytest.mark.parametrize("wiped", ["\x1b[42D" + " " * 42 + "\x1b[42D", "\x08" * 10 + " " * 10 + "\x08" * 10, "\r" + " " * 20 + "\r"])
def test_what_waits_for_a_key_after_each_screen_is_read_whole(switches, wiped):
    _, plain, _ = read(switches("h3c", printed("h3c")))
    _, paged, _ = read(switches("h3c", printed("h3c"), misbehave="more", wiped=wiped))
    assert paged == plain


def test_more_commands_are_kept_as_evidence_and_secrets_in_them_are_not(switches):
    switch = switches("huawei", printed("huawei") | {"display device": "Slot 0 S5720 Normal\nsnmp-agent password = abc123def geheim-123\n"})
    _, _, raw = read(switch, commands=["display device"])
    assert "Slot 0 S5720 Normal" in raw and "abc123def" not in raw


def test_a_command_that_is_not_known_is_unknown_alone(switches):
    answers = {command: text for command, text in printed("huawei").items() if command != "display memory-usage"}
    _, said, _ = read(switches("huawei", answers))
    assert said["NET-05d", ""][0] is Outcome.UNKNOWN and "does not know the command" in said["NET-05d", ""][1]
    assert said["NET-05a", ""][0] is Outcome.OK


@pytest.mark.parametrize(("misbehave", "says"), [("silent", "no prompt within"), ("babble", "no prompt within"),
                                                 ("hang up", "the session broke"), ("flood", "more than 1024 KiB")])
def test_a_device_that_falls_silent_hangs_up_or_never_ends(switches, monkeypatch, misbehave, says):
    monkeypatch.setattr(consoles, "COMMAND_LIMIT_S", 1 if misbehave in ("silent", "babble") else 30)
    began = time.monotonic()
    found, said, _ = read(switches("huawei", printed("huawei"), misbehave=misbehave))
    assert found.problem is None and said["NET-05a", ""][0] is Outcome.OK
    assert {said[check, ""][0] for check in ("NET-05c", "NET-05d", "NET-06a", "NET-10")} == {Outcome.UNKNOWN} and says in said["NET-05c", ""][1]
    assert misbehave not in ("silent", "babble") or time.monotonic() - began < 20


def test_an_answer_of_blanks_and_dashes_is_not_searched_for_long(switches):
    began = time.process_time()
    read(switches("huawei", printed("huawei"), misbehave="blanks"))
    assert time.process_time() - began < 10


def test_why_a_device_is_not_reached_is_told_in_one_sentence(switches):
    switch = switches("huawei", printed("huawei"))
    other = paramiko.RSAKey.generate(2048)
    for more, says in (({"password": "geheim-999"}, "user inspect is not let in with the password given; check user and password"),
                       ({"host_key": f"{other.get_name()} {other.get_base64()}"}, "shows another host key than the pinned one"),
                       ({"password": None, "key_file": "/nowhere/key"}, "key file /nowhere/key cannot be read")):
        found, _, _ = read(switch, **more)
        assert says in found.problem.en and found.problem.zh != found.problem.en
    switch.end()
    assert "cannot be reached" in read(switch)[0].problem.en
    asking = switches("huawei", {}, prompt="Change the password now? [Y/N]:", greeting="The password has expired.")
    found, _, _ = read(asking, timeout_s=0.5)
    assert "no prompt within" in found.problem.en and "Change the password now?" in found.problem.en and asking.typed == []
