"""Plans for package upgrades from real answers: what is planned, what stands in the way, in one clear sentence each."""

import re
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reports.records import FileSystem, Health, Plan, Survey, Text
from tasks.errors import ProcedureError, UnreadableOutput
from tasks.planning.changelogs import improvements, parse_changelog
from tasks.planning.package_facts import Asked, Coming, File, PackageFacts
from tasks.planning.packages import facts_script, parse_facts, plan_packages
from tasks.requests import UpgradeRequest
from tests.tasks.test_survey import BROKEN, DEBIAN, RPM, read

CASES = Path(__file__).parent / "cases" / "facts"
LISTED_TEXT = (CASES / "listed.txt").read_text()
LISTED = parse_facts(LISTED_TEXT)
PROBLEMS = parse_facts((CASES / "problems.txt").read_text())
AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
CHINESE = re.compile(r"[\u4e00-\u9fff]")


def healthy(**changes) -> Survey:
    survey = read(DEBIAN)
    return survey.model_copy(update={"health": survey.health[:1], **changes})


def request(**changes) -> UpgradeRequest:
    return UpgradeRequest(
        **{
            "customer": "bureau",
            "hosts": ["web1"],
            "scope": "listed",
            "packages": ["nginx"],
            "requester": "张工",
            "reason": "安全公告",
            **changes,
        }
    )


def plan(facts: PackageFacts = LISTED, survey: Survey | None = None, **changes) -> Plan:
    asked = request(**changes)
    surveys = {host: (survey or healthy()).model_copy(update={"target": host}) for host in asked.hosts}
    return plan_packages(
        "CHG-1", asked, surveys, dict.fromkeys(asked.hosts, facts), dict.fromkeys(asked.hosts, ("/etc/nginx",)), {}, AT
    )


def said(plan: Plan) -> str:
    """The blockers' English, after the marks of a clear sentence are seen in both languages."""
    assert plan.blockers and plan.steps == ()
    for blocker in plan.blockers:
        assert CHINESE.search(blocker.zh) and not CHINESE.search(blocker.en)
        assert blocker.en[-1] == "." and blocker.zh[-1] == "。"
        assert "\n" not in blocker.en + blocker.zh
    assert plan.risk.level == "unknown" and "blocked" in plan.impact.en  # never "nothing to upgrade, low risk"
    return " ".join(blocker.en for blocker in plan.blockers)


# --- what is planned ------------------------------------------------------------------------------------------------------


def test_the_whole_closure_is_planned_with_its_old_versions():
    made = plan()
    assert made.blockers == () and not made.nothing_to_do
    assert {(v.name, v.before, v.after) for v in made.versions} >= {
        ("nginx", "1.22.1-9+deb12u9", "1.22.1-9+deb12u11"),
        ("libssl3", "3.0.20-1~deb12u2", "3.0.22-1~deb12u2"),
        ("postgresql-15", "15.18-0+deb12u1", "15.20-0+deb12u1"),
    }
    assert len(made.versions) == 7
    assert {(m.role, len(m.sha256)) for m in made.media} == {("new", 64), ("old", 64)} and len(made.media) == 14
    assert all(m.size > 0 and m.source.startswith("http") and "Automatic Signing Key" in m.signature.en for m in made.media)


def test_the_steps_stand_in_their_order_with_fixed_keys():
    assert [s.key for s in plan().steps] == [
        "check-before",
        "pause-updates",
        "stage-packages",
        "reserve-space",
        "save-configuration",
        "dump-database",
        "upgrade-packages",
        "restart-services",
        "data-check",
        "check-after",
        "release-reserve",
        "resume-updates",
    ]
    upgrade = next(s for s in plan().steps if s.key == "upgrade-packages")
    assert upgrade.interrupts and upgrade.changes and upgrade.undo and upgrade.undo_proof
    assert [s.key for s in plan().steps if s.interrupts] == ["upgrade-packages", "restart-services"]


