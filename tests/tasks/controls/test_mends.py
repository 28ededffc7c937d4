"""How controls are put right: every mend over every case, what is left to people, and the plan of a hardening (R008)."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from reports.documents import render_plan_page, render_plan_text
from reports.records import ChangeRecord, CheckRow, Outcome, Plan, Survey, Text
from tasks.checks.kinds import Known, Row
from tasks.checks.reading import Answer, Reading, examine, judged
from tasks.controls.banners import WARNING
from tasks.controls.catalogue import all_controls
from tasks.controls.kinds import HARDENING, DatabaseControl
from tasks.operations import file_integrity
from tasks.operations.mend import Mend
from tasks.planning.corrections import CONFIRM_S, FAMILIES, SCRIPTS, plan_corrections
from tasks.requests import HardeningRequest
from tests.tasks.controls.test_catalogue import NOW, cases_of

CONTROLS = {control.id: control for control in all_controls()}
MENDABLE = [control for control in all_controls() if control.mend]
FAILED = (Outcome.WARNING, Outcome.CRITICAL)


def known(control, account: str = "ops") -> Known:
    return Known(now=NOW, limits=control.bounds, account=account, log_host="192.0.2.50:514")


def mends(control) -> list[tuple[Row, Mend | Text]]:
    if isinstance(control, DatabaseControl):
        return [(row, control.mend(row, control.parse(case["answer"]), known(control))) for case in cases_of(control) if case["answer"]
                for row in judged(control, case["answer"], control.bounds, known(control)) if row.outcome in FAILED]
    return [(row, control.mend(row, control.parse(case["output"]), known(control))) for case in cases_of(control) if case.get("exit", 0) == 0
            for row in examine(control, Answer(case["output"], 0), control.bounds, known(control)) if row.outcome in FAILED]


def shell(text: str) -> None:
    assert subprocess.run(["sh", "-n"], input=text, text=True, capture_output=True, check=False).stderr == ""


@pytest.mark.parametrize("control", MENDABLE, ids=lambda control: control.id)
def test_every_failed_row_is_mended_or_says_in_both_languages_why_not(control):
    made = mends(control)
    assert any(isinstance(mend, Mend) for _, mend in made), "no case shows its mend"
    for _, mend in made:
        if isinstance(mend, Text):
            assert re.search("[\u4e00-\u9fff]", mend.zh) and mend.en and not mend.en.endswith(".")
            continue
        assert mend.probe and mend.command and mend.proof and mend.undo and mend.undo_proof and mend.touches
        assert all(re.search("[\u4e00-\u9fff]", text.zh) and text.en for text in (mend.title, mend.expected))
        assert not re.search("[\u4e00-\u9fff]", mend.title.en)
    for mend in [one for _, one in made if isinstance(one, Mend)][:2]:
        for script in SCRIPTS:
            shell(getattr(mend, script))


OWN_WORDS = ("仅限某某局人员使用。", "For staff of Some Bureau only.")
ISSUE = "file /etc/issue\ntext /etc/issue {}\nname debian Debian GNU/Linux\nend\n"


@pytest.mark.parametrize("words", [(), OWN_WORDS], ids=["ours", "the customer's"])
def test_the_banner_has_the_customers_words_and_the_plan_shows_them(words):
    control, asked = CONTROLS["H-BAN-01a"], replace(known(CONTROLS["H-BAN-01a"]), banner=words)
    answer = ISSUE.format(r"Debian GNU/Linux 12 \n \l")
    (row,) = examine(control, Answer(answer, 0), control.bounds, asked)
    made = control.mend(row, control.parse(answer), asked)
    wanted = words or WARNING
    assert row.outcome in FAILED and made.files[0].after == wanted and made.files[0].before == (r"Debian GNU/Linux 12 \n \l",)
    assert all(line in made.command for line in wanted)
    after = "".join(ISSUE.format(line).splitlines(keepends=True)[1] for line in wanted)
    (row,) = examine(control, Answer(f"file /etc/issue\n{after}name debian Debian GNU/Linux\nend\n", 0), control.bounds, asked)
    assert row.outcome is Outcome.OK


def test_a_banner_that_is_not_the_customers_fails_and_one_that_names_the_system_is_left_to_people():
    control = CONTROLS["H-BAN-01a"]
    harmless = ISSUE.format("Authorised use only.")
    for words, outcome in (((), Outcome.OK), (OWN_WORDS, Outcome.WARNING)):
        (row,) = examine(control, Answer(harmless, 0), control.bounds, replace(known(control), banner=words))
        assert row.outcome is outcome
    naming = replace(known(control), banner=("Welcome to Debian",))
    assert "change banner" in control.mend(row, control.parse(harmless), naming).en
    motd = CONTROLS["H-BAN-01c"]
    (row,) = examine(motd, Answer(harmless, 0), motd.bounds, replace(known(motd), banner=OWN_WORDS))
    assert row.outcome is Outcome.OK, "a message of the day is not asked for"


def test_there_are_enough_of_them():
    assert len(MENDABLE) >= 60
    assert {control.family for control in MENDABLE} <= set(FAMILIES)


def test_what_cannot_be_taken_back_or_kills_whole_platforms_is_left_to_people():
    """Forwarding sets the parameters of all interfaces anew; router advertisements show only hours later what they took away."""
    for control in ("H-SYS-04a", "H-SYS-04b", "H-SSH-08", "H-SSH-09", "H-SSH-10"):
        assert CONTROLS[control].mend is None
    for control in MENDABLE:
        for row, mend in mends(control):
            if isinstance(mend, Mend) and row.object == "kernel.unprivileged_bpf_disabled":
                assert "= 2" in mend.files[0].after[0], "1 stays until the machine starts again"


def test_root_is_not_shut_out_while_we_are_root():
    control = CONTROLS["H-SSH-01"]
    answer = control.parse("set port 22\nset permitrootlogin yes\nend\n")
    row = Row(Outcome.WARNING, "", "")
    assert isinstance(control.mend(row, answer, known(control, "root")), Text) and isinstance(control.mend(row, answer, known(control, "")), Text)
    assert isinstance(control.mend(row, answer, known(control, "ops")), Mend)


def test_match_blocks_and_other_files_are_left_to_people():
    control = CONTROLS["H-SSH-03"]
    answer = control.parse("set port 22\nset permitrootlogin no\nset maxauthtries 4\nend\n")
    assert isinstance(control.mend(Row(Outcome.WARNING, "", "", object="Match User deploy"), answer, known(control)), Text)
    for name, output in (("H-SYS-03a", "own all\nset net.ipv4.tcp_syncookies 0\nsaid net.ipv4.tcp_syncookies 0\nend\n"),
                         ("H-ACC-07", "shell /etc/profile TMOUT=0\ndefs UMASK 027\ncoredumps kernel\nend\n")):
        row, = [one for one in examine(CONTROLS[name], Answer(output, 0), CONTROLS[name].bounds, known(CONTROLS[name])) if one.outcome in FAILED]
        assert isinstance(CONTROLS[name].mend(row, CONTROLS[name].parse(output), known(CONTROLS[name])), Text)


def mended(control: str, output: str) -> Mend | Text:
    """Of the first row that fails."""
    one = CONTROLS[control]
    row = next(row for row in examine(one, Answer(output, 0), one.bounds, known(one)) if row.outcome in FAILED)
    return one.mend(row, one.parse(output), known(one))


def test_what_a_package_ships_is_overridden_and_what_somebody_wrote_is_theirs():
    """Debian's 99-protect-links.conf sets fs.protected_fifos to 1, and says in its own head that /etc/sysctl.d overrides it."""
    said = "own all\nset fs.protected_fifos 1\nset fs.protected_regular 2\nsaid fs.protected_fifos 1\n{}end\n"
    assert isinstance(mended("H-SYS-05l", said.format("")), Text)
    assert mended("H-SYS-05l", said.format("shipped fs.protected_fifos\n")).files[0].after == ("fs.protected_fifos = 2",)


