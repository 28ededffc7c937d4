"""What decides who gets in: PAM and the packet filter. What becomes one step, what is left to people, and what the scripts make of files (R008)."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from reports.records import Text
from tasks.operations.installed import PLACE
from tasks.operations.mend import Mend
from tasks.operations.pam import without_word
from tasks.planning.corrections import CONFIRM_S
from tests.tasks.controls.test_mends import CONTROLS, FAILED, found, plan

PAM = """pam common-auth auth [success=1 default=ignore] pam_unix.so nullok
pam common-auth auth requisite pam_deny.so
pam common-account account [success=1 default=ignore] pam_unix.so
pam common-password password [success=1 default=ignore] pam_unix.so obscure yescrypt
"""
OPEN = 'nft {"nftables": [{"metainfo": {"version": "1.0.6"}}]}\ntool nft\nlistens 0.0.0.0:22\nlistens [::]:80\nlistens 127.0.0.1:5432\nudp 0.0.0.0:123\n'


def of(control: str, output: str) -> Mend | Text:
    reading = found(output, control)
    row = next(row for row in reading.rows if row.outcome in FAILED)
    return CONTROLS[control].mend(row, reading.answer, reading.known)


def test_all_of_a_module_is_one_step_under_guard_with_every_file_shown():
    locked = {f"H-PWD-02{letter}": PAM + "end\n" for letter in "abcd"}
    made = plan(locked | {"H-PWD-07": PAM + "end\n", "H-PWD-03": PAM + "end\n"})
    assert not made.blockers and all(step.confirm_s == CONFIRM_S for step in made.steps)
    assert [[change.path for change in step.files] for step in made.steps] == [
        ["/etc/pam.d/common-auth"], ["/etc/security/faillock.conf", "/usr/share/pam-configs/standfast-faillock", "/usr/share/pam-configs/standfast-locked"],
        ["/usr/share/pam-configs/standfast-pwhistory"]]
    assert set(made.steps[1].files[0].after) == {"deny = 5", "unlock_time = 600", "fail_interval = 900"}
    shut = plan({"H-FW-01a": OPEN + "end\n", "H-FW-01b": OPEN + "end\n", "H-FW-03": OPEN + "end\n"})
    step, = shut.steps
    assert step.confirm_s == CONFIRM_S and not step.on_copy
    assert {"\t\ttcp dport { 22, 80 } accept", "\t\tudp dport { 123 } accept"} <= set(step.files[0].after) and "5432" not in str(step.files)


def test_where_the_module_is_in_use_only_its_file_changes():
    used = PAM + ("pam common-auth auth requisite pam_faillock.so preauth\npam common-account account required pam_faillock.so\n"
                  "pam common-password password requisite pam_pwquality.so retry=3\nconf faillock deny 20\nconf pwquality minlen 6\nend\n")
    mend = of("H-PWD-02b", used)
    assert mend.files[0].before == ("deny = 20",) and mend.files[0].after == ("deny = 5",) and "pam-auth-update" not in mend.command
    assert of("H-PWD-01a", used).files[0].after == ("minlen = 8",)
    assert isinstance(of("H-PWD-02b", used.replace("preauth", "preauth deny=20")), Text)


def test_packages_that_are_missing_are_one_step_before_all_others():
    bare = OPEN.replace("tool nft\n", "").replace('nft {"nftables": [{"metainfo": {"version": "1.0.6"}}]}\n', "") + "end\n"
    services = "package dpkg\nfile ssh.service enabled\nactive ssh.service\nend\n"
    made = plan({"H-PWD-01a": PAM + "end\n", "H-PWD-01b": PAM + "end\n", "H-FW-01a": bare, "H-INT-02": services, "H-UPD-05": services})
    first, pwquality, shut = made.steps
    assert "names='apt-listchanges cracklib-runtime debsums libpam-pwquality nftables wamerican'" in first.command and first.touches == (PLACE,)
    assert (first.confirm_s, pwquality.confirm_s, shut.confirm_s) == (0, CONFIRM_S, CONFIRM_S) and first.on_copy
    assert pwquality.files[0].path == "/etc/security/pwquality.conf" and shut.files[0].path == "/etc/nftables.conf"
    assert len({step.key for step in made.steps}) == 3 and {one.check for one in made.acceptance} >= {"H-INT-02", "H-UPD-05", "H-PWD-01a"}


@pytest.mark.parametrize(("control", "output"), [
    ("H-PWD-01a", PAM.replace("common-", "system-") + "end\n"), ("H-PWD-03", PAM + "pam common-password password requisite pam_pwhistory.so remember=2\nend\n"),
    ("H-PWD-02a", PAM + "pam common-auth auth requisite pam_faillock.so preauth\nend\n"), ("H-PWD-02a", PAM.replace("common-", "system-") + "end\n"),
    ("H-FW-01a", OPEN + "rival docker\nend\n"), ("H-FW-01a", OPEN + "listens 0.0.0.0:40123\nend\n"),
    ("H-FW-01a", OPEN + "raw 0.0.0.0:112\nend\n"), ("H-FW-03", OPEN + "last iptables -A INPUT -j DROP\nend\n"), ("H-FW-01a", OPEN + "udp 0.0.0.0:4500\nend\n"),
    ("H-FW-03", OPEN.replace('"1.0.6"}}', '"1.0.6"}}, {"rule": {"family": "ip", "table": "nat", "chain": "x", "expr": []}}') + "end\n"),
], ids=lambda value: value[:20])
def test_where_people_must_decide_it_is_left_to_them(control, output):
    assert isinstance(of(control, output), Text)


def test_a_word_goes_from_the_modules_lines_and_from_no_others(tmp_path):
    file: Path = tmp_path / "common-auth"
    file.write_text("# pam_unix.so nullok\nauth\t[success=1 default=ignore]\tpam_unix.so nullok try_first_pass nullok_secure\nauth required pam_x.so nullok\n")
    mend = without_word(str(file), "pam_unix", ("nullok", "nullok_secure"), ["auth ... pam_unix.so nullok try_first_pass"])

    def run(script: str) -> str:
        return subprocess.run(["sh", "-eu"], input=f"SAVED={tmp_path}/saved\n{script}", text=True, capture_output=True, check=True).stdout

    assert run(mend.probe) == "ABSENT\n"
    after = run(mend.probe.partition("if stands; then")[0] + "without\n")
    assert after == "# pam_unix.so nullok\nauth\t[success=1 default=ignore]\tpam_unix.so try_first_pass\nauth required pam_x.so nullok\n"
    file.write_text(after)
    assert run(mend.probe) == "DONE\n" and mend.files[0].after == ("auth ... pam_unix.so try_first_pass",)
