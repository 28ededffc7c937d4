"""Survey, plan, upgrade and back-out of packages on a real host, with everything broken on the way (R013, R169, R173).

The steps are run by the real runner as root on a host of the lab that is this module's own.
"""

from __future__ import annotations

import shlex
import subprocess
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pytest

import tasks.running
from deployments.lab import lab
from reports.records import Plan, Step, Survey
from tasks.comparison import differences, same_as_before, unexpected
from tasks.planning.packages import facts_script, parse_facts, plan_packages
from tasks.requests import UpgradeRequest
from tasks.survey import parse_survey, survey_script

pytestmark = [pytest.mark.live, pytest.mark.long]

HOST = "web27"
NUMBER = "CHG-20260101-007"
CHANGE_DIR = f"/var/lib/standfast/changes/{NUMBER}"
WATCHED = ("/etc/nginx", "/etc/postgresql", "/etc/ssh")
PARTS = ("probe", "holds_before", "command", "proof", "undo", "undo_proof")

_attempts = count(1)


def run(script: str, limit_s: float = 900) -> str:
    """A script as root on the host, from standard input as over SSH."""
    done = subprocess.run(
        ["docker", "exec", "-i", lab.host(HOST).container, "sh", "-s"],
        input=script.encode(),
        capture_output=True,
        timeout=limit_s,
    )
    assert done.stderr == b"", done.stderr.decode(errors="replace")
    return done.stdout.decode(errors="backslashreplace")


def survey() -> Survey:
    asked_at = datetime.now(UTC)
    output = run(survey_script(WATCHED, ["orders"], ["/srv/orders"], []))
    return parse_survey(output, target=HOST, when="now", taken_at=asked_at, asked_at=asked_at, answered_at=datetime.now(UTC))


def planned(before: Survey, *, alter=lambda facts: facts, **asked) -> Plan:
    request = UpgradeRequest(**{"customer": "lab", "hosts": [HOST], "scope": "listed", "requester": "a", "reason": "b", **asked})
    facts = alter(parse_facts(run(facts_script(request, before)), HOST))
    return plan_packages(NUMBER, request, {HOST: before}, {HOST: facts}, {HOST: WATCHED}, {}, datetime.now(UTC))


def place(plan: Plan) -> dict[str, Step]:
    lab.must(HOST, f"rm -rf {CHANGE_DIR}; umask 077; mkdir -p {CHANGE_DIR}/media {CHANGE_DIR}/saved {CHANGE_DIR}/steps")
    writing = [f"umask 077; cat >{CHANGE_DIR}/runner <<'END_OF_RUNNER'\n{Path(tasks.running.RUNNER).read_text()}\nEND_OF_RUNNER"]
    for step in plan.steps:
        folder = f"{CHANGE_DIR}/steps/{step.number:02d}-{step.key}"
        writing.append(f"mkdir -p {folder}")
        writing += [f"printf %s {shlex.quote(getattr(step, part))} > {folder}/{part}" for part in PARTS]
    run("\n".join(writing))
    return {step.key: step for step in plan.steps}


def attempt(step: Step, action: str = "carry-out", until: str = "", then: str = "") -> str:
    """The result of one attempt, run as a job of systemd; with `until`, `then` is done as soon as its output matches."""
    number = next(_attempts)
    folder = f"{CHANGE_DIR}/steps/{step.number:02d}-{step.key}"
    place = f"{folder}/{action}-{number}"
    waiting = f"""until grep -aqsE {shlex.quote(until)} {place}/out
        do sleep 0.02; n=$((n+1)); [ $n -lt 20000 ] || exit 9; done; {then}"""
    answer = lab.must(
        HOST,
        f"""
        mkdir -p {place}
        unit=standfast-try-{number}
        systemd-run --quiet --collect --unit=$unit /bin/sh {CHANGE_DIR}/runner {folder} {action} {number} root {step.time_limit_s}
        n=0; {waiting if until else ""}
        n=0; until [ -e {place}/started ]; do sleep 0.05; n=$((n+1)); [ $n -lt 200 ] || exit 7; done
        flock -w 1200 {place}/lock true
        if [ ! -e {place}/result ]; then echo interrupted; exit 0; fi
        tr -d '\\000' <{place}/result | sed -n 's/^result=//p'; tail -n 30 {place}/out
    """,
        1300,
    )
    return answer.partition("\n")[0] if answer.startswith(("done", "nothing", "interrupted")) else answer