@pytest.mark.parametrize(("links", "value"), [(("eth0",), 1), (("eth0", "eth1"), 2), ((), 2)], ids=["one link", "two links", "nobody knows"])
def test_packets_are_checked_strictly_only_where_all_come_by_one_link(links, value):
    output = "own all\nset net.ipv4.conf.all.rp_filter 0\n" + "".join(f"link {name}\n" for name in links) + "end\n"
    assert mended("H-SYS-02", output).files[0].after == (f"net.ipv4.conf.all.rp_filter = {value}",)


def test_the_kernels_command_tells_what_packages_ship_from_what_people_wrote(tmp_path):
    """The command's own part that reads the files, on folders like those of a host."""
    for path, text in {"usr/lib/sysctl.d/99-protect-links.conf": "fs.protected_fifos = 1\nfs.protected_regular = 2\n",
                       "etc/sysctl.d/50-own.conf": "fs.protected_regular=1\n", "etc/sysctl.conf": "# nothing\n"}.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    _, files, rest = CONTROLS["H-SYS-05l"].command.partition("files=$(")
    part = (files + rest).partition("for i in /sys")[0]
    for folder in ("/usr/lib/sysctl.d", " /lib/sysctl.d", "/run/sysctl.d", "/etc/sysctl.d", "/etc/sysctl.conf"):
        part = part.replace(folder, f"{' ' if folder[0] == ' ' else ''}@{folder.strip()}")
    part = part.replace("@", str(tmp_path)).replace("^(/usr)?/lib/", f"^{tmp_path}(/usr)?/lib/")
    told = subprocess.run(["sh", "-eu"], input=part, text=True, capture_output=True, check=True).stdout.splitlines()
    assert told[:3] == ["said fs.protected_regular 1", "said fs.protected_fifos 1", "said fs.protected_regular 2"]
    assert told[3:] == ["shipped fs.protected_fifos"]