def test_middleware_is_tested_before_and_reloaded_after():
    facts = LISTED.model_copy(update={"coming": tuple(c for c in LISTED.coming if c.name.startswith("nginx"))})
    made = plan(facts, kind="middleware")
    keys = [s.key for s in made.steps]
    assert keys.index("reload-services") == keys.index("restart-services") + 1 and "dump-database" not in keys
    scripts = {s.key: s for s in made.steps}
    assert "nginx -t" in scripts["check-before"].proof and "nginx -t" in scripts["check-after"].proof
    assert "systemctl reload-or-restart nginx.service" in scripts["reload-services"].command


def test_every_script_is_posix_shell():
    for step in plan().steps:
        for script in (step.probe, step.holds_before, step.command, step.proof, step.undo, step.undo_proof):
            done = subprocess.run(["sh", "-n"], input=script, text=True, capture_output=True, timeout=20)
            assert done.returncode == 0, f"{step.key}: {done.stderr}"
    assert subprocess.run(["sh", "-n"], input=facts_script(request(), healthy()), text=True, timeout=20).returncode == 0


def test_hosts_follow_in_batches_canaries_first_and_numbers_are_unique():
    made = plan(hosts=[f"web{n}" for n in range(1, 8)], canaries=2, batch_size=3)
    assert made.batches == (("web1", "web2"), ("web3", "web4", "web5"), ("web6", "web7"))
    assert [s.number for s in made.steps] == list(range(1, len(made.steps) + 1))
    assert len(made.media) == 14 and {m.target for m in made.media} == {""}


def test_the_same_facts_make_the_same_plan_whenever_it_is_made():
    later = plan_packages(
        "CHG-1", request(), {"web1": healthy()}, {"web1": LISTED}, {"web1": ("/etc/nginx",)}, {}, AT + timedelta(days=3)
    )
    assert later.fingerprint() == plan().fingerprint()


def test_what_the_new_versions_repair_is_told_from_their_changelogs():
    told = plan().improvements
    assert {"nginx", "openssl", "postgresql-15"} == {i.name for i in told}
    assert any(i.kind == "security" and i.references and i.references[0].startswith("CVE-") for i in told)
    for name in ("nginx", "openssl", "postgresql-15"):
        assert len([i for i in told if i.name == name]) <= 9
    rest = next(i for i in told if i.name == "nginx" and i.kind == "note")
    assert "CVE" in rest.text.en and "CVE" in rest.text.zh and len(rest.references) > 8


def test_impact_names_the_services_that_restart():
    assert "nginx" in plan().impact.en and "postgresql@15-main" in plan().impact.zh


def test_nothing_to_upgrade_is_a_good_ending():
    made = plan(PackageFacts())
    assert made.nothing_to_do and made.steps == () and made.blockers == ()
    unfit = healthy(
        health=(Health(title=Text(zh="坏", en="bad"), ok=False, detail="down"),), package_faults=("x",), lock="change=CHG-9"
    )
    assert plan(PackageFacts(), unfit).nothing_to_do  # nothing is done, so nothing stands in the way


def test_hosts_that_are_up_to_date_are_left_alone():
    asked = request(hosts=["web1", "web2"])
    surveys = {name: healthy(target=name) for name in asked.hosts}
    made = plan_packages("CHG-1", asked, surveys, {"web1": PackageFacts(), "web2": LISTED}, {}, {}, AT)
    assert {s.target for s in made.steps} == {"web2"} and made.batches == (("web2",),) and set(made.facts) == {"web1", "web2"}


def test_kernels_are_told_as_untested_and_risky():
    file = File(name="k.deb", uri="http://mirror.example/k.deb", sha256="a" * 64, size=1)
    kernel = Coming(
        name="linux-image-amd64",
        architecture="amd64",
        before="6.1.1-1",
        after="6.1.2-1",
        source="linux",
        new=file,
        old=file,
        signed_by="Debian",
    )
    made = plan(PackageFacts(coming=(kernel,)))
    assert "linux-image-amd64" in made.untested[0].en and made.risk.level == "high"


def test_an_old_version_without_a_source_is_kept_from_the_host_itself():
    first = LISTED.coming[0]
    lost = first.model_copy(update={"old": File(name=first.old.name)})
    made = plan(LISTED.model_copy(update={"coming": (lost, *LISTED.coming[1:])}))
    assert made.blockers == () and any(lost.name in reason.en for reason in made.risk.reasons)
    medium = next(m for m in made.media if m.name == lost.old.name)
    assert medium.sha256 == "" and "no vendor's signature" in medium.signature.en
    assert "rebuild" in next(s for s in made.steps if s.key == "stage-packages").command