def all_done(steps: list[Step], action: str = "carry-out") -> None:
    for step in steps:
        result = attempt(step, action)
        assert result in ("done", "nothing to do"), f"{step.key}: {result}"


KILL = "systemctl kill -s KILL $unit"


@pytest.fixture(scope="module")
def host():
    lab.up([HOST])
    lab.reset(HOST)
    yield
    lab.remove(HOST)


@pytest.fixture(scope="module")
def ready(host) -> tuple[Survey, Plan, dict[str, Step]]:
    """Surveyed, planned, everything staged: the next step is the upgrade."""
    before = survey()
    plan = planned(before, packages=["nginx", "postgresql-15", "openssl"])
    assert plan.blockers == () and {"libssl3", "libpq5"} < {v.name for v in plan.versions}
    steps = place(plan)
    all_done([step for step in plan.steps if step.number < steps["upgrade-packages"].number])
    return before, plan, steps


@pytest.fixture
def untouched(ready):
    """The host as the test finds it; the test leaves it so."""
    before, plan, steps = ready
    assert same_as_before(before, survey()) == ()
    yield before, plan, steps
    assert same_as_before(before, survey()) == ()
    lab.must(HOST, f"sort {CHANGE_DIR}/saved/automatic >/run/was; apt-mark showauto | sort | diff /run/was -")


def test_surveys_are_quick_and_equal_and_planning_leaves_no_trace(ready):
    before, _, _ = ready
    assert differences(before, survey()) == ()
    assert lab.must(HOST, "ls -A /var/tmp | grep standfast || true") == ""


def test_up_then_not_twice_then_back(untouched):
    before, plan, steps = untouched
    rest = [step for step in plan.steps if step.number >= steps["upgrade-packages"].number]
    all_done(rest)
    after = survey()
    found = differences(before, after)
    assert {d.name for d in found if d.kind == "package"} == {v.name for v in plan.versions}
    assert unexpected(found, plan, HOST) == ()
    nginx = lab.must(HOST, "systemctl show -p MainPID nginx")
    assert attempt(steps["upgrade-packages"]) == "nothing to do" and attempt(steps["restart-services"]) == "nothing to do"
    assert lab.must(HOST, "systemctl show -p MainPID nginx") == nginx
    all_done([step for step in reversed(plan.steps) if step.undo and step.key != "dump-database"], "undo")
    all_done([steps["reserve-space"]])


@pytest.mark.parametrize(
    "at", ["^Unpacking libssl3", "^Unpacking postgresql-15 ", "^Setting up libpq5", "^Setting up postgresql-15"]
)
def test_killed_in_the_middle_it_is_backed_out(untouched, at):
    _, _, steps = untouched
    assert attempt(steps["upgrade-packages"], until=at, then=KILL) == "interrupted"
    assert attempt(steps["upgrade-packages"], "undo") == "done"


def test_killed_in_the_middle_it_is_finished_and_killed_in_the_back_out_that_is_finished(untouched):
    _, plan, steps = untouched
    assert attempt(steps["upgrade-packages"], until="^Unpacking postgresql-15 ", then=KILL) == "interrupted"
    all_done([steps[key] for key in ("upgrade-packages", "restart-services", "check-after")])
    assert attempt(steps["upgrade-packages"], "undo", until="^Unpacking postgresql-15 ", then=KILL) == "interrupted"
    assert attempt(steps["upgrade-packages"], "undo") == "done"