@pytest.mark.parametrize("more", ["fstab /dev/shm tmpfs defaults\n", "container yes\n"], ids=["fstab has a line", "a container"])
def test_how_shared_memory_is_mounted_is_left_to_people(more):
    output = "mounted / ext4 rw,relatime\nmounted /dev/shm tmpfs rw,nosuid,nodev\n"
    assert isinstance(mended("H-FS-04b", output + more + "end\n"), Text)
    assert mended("H-FS-04b", output + "end\n").files[0].path == "/etc/fstab"


# --- the plan

SSHD = "set port 22\nset permitrootlogin yes\nset maxauthtries 6\nset logingracetime 120\nset x11forwarding yes\nend\n"
KERNEL = "own all\nset net.ipv4.tcp_syncookies 0\nset kernel.dmesg_restrict 0\nend\n"
FILES = "file 644 root root f /etc/passwd\nfile 644 root root f /etc/crontab\nend\n"
ANSWERS = {"H-SSH-03": SSHD, "H-SSH-04a": SSHD, "H-SYS-03a": KERNEL, "H-SVC-04b": FILES, "H-SSH-01": SSHD}


def found(output: str, control: str) -> Reading:
    one = CONTROLS[control]
    return Reading(examine(one, Answer(output, 0), one.bounds, known(one)), one.parse(output) if output else None, known(one))