# --- what stands in the way -----------------------------------------------------------------------------------------------


def test_each_listed_package_that_cannot_be_upgraded_is_named():
    text = said(plan(PROBLEMS))
    assert "there is no package named no-such-thing" in text
    assert "tomcat10 is not installed" in text
    assert "no version 9.9-1 of nginx; its sources offer 1.22.1-9+deb12u11" in text
    assert "curl is at 7.88.1-10+deb12u15, and 7.88.1-10+deb12u5 is older" in text  # the security suite's, older than main's
    assert "base-files" not in text and "adduser" not in text  # up to date is no fault


def test_a_held_package_that_was_asked_for_is_refused_and_others_are_left_held():
    assert "nginx is on hold" in said(
        plan(PackageFacts(asked=(Asked(name="nginx", installed="1", candidate="2", problem="held"),)))
    )
    assert any("nginx" in reason.en for reason in plan(LISTED.model_copy(update={"held": ("nginx",)})).risk.reasons)


def test_a_removal_is_refused():
    assert "would remove exim4, bsd-mailx, which is refused" in said(
        plan(LISTED.model_copy(update={"removals": ("exim4", "bsd-mailx")}))
    )


def test_apts_own_refusal_is_passed_on():
    assert "unmet dependencies" in said(plan(PackageFacts(apt_problem="Unmet: unmet dependencies")))


def test_package_sources_that_cannot_be_read_are_told():
    text = LISTED_TEXT.replace(
        "\n@end update 0", "|E: Failed to fetch http://user:secret@mirror.example/x  Could not connect\n@end update 3"
    )
    text = said(plan(parse_facts(text)))
    assert "package sources cannot be read" in text and "Could not connect" in text and "secret" not in text


def test_a_half_installed_host_is_refused():
    survey = read(BROKEN).model_copy(update={"health": ()})
    assert "packages are half installed (libc-bin, libpq5, libssl3" in said(plan(survey=survey))
    assert said(plan(PackageFacts(apt_problem="dpkg was interrupted"), survey)).count("half installed") == 1


def test_an_unsigned_source_is_refused():
    bare = LISTED.model_copy(update={"coming": tuple(c.model_copy(update={"signed_by": ""}) for c in LISTED.coming)})
    assert "nobody's signature vouches for" in said(plan(bare))


@pytest.mark.parametrize("mounts", [("/",), ("/", "/usr"), ("/", "/var"), ("/", "/var/lib"), ("/", "/usr/lib/postgresql")])
def test_too_little_room_is_refused_on_the_file_system_that_is_short(mounts):
    def disk(mount: str, free: int) -> FileSystem:
        return FileSystem(mount=mount, device="d", kind="ext4", size_kib=10**8, used_kib=0, free_kib=free)

    roomy = healthy(file_systems=tuple(disk(mount, 10**7) for mount in mounts))
    assert plan(survey=roomy).blockers == ()
    short = healthy(file_systems=(*(disk(mount, 10**7) for mount in mounts[:-1]), disk(mounts[-1], 20_000)))
    assert f"file system {mounts[-1]} has 20000 KiB free" in said(plan(survey=short))


def test_an_unhealthy_host_is_refused_before():
    survey = healthy(health=(Health(title=Text(zh="订单", en="orders answer"), ok=False, detail="x\nconnection refused"),))
    assert "“orders answer” fails before anything is changed (connection refused)" in said(plan(survey=survey))


def test_a_host_that_another_change_holds_is_refused_until_its_lock_expires():
    lock = "change=CHG-9\nowner=x\nsince=now\nexpires=%d"
    held = healthy(lock=lock % (AT.timestamp() + 60))
    assert "is being changed by CHG-9" in said(plan(survey=held))
    assert plan(survey=healthy(lock=lock % (AT.timestamp() - 60))).blockers == ()
    assert plan(survey=healthy(lock=held.lock.replace("CHG-9", "CHG-1"))).blockers == ()