def test_dpkg_alone_killed_the_step_fails_and_is_backed_out(untouched):
    _, _, steps = untouched
    assert attempt(steps["upgrade-packages"], until="^Unpacking nginx ", then="kill -9 $(pgrep -x dpkg)").startswith("failed")
    assert attempt(steps["upgrade-packages"], "undo") == "done"


def test_power_loss_in_the_middle_is_backed_out(untouched):
    _, _, steps = untouched
    attempt(steps["upgrade-packages"], until="^Unpacking postgresql-15 ", then="exit 0")
    lab.kill(HOST)
    lab.start(HOST)
    assert attempt(steps["upgrade-packages"], "undo") == "done"


def test_a_full_disk_is_backed_out_with_the_reserve(untouched):
    _, _, steps = untouched
    lab.must(
        HOST,
        """
        systemctl stop postgresql; cp -a /usr/lib/postgresql /run/kept; mount -t tmpfs -o size=140m none /usr/lib/postgresql
        cp -a /run/kept/. /usr/lib/postgresql/; rm -rf /run/kept; systemctl start postgresql
        fallocate -l 62M /usr/lib/postgresql/.standfast-reserve-test
        dd if=/dev/zero of=/usr/lib/postgresql/full bs=64k 2>/dev/null || true""",
    )
    try:
        result = attempt(steps["upgrade-packages"])
        assert result.startswith("failed") and "No space left" in lab.must(
            HOST, f"cat {CHANGE_DIR}/steps/*-upgrade-packages/*/out"
        )
        lab.must(
            HOST, "rm /usr/lib/postgresql/.standfast-reserve-test"
        )  # what the undo does with the reserve that a plan made here has
        assert attempt(steps["upgrade-packages"], "undo") == "done"
    finally:
        lab.must(
            HOST,
            """systemctl stop postgresql; cp -a /usr/lib/postgresql /run/kept; rm -f /run/kept/full; umount /usr/lib/postgresql
            cp -a /run/kept/. /usr/lib/postgresql/; rm -rf /run/kept; systemctl start postgresql""",
        )


def test_altered_added_and_removed_configuration_comes_back(untouched):
    _, plan, steps = untouched
    lab.must(
        HOST,
        """cd /etc/nginx; echo broken >nginx.conf; chown nobody mime.types; chmod 600 fastcgi_params; rm sites-enabled/*
        mkdir -p new/deep; touch new/deep/file 'new/with space'; ln -s /nowhere new/link""",
    )
    assert attempt(steps["upgrade-packages"]).startswith("failed")  # nginx cannot start on the broken file
    assert attempt(steps["upgrade-packages"], "undo") == "done"


def test_without_any_package_source_old_versions_are_rebuilt_from_the_host(host, ready):
    before, _, _ = ready

    def lost(facts):
        return facts.model_copy(
            update={
                "coming": tuple(
                    c.model_copy(update={"old": c.old.model_copy(update={"uri": "", "sha256": ""})}) for c in facts.coming
                )
            }
        )

    plan = planned(before, packages=["nginx", "postgresql-15", "openssl"], alter=lost)
    steps = place(plan)
    all_done([step for step in plan.steps if step.number < steps["upgrade-packages"].number])
    lab.cut_mirror(HOST)
    try:
        all_done([step for step in plan.steps if step.number >= steps["upgrade-packages"].number])
        assert attempt(steps["upgrade-packages"], "undo") == "done"
    finally:
        lab.mend_mirror(HOST)
    assert same_as_before(before, survey()) == ()
    assert (
        lab.must(
            HOST,
            "dpkg --verify nginx nginx-common postgresql-15 libssl3 openssl libpq5 postgresql-client-15 | grep -v ' c /' || true",
        )
        == ""
    )


def test_without_a_package_source_planning_says_so(host, ready):
    before, _, _ = ready
    lab.cut_mirror(HOST)
    try:
        plan = planned(before, packages=["nginx"])
    finally:
        lab.mend_mirror(HOST)
    assert "package sources cannot be read" in plan.blockers[0].en and plan.steps == ()