def plan(answers: dict[str, str] = ANSWERS, wishes: tuple[str, ...] = (), now: dict[str, str] | None = None, refused: dict | None = None) -> Plan:
    """Of what a check found in these answers; now: what they say at planning. refused: what the host says against a step, by host and key."""
    rows = [CheckRow(target="web1", check=control, object=row.object, outcome=row.outcome, says=Text(zh=row.zh, en=row.en))
            for control, output in answers.items() for row in found(output, control).rows if row.outcome in FAILED]
    readings = {"web1": {control: found(output, control) for control, output in (answers | (now or {})).items()}}
    survey = Survey(target="web1", when="before 1", taken_at=NOW, os_id="debian", os_version="12", os_name="Debian 12", kernel="6.1", architecture="amd64",
                    package_manager="apt", services=())
    request = HardeningRequest(customer="bureau", inspection="SEC-20261123-001", requester="张工", hosts=["web1"], findings=list(wishes))
    return plan_corrections("CHG-20261123-001", request, {"web1": survey}, rows, CONTROLS, readings, {}, (), datetime(2026, 11, 23, tzinfo=UTC), {}, refused)


def test_files_come_first_and_the_way_in_last_one_step_a_file_and_under_guard():
    made = plan()
    assert (made.procedure, made.kind) == (HARDENING, "hardening") and not made.blockers
    assert [step.files[0].path if step.files else step.touches[0] for step in made.steps] == [
        "/etc/crontab", "/etc/sysctl.d/zz-standfast.conf", "/etc/ssh/sshd_config.d/00-standfast.conf"]
    files, kernel, sshd = made.steps
    assert (files.confirm_s, kernel.confirm_s, sshd.confirm_s) == (0, CONFIRM_S, CONFIRM_S) and not kernel.on_copy
    assert sshd.files[0].after == ("LoginGraceTime 60", "MaxAuthTries 4", "PermitRootLogin no") and "H-SSH-04a, H-SSH-03, H-SSH-01" in sshd.title.en
    assert [line.partition("  ")[0] for line in sshd.files[0].before] == ["LoginGraceTime 120", "MaxAuthTries 6", "PermitRootLogin yes"]
    assert {acceptance.check for acceptance in made.acceptance} == set(ANSWERS)
    for step in made.steps:
        for script in SCRIPTS:
            shell(getattr(step, script))


def test_what_one_control_wants_narrowed_is_one_step_and_comes_back_path_by_path(tmp_path):
    paths = {"/etc/cron.d": 0o755, "/etc/cron.daily": 0o751, "/etc/crontab": 0o644}
    told = [f"file {mode:o} root root {'f' if path == '/etc/crontab' else 'd'} {path}" for path, mode in {"/etc/passwd": 0o644, **paths}.items()]
    output = "\n".join([*told, "end\n"])
    step, = plan({"H-SVC-04b": output}).steps
    assert set(step.touches) == set(paths) and all(path in step.title.en for path in paths)
    here = {tmp_path / path.rpartition("/")[2]: mode for path, mode in paths.items()}
    for path, mode in here.items():
        path.touch() if mode == 0o644 else path.mkdir()
        path.chmod(mode)

    def run(script: str) -> str:
        for path in paths:
            script = re.sub(rf"{path}(?![.\w])", str(tmp_path / path.rpartition("/")[2]), script)
        return subprocess.run(["sh", "-eu"], input=script, text=True, capture_output=True, check=True, env={**os.environ, "CHANGE_DIR": str(tmp_path)}).stdout

    assert run(step.probe) == "ABSENT\n"
    run(step.command)
    run(step.proof)
    assert [path.stat().st_mode & 0o777 for path in here] == [0o700, 0o700, 0o600] and run(step.probe) == "DONE\n"
    run(step.undo)
    run(step.undo_proof)
    assert {path: path.stat().st_mode & 0o777 for path in here} == here


def test_only_what_fails_now_is_planned_and_again_there_is_nothing_to_do():
    better = {name: output.replace("maxauthtries 6", "maxauthtries 4") for name, output in ANSWERS.items()}
    assert "MaxAuthTries" not in str([step.files for step in plan(now={"H-SSH-03": better["H-SSH-03"]}).steps])
    well = SSHD.replace("yes", "no").replace("6", "4").replace("120", "60")
    assert plan({"H-SSH-03": SSHD, "H-SSH-04a": SSHD}, now={"H-SSH-03": well, "H-SSH-04a": well}).nothing_to_do