@pytest.mark.parametrize("manager", ["dnf", "yum", "unknown"])
def test_hosts_without_apt_are_refused_for_now(manager):
    survey = read(RPM).model_copy(update={"package_manager": manager})
    made = plan_packages("CHG-1", request(), {"web1": survey}, {}, {}, {}, AT)
    assert "refused for now" in said(made)


def test_windows_in_the_past_or_the_wrong_way_round_are_refused():
    hour = timedelta(hours=1)
    assert "in the past" in said(plan(window_opens_at=AT - 2 * hour, window_closes_at=AT - hour))
    assert "closes before it opens" in said(plan(window_opens_at=AT + 2 * hour, window_closes_at=AT + hour))
    assert plan(window_opens_at=AT + hour, window_closes_at=AT + 2 * hour).window.opens_at == AT + hour
    assert "no package is listed" in said(plan(PackageFacts(), packages=[]))


def test_a_database_upgrade_needs_a_running_server():
    survey = healthy(clusters=tuple(c.model_copy(update={"running": False}) for c in healthy().clusters))
    assert "no PostgreSQL server runs" in said(plan(survey=survey, kind="database"))


def test_a_host_nobody_read_is_a_fault_of_ours():
    with pytest.raises(ProcedureError, match="web1 was not surveyed"):
        plan_packages("CHG-1", request(), {}, {}, {}, {}, AT)
    with pytest.raises(ProcedureError, match="no package facts"):
        plan_packages("CHG-1", request(), {"web1": healthy()}, {}, {}, {}, AT)


# --- answers that are none ------------------------------------------------------------------------------------------------


def test_facts_cut_off_anywhere_are_refused():
    lines = LISTED_TEXT.split("\n")
    for end in range(0, len(lines) - 2, 11):
        with pytest.raises(UnreadableOutput):
            parse_facts("\n".join(lines[:end]))


@settings(max_examples=100, deadline=None)
@given(st.one_of(st.text(), st.tuples(st.integers(0, 500), st.text(max_size=40))))
def test_garbled_facts_are_whole_or_refused(seed):
    text = seed
    if not isinstance(seed, str):
        lines = LISTED_TEXT.split("\n")
        lines[seed[0] % len(lines)] = seed[1]
        text = "\n".join(lines)
    try:
        parse_facts(text)
    except UnreadableOutput:
        pass


def test_a_package_that_the_simulation_names_and_nothing_describes_is_refused():
    with pytest.raises(UnreadableOutput, match="not described"):
        parse_facts(LISTED_TEXT.replace("|field Package: openssl\n", "|field Package: closedssl\n"))


# --- changelogs -----------------------------------------------------------------------------------------------------------

CHANGELOG = """\
tool (2.0-1+deb12u2) bookworm-security; urgency=high

  * Non-maintainer upload by the Security Team.
  * CVE-2026-11111: fix an overflow
    in the parser. (Closes: #1234567)
  * Backport fixes:
    - stop leaking descriptors
    - add support for longer names

 -- A Person <a@example.org>  Mon, 01 Jun 2026 10:00:00 +0000

tool (2.0-1) unstable; urgency=medium

  * New upstream release.

 -- A Person <a@example.org>  Mon, 01 Jun 2025 10:00:00 +0000
"""


def test_entries_and_their_points_are_told_apart():
    first, second = parse_changelog(CHANGELOG)
    assert (first.version, first.suites, first.urgency) == ("2.0-1+deb12u2", "bookworm-security", "high")
    assert first.points[1] == "CVE-2026-11111: fix an overflow in the parser. (Closes: #1234567)"
    assert second.points == ("New upstream release.",)


def test_only_what_is_newer_than_the_installed_version_is_told():
    told = improvements("tool", CHANGELOG, installed="2.0-1", complete=True)
    assert [(i.kind, i.references) for i in told] == [("security", ("CVE-2026-11111", "#1234567")), ("fix", ()), ("feature", ())]
    assert improvements("tool", CHANGELOG, installed="2.0-1+deb12u2", complete=True) == ()
    assert any(
        i.kind == "feature" and i.version == "2.0-1" for i in improvements("tool", CHANGELOG, installed="1.0-1", complete=False)
    )


@given(st.text())
def test_any_text_may_be_a_changelog(text):
    improvements("tool", CHANGELOG[:100] + text, installed="1", complete=False)