def test_what_the_host_refuses_is_left_out_with_its_reason_and_stops_the_plan_if_it_was_asked_for_by_name():
    sshd = next(step.key for step in plan().steps if step.confirm_s and "sshd" in step.files[0].path)
    refused = {("web1", sshd): "sshd_config includes no files"}
    made = plan(refused=refused)
    assert not made.blockers and len(made.steps) == len(plan().steps) - 1 and sshd not in {step.key for step in made.steps}
    assert "the host says: sshd_config includes no files" in made.impact.en and "主机上的前提不成立" in made.impact.zh
    assert not {"H-SSH-03", "H-SSH-01"} & {acceptance.check for acceptance in made.acceptance}, "nothing is promised of what is left out"
    assert "includes no files" in plan({"H-SSH-03": SSHD}, ("H-SSH-03",), refused={("web1", "mend-h-ssh-03-1"): "sshd_config includes no files"}).blockers[0].en


def test_a_second_hardening_has_nothing_to_do_though_something_is_left_to_people():
    left = {"H-ACC-07": "shell /etc/profile TMOUT=0\ndefs UMASK 027\ncoredumps kernel\nend\n"}
    made = plan(left)
    assert made.nothing_to_do and not made.blockers and "H-ACC-07" in made.impact.en
    assert plan(left, now={"H-ACC-07": ""}).blockers, "what cannot be read anew is never taken for mended"
    assert plan(left, ("H-ACC-07",)).blockers


def test_the_list_of_checksums_is_made_when_all_else_is_done():
    made = plan({**ANSWERS, "H-INT-01": "package dpkg\nfile ssh.service enabled\nactive ssh.service\nend\n"})
    first, last = made.steps[0], made.steps[-1]
    assert "aide" in first.title.en and last.files[0].path == file_integrity.CONF and last.holds_before.splitlines()[1].startswith("for one in aide; do")
    assert made.steps[-2].confirm_s, "even after what decides who gets in"


@pytest.mark.parametrize(("dpkg", "code"), [("exit 1", 0), ("echo not-installed", 0), ("echo installed", 1)], ids=["unknown", "only suggested", "there"])
def test_what_the_first_step_installs_is_asked_for_only_where_it_is_there(tmp_path, dpkg, code):
    """dpkg-query knows, and finds without an error, what nobody installed and another package suggests."""
    step = plan({"H-INT-01": "package dpkg\nfile ssh.service enabled\nactive ssh.service\nend\n"}).steps[-1]
    head = step.holds_before.partition("done\n")[0]
    tool = tmp_path / "dpkg-query"
    tool.write_text(f"#!/bin/sh\n{dpkg}\n")
    tool.chmod(0o755)
    script = f"CHANGE_DIR=/nowhere; PATH={tmp_path}:$PATH\n{head}done\nexit 1\n"
    assert subprocess.run(["sh", "-eu"], input=script, text=True, capture_output=True, check=False).returncode == code


NOT_AUDITED = "here yes\nactive active\nenabled enabled\nstate 1\nrule -w /etc/passwd -p wa -k identity\nend\n"


def test_rules_of_the_audit_are_one_file_and_no_path_is_watched_twice():
    made = plan({"H-AUD-02a": NOT_AUDITED, "H-AUD-02h": NOT_AUDITED, "H-AUD-02j": NOT_AUDITED})
    packages, step = made.steps
    assert "auditd" in packages.title.en and step.files[0].path == "/etc/audit/rules.d/standfast.rules" and len(step.mends) == 3
    rules = step.files[0].after
    assert "-w /etc/shadow -p wa -k standfast" in rules and not any("/etc/passwd" in rule for rule in rules)
    assert "-a always,exit -F arch=b64 -S mount -F auid>=1000 -F auid!=unset -k standfast" in rules
    after = "here yes\nactive active\nenabled enabled\nstate 1\n" + "".join(f"rule {rule}\n" for rule in ("-w /etc/passwd -p wa -k identity", *rules)) + "end\n"
    assert all(row.outcome is Outcome.OK for name in step.mends for row in found(after, name).rows)


def test_settings_of_mariadb_are_set_and_those_of_mysql_left_to_people():
    control = CONTROLS["H-MY-04a"]
    row = Row(Outcome.WARNING, "", "")
    made = control.mend(row, {"local_infile": "ON"}, replace(known(control), kind="mariadb"))
    assert isinstance(made, Mend) and made.files[0].after == ("local_infile = OFF",) and not made.interrupts
    assert isinstance(control.mend(row, {"local_infile": "ON"}, replace(known(control), kind="mysql")), Text)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_plan_shows_every_line_before_and_after(language):
    made = plan()
    record = ChangeRecord(number=made.change, procedure=HARDENING, customer="bureau", customer_name=Text(zh="某局", en="Bureau"),
                          provider_name=Text(zh="远山", en="Yuanshan"), language=language, requester="张工", reason="加固", opened_at=NOW, plan=made)
    for text in (render_plan_text(made, language), render_plan_page(record, language)):
        assert "+ MaxAuthTries 4" in text and "- MaxAuthTries 6" in text and "+ net.ipv4.tcp_syncookies = 1" in text
        assert "/etc/ssh/sshd_config.d/00-standfast.conf" in text


def test_a_number_of_another_kind_is_refused_by_the_form():
    for number in ("INS-20261123-001", "SEC-1", "SEC-20261123-001; id"):
        with pytest.raises(ValueError, match="inspection"):
            HardeningRequest(customer="bureau", inspection=number, requester="张工")


def test_the_pages_of_the_procedure_are_there():
    assert Path("docs/security-hardening.md").exists() and Path("flows/security_hardening.py").exists()


def test_everybody_who_has_jobs_is_on_the_list_or_there_is_none(tmp_path):
    """A crontab that came after the planning is not shut out: nothing is done."""
    control = CONTROLS["H-SVC-04c"]
    output = "file 644 root root f /etc/passwd\nfile 644 root root f /etc/crontab\nfile 600 alice crontab f /var/spool/cron/crontabs/alice\nend\n"
    row, = [one for one in examine(control, Answer(output, 0), control.bounds, known(control)) if one.outcome in FAILED]
    mend = control.mend(row, control.parse(output), known(control))
    assert mend.files[0].whole and mend.files[0].after == ("alice", "root") and mend.files[0].path == "/etc/cron.allow"
    job = tmp_path / "later"
    job.touch()
    refuse = mend.part.refuse.replace("/var/spool/cron/crontabs/*", str(job)).replace("/etc/cron.deny", str(tmp_path / "cron.deny"))
    owner = job.owner()

    def asked(*listed: str) -> int:
        script = 'wanted() { printf "%s\\n" ' + " ".join(listed) + "; }\n" + refuse
        return subprocess.run(["sh", "-eu"], input=script, text=True, capture_output=True, check=False).returncode
    assert asked("alice") == 1 and asked("alice", owner) == 0
    (tmp_path / "cron.deny").write_text(f"{owner}\n")
    assert asked("alice", owner) == 1


def test_fresh_lists_do_not_start_installations():
    control = CONTROLS["H-UPD-03"]
    output = "set APT::Periodic::Update-Package-Lists 0\nset APT::Periodic::Unattended-Upgrade 1\nend\n"
    assert isinstance(control.mend(Row(Outcome.WARNING, "", ""), control.parse(output), known(control)), Text)


def test_a_socket_and_its_service_are_masked_in_one_step():
    output = "package a\nfile avahi-daemon.service enabled\nfile avahi-daemon.socket enabled\nactive avahi-daemon.service\nactive avahi-daemon.socket\nend\n"
    made = plan({"H-SVC-01f": output})
    assert [step.touches for step in made.steps] == [("avahi-daemon.service", "avahi-daemon.socket")]
