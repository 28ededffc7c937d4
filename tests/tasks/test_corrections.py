"""Corrective maintenance: which findings are meant, the plan of those that still stand, and every mend as shell text (R006, R013)."""

from __future__ import annotations

import os
import re
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from reports.documents import render_plan_page, render_plan_text
from reports.documents.instruction import instruction
from reports.documents.phrases import Phrases
from reports.documents.report import report
from reports.records import Acceptance, ChangeRecord, CheckRow, Closure, Health, Outcome, Plan, Service, Step, Survey, Text, same
from tasks.checks.catalogue import all_checks, limits_for
from tasks.checks.kinds import CORRECTIONS, Check, HostCheck, Known, Row, mender_of, operation_of
from tasks.checks.reading import Answer, Reading, examine, judged
from tasks.errors import BlockersFound, ProcedureError
from tasks.operations import account, attributes, kernel_parameter, mount, package_lists, postgresql, sshd_setting, time_zone, unit
from tasks.operations.mend import Mend
from tasks.planning.corrections import SCRIPTS, chosen, plan_corrections
from tasks.requests import CorrectionRequest

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
CHECKS = {check.id: check for check in all_checks()}
CASES = Path(__file__).parent / "checks" / "cases"
MENDABLE = [check for check in all_checks() if mender_of(check)]
HOSTILE = ["/etc/a b", "/etc/it's", '/etc/"$(touch /tmp/owned)"', "/etc/`id`;id", "/etc/*?[x]", "/etc/-rf", "/etc/变更", "/etc/a\\nb", "/etc/@path@"]


def row(check: str, target: str = "web1", object_: str = "", outcome: Outcome = Outcome.CRITICAL) -> CheckRow:
    return CheckRow(target=target, check=check, object=object_, outcome=outcome, says=Text(zh=f"{object_}有问题", en=f"{object_} is bad"))


def read(check: str, output: str, exit_code: int = 0, **expected) -> Reading:
    """What a check makes of an answer."""
    known, found = Known(now=NOW, expected=expected), CHECKS[check]
    rows = examine(found, Answer(output, exit_code), limits_for(found), known)
    try:
        return Reading(rows, found.parse(output), known)
    except ValueError:
        return Reading(rows, None, known)


def survey(host: str = "web1", **more) -> Survey:
    return Survey(target=host, when="before 1", taken_at=NOW, os_id="debian", os_version="12", os_name="Debian 12", kernel="6.1", architecture="amd64",
                  package_manager="apt", services=(Service(name="orders.service", active="active", enabled="enabled"),), **more)


SHADOW = "644 root root /etc/passwd\n666 root root /etc/crontab\n644 root shadow /etc/shadow\nend\n"
WELL = "644 root root /etc/passwd\nend\n"
UNITS = """Type=simple
Id=orders.service
LoadState=loaded
ActiveState=inactive
SubState=dead
UnitFileState=enabled

Type=oneshot
Id=backup.service
LoadState=loaded
ActiveState=failed
SubState=failed
UnitFileState=static

Id=cron.service
Type=simple
LoadState=loaded
ActiveState=failed
SubState=failed
UnitFileState=enabled

end
"""


def request(**more) -> CorrectionRequest:
    return CorrectionRequest(customer="bureau", inspection="INS-20261123-001", requester="张工", **{"hosts": ["web1"], **more})


def plan(rows: list[CheckRow], readings: dict[str, dict[str, Reading]], surveys: dict | None = None, acceptance: dict | None = None,
         silent=("cron.service",), unread: tuple[CheckRow, ...] = (), **more) -> Plan:
    made = request(**more)
    return plan_corrections("CHG-20261123-001", made, surveys or {host: survey(host) for host in made.hosts}, rows, CHECKS, readings,
                            acceptance or {}, silent, NOW, unread=unread)


# --- which findings

FOUND = [row("CFG-09a", "web1", "/etc/shadow"), row("CFG-09a", "web2", "/etc/shadow"), row("CFG-09a", "web1", "/etc/a b"), row("CFG-16", "web1"),
         row("CFG-02a", "web1")]


def test_without_a_wish_all_that_can_be_mended_is_meant():
    assert chosen(FOUND, [], [], CHECKS) == FOUND[:3]
    assert chosen(FOUND, [], ["web2"], CHECKS) == [FOUND[1]]


@pytest.mark.parametrize(("wish", "places"), [("CFG-09a", [0, 1, 2]), ("CFG-09a web1", [0, 2]), ("CFG-09a web1 /etc/a b", [2])])
def test_a_wish_names_check_host_and_object(wish, places):
    assert chosen(FOUND, [wish, wish], [], CHECKS) == [FOUND[place] for place in places]


@pytest.mark.parametrize(("wishes", "targets", "en", "zh"), [
    (["CFG-09a web9"], [], "no finding “CFG-09a web9”", "没有问题“CFG-09a web9”"),
    (["CFG-16"], [], "CFG-16 (Rules of sudo) is dealt with by hand: See file and line", "须人工处理"),
    (["CFG-02a"], [], "by the procedure software-upgrade", "由流程 software-upgrade 办理"),
    (["XX-99"], [], "no check XX-99", "没有检查项 XX-99"),
    ([], ["web9"], "nothing to do", "无需操作"),
])
def test_what_cannot_be_mended_is_said_in_one_sentence(wishes, targets, en, zh):
    with pytest.raises(BlockersFound) as problem:
        chosen(FOUND, wishes, targets, CHECKS)
    assert en in problem.value.text.en and zh in problem.value.text.zh


@pytest.mark.parametrize("wish", ["", "CFG", "cfg-09a", "CFG-09a web1\n/etc", "CFG-09a ../x y", "CFG-09a; reboot"])
def test_a_wish_that_is_none_is_refused_by_the_form(wish):
    with pytest.raises(ValueError):
        request(findings=[wish])


# --- the plan

def test_only_what_is_still_wrong_is_planned():
    made = plan([row("CFG-09a", object_="/etc/shadow"), row("CFG-09a", object_="/etc/sudoers")], {"web1": {"CFG-09a": read("CFG-09a", SHADOW)}})
    assert [step.key for step in made.steps] == ["mend-cfg-09a-1"] and not made.blockers
    assert "'/etc/shadow'" not in made.steps[0].command and "/etc/shadow 0137 root" in made.steps[0].command
    promised, = made.acceptance
    assert (promised.check, promised.objects, promised.steady_s) == ("CFG-09a", ("/etc/shadow",), 0), "a mode does not change by itself"
    assert made.improvements[0].name == "CFG-09a" and made.improvements[0].text.zh.startswith("web1：")


def test_nothing_wrong_any_more_is_a_good_ending():
    made = plan([row("CFG-09a", object_="/etc/shadow")], {"web1": {"CFG-09a": read("CFG-09a", WELL)}}, findings=["CFG-09a"])
    assert made.nothing_to_do and made.targets == ("web1",)


@pytest.mark.parametrize("output", ["", "garbage"])
def test_what_cannot_be_read_anew_is_never_taken_for_mended(output):
    made = plan([row("CFG-09a", object_="/etc/shadow")], {"web1": {"CFG-09a": read("CFG-09a", output)}})
    assert made.blockers and "could not be read anew" in made.blockers[0].en and not made.nothing_to_do
    assert plan([row("CFG-09a", object_="/etc/shadow")], {"web1": {}}).blockers


def test_what_a_person_has_to_do_is_a_blocker_if_named_and_left_out_with_its_reason_if_not():
    findings = [row("CFG-05a", object_="backup.service"), row("CFG-05a", object_="cron.service")]
    readings = {"web1": {"CFG-05a": read("CFG-05a", UNITS)}}
    named = plan(findings, readings, findings=["CFG-05a"])
    assert "backup.service" in named.blockers[0].en and named.risk.level == "unknown" and not named.steps
    rest = plan(findings, readings)
    assert [step.title.en for step in rest.steps] == ["CFG-05a: Start cron.service"] and not rest.blockers
    assert "Left out: CFG-05a Failed units (web1 backup.service): backup.service is a job" in rest.impact.en and "不在本次整改之内" in rest.impact.zh
    alone = plan(findings[:1], readings)
    assert alone.blockers and not alone.nothing_to_do, "nothing that can be mended is not the same as nothing wrong"


def test_what_the_inspection_could_not_read_is_named_and_holds_nothing_up():
    unread = (row("CFG-09a", outcome=Outcome.UNKNOWN), row("CFG-02a", outcome=Outcome.UNKNOWN))
    some = plan([row("CFG-05a", object_="cron.service")], {"web1": {"CFG-05a": read("CFG-05a", UNITS)}}, unread=unread)
    assert len(some.steps) == 1 and not some.blockers
    assert [one.check for one in some.left] == ["CFG-09a"], "what it could not have mended anyway is the report's to tell"
    assert "could not be read then" in some.impact.en and "未能读取" in some.impact.zh
    none = plan([row("CFG-09a", object_="/etc/shadow")], {"web1": {"CFG-09a": read("CFG-09a", WELL)}}, unread=unread)
    assert none.nothing_to_do and [one.check for one in none.left] == ["CFG-09a"]


def test_a_unit_of_which_several_checks_complain_is_started_once_and_enabled_if_one_asks_for_it():
    findings = [row("CFG-05a", object_="cron.service"), row("CFG-05b", object_="cron.service"), row("CFG-05b", object_="lost.service")]
    readings = {"web1": {check: read(check, UNITS, units=["cron.service", "lost.service"]) for check in ("CFG-05a", "CFG-05b")}}
    made = plan(findings, readings)
    assert [step.touches for step in made.steps] == [("cron.service",), ("lost.service",)]
    assert {a.steady_s for a in made.acceptance} == {unit.STEADY_S}, "a service that dies some seconds after its start is not mended"
    assert {(a.check, a.objects) for a in made.acceptance} == {("CFG-05a", ("cron.service",)), ("CFG-05b", ("cron.service",)), ("CFG-05b", ("lost.service",))}


def test_what_a_simulated_copy_cannot_show_is_left_out_there_and_said():
    made = plan([row("CFG-05a", object_="cron.service"), row("CFG-09a", object_="/etc/crontab")],
                {"web1": {"CFG-05a": read("CFG-05a", UNITS), "CFG-09a": read("CFG-09a", SHADOW)}})
    assert {step.title.en.partition(":")[0]: step.on_copy for step in made.steps} == {"CFG-09a": True, "CFG-05a": False}
    assert {a.check: a.on_copy for a in made.acceptance} == {"CFG-09a": True, "CFG-05a": False}
    assert "Start cron.service" in made.untested[0].en and "模拟副本无法演练" in made.untested[0].zh


def test_several_hosts_go_in_batches_and_those_that_are_well_are_left_alone():
    findings = [row("CFG-09a", host, "/etc/shadow") for host in ("web1", "web2", "web3")]
    readings = {host: {"CFG-09a": read("CFG-09a", WELL if host == "web2" else SHADOW)} for host in ("web1", "web2", "web3")}
    made = plan(findings, readings, hosts=["web1", "web2", "web3"])
    assert made.batches == (("web1",), ("web3",)) and made.targets == ("web1", "web2", "web3")
    assert [(step.number, step.target) for step in made.steps] == [(1, "web1"), (2, "web3")]
    assert {a.target for a in made.acceptance} == {"web1", "web3"}


def test_a_check_of_the_host_that_fails_before_is_not_required_and_one_that_is_good_is():
    page, disk = (Acceptance(target="web1", title=same(name), command="true") for name in ("front page", "room"))
    before = survey(health=(Health(title=same("front page"), ok=False, detail=same("connection refused")),
                            Health(title=same("room"), ok=True, detail=same(""))))
    made = plan([row("CFG-09a", object_="/etc/shadow")], {"web1": {"CFG-09a": read("CFG-09a", SHADOW)}}, {"web1": before}, {"web1": (page, disk)})
    assert [a.title.en for a in made.acceptance if not a.check] == ["room"] and any("front page" in reason.en for reason in made.risk.reasons)


def test_a_window_in_the_past_is_a_blocker():
    made = plan([row("CFG-09a", object_="/etc/shadow")], {"web1": {"CFG-09a": read("CFG-09a", SHADOW)}}, window_closes_at=NOW - timedelta(hours=1))
    assert "in the past" in made.blockers[0].en and not made.steps


def test_a_host_that_was_not_surveyed_is_refused():
    with pytest.raises(ProcedureError, match="not surveyed"):
        plan([row("CFG-09a", object_="/etc/shadow")], {}, {"web2": survey("web2")})


def test_plans_of_older_versions_keep_their_digests():
    """Fields that say nothing are not in the canonical form."""
    step = Step(number=1, key="x", target="web1", title=same("x"), command="true", proof="true", expected=same("x"))
    assert "touches" not in step.canonical() and "on_copy" not in step.canonical()
    check = Acceptance(target="web1", title=same("x"), command="true")
    assert not {"check", "objects", "on_copy"} & set(check.model_dump(mode="json"))
    assert Step.model_validate_json(step.model_copy(update={"on_copy": False, "touches": ("a",)}).canonical()).on_copy is False


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_papers_of_a_correction_speak_of_no_upgrade(language):
    made = plan([row("CFG-09a", object_="/etc/shadow"), row("CFG-05a", object_="cron.service")],
                {"web1": {"CFG-09a": read("CFG-09a", SHADOW), "CFG-05a": read("CFG-05a", UNITS)}})
    record = ChangeRecord(number=made.change, procedure=made.procedure, customer="bureau", customer_name=same("c"), provider_name=same("p"), language=language,
                          requester="张工", reason="r", opened_at=NOW, plan=made, before=(survey(),), closure=Closure.NOTHING_TO_DO, closed_at=NOW)
    say = Phrases(language, "Asia/Shanghai", made.procedure)
    title = {"zh": "巡检整改", "en": "Corrective Maintenance"}[language]
    for paper, name in ((instruction(record, say, NOW), {"zh": "操作说明", "en": " Operation Instruction"}[language]),
                        (report(record, say, NOW), {"zh": "变更报告", "en": " Change Report"}[language])):
        assert title + name in str(paper)
        assert "升级" not in str(paper) and "upgrade" not in str(paper).lower()
    text = render_plan_text(made, language)
    assert "升级" not in text and "upgrade" not in text.lower() and "/etc/shadow 0137 root" in text
    page = render_plan_page(record, language)
    assert "升级" not in page and "upgrade" not in page.lower()


# --- every check that says how it is mended

def cases() -> list:
    """Every bad row of every case whose check says how it is mended."""
    found = []
    for check in MENDABLE:
        for case in yaml.safe_load((CASES / f"{check.id}.yaml").read_text()):
            if case.get("exit", 0) == 0 and set(case["rows"].values()) & {"warning", "critical"}:
                found.append(pytest.param(check, case, id=f"{check.id} {case['name']}"))
    return found


def mends(check: Check, case: dict) -> list[tuple[Row, Mend | Text]]:
    known, limits = Known(now=NOW, expected=case.get("expected", {}), kind="postgresql", version=(15, 0)), limits_for(check, case.get("limits", {}))
    given = case["output"] if isinstance(check, HostCheck) else case["answer"]
    rows = examine(check, Answer(given, 0), limits, known) if isinstance(check, HostCheck) else judged(check, given, limits, known)
    answer = check.parse(given)
    return [(one, check.mend(one, answer, known)) for one in rows if one.outcome in (Outcome.WARNING, Outcome.CRITICAL)]


@pytest.mark.parametrize(("check", "case"), cases())
def test_every_bad_row_is_mended_or_says_in_both_languages_why_not(check, case):
    for _, made in mends(check, case):
        if isinstance(made, Text):
            assert re.search("[\u4e00-\u9fff]", made.zh) and made.en and not made.en.endswith(".")
            continue
        assert made.command and made.proof and made.probe and made.touches
        for text in (made.title, made.expected, made.breaks):
            assert not text or re.search("[\u4e00-\u9fff]", text.zh) and text.en
        assert bool(made.undo) == bool(made.undo_proof)
        for name in SCRIPTS:
            assert_shell(getattr(made, name))


@pytest.mark.parametrize("check", MENDABLE, ids=lambda check: check.id)
def test_every_mender_has_a_case_that_it_mends(check):
    made = [mend for param in cases() if param.values[0] is check for _, mend in mends(*param.values)]
    assert any(isinstance(mend, Mend) for mend in made), [str(mend) for mend in made]


def test_a_remedy_is_a_procedure_that_exists():
    there = {path.stem.replace("_", "-") for path in (Path(__file__).parents[2] / "flows").glob("*.py")}
    assert {operation_of(check) for check in all_checks()} - {""} <= there
    assert CORRECTIONS in there and len(MENDABLE) >= 10
    assert all(not (mender_of(check) and check.remedy_operation) for check in all_checks()), "one way each"


def assert_shell(text: str) -> None:
    assert subprocess.run(["sh", "-n"], input=text, text=True, capture_output=True).stderr == ""


# --- hostile names

def builds(name: str) -> list[Mend]:
    return [attributes.narrow([attributes.TooWide(name, 0o002, "root")], same(name)), account.lock_empty_password(name), account.no_log_in(name),
            mount.mount(name), kernel_parameter.set_parameter(name, f"1 {name}", "0"), time_zone.set_time_zone(name),
            postgresql.analyze(name, name, name), postgresql.rebuild_index(name, name, name), postgresql.drop_remains(name, name, name),
            postgresql.drop_duplicates(name, name, name, name, [name, name])]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_stays_one_word_and_runs_nothing(name, tmp_path):
    owned = Path("/tmp/owned")
    assert not owned.exists()
    for mend in builds(name):
        for script in SCRIPTS:
            assert_shell(getattr(mend, script))
        done = run(mend.probe, tmp_path, dry=True)
        assert not owned.exists() and not re.search("(?<!runuser: )not found", done.stderr) and "Syntax" not in done.stderr, done.stderr


@pytest.mark.parametrize("name", ["-.mount", "a b.service", "$(id).service", "x", "orders.service\n", "../x.service", "-rf.service"])
def test_what_is_no_unit_is_left_to_people(name):
    assert not unit.known(name)
    read_so = {name: {"LoadState": "loaded", "ActiveState": "failed", "Type": "simple"}}
    for check in ("CFG-05a", "CFG-05b"):
        assert isinstance(CHECKS[check].mend(Row(Outcome.CRITICAL, "", "", object=name), read_so, Known(now=NOW)), Text)


@pytest.mark.parametrize("path", ["relative", "/etc/../shadow", "/etc/a\nb", "/etc/\x1b[2J", ""])
def test_what_cannot_be_meant_as_a_path_is_left_to_people(path):
    assert not attributes.mendable(path)
    assert isinstance(CHECKS["CFG-09b"].mend(Row(Outcome.CRITICAL, "", "", object=path), ([path], 100), Known(now=NOW)), Text)


def test_what_might_cut_us_off_is_left_to_people():
    known = Known(now=NOW)
    for name, left in (("net.ipv4.ip_forward", True), ("net/ipv4/conf/eth0/rp_filter", True), ("kernel.printk", False)):
        assert isinstance(CHECKS["CFG-10"].mend(Row(Outcome.WARNING, "", "", object=name), ([(name, "0", "1")], 1), known), Text) == left
    assert isinstance(CHECKS["CFG-14b"].mend(Row(Outcome.WARNING, "", "", object="PermitRootLogin"), {}, known), Text)
    filled = ([("/srv/data", "xfs", "defaults")], {"/": ("ext4", "rw")}, {"/srv/data"})
    assert isinstance(CHECKS["STO-03a"].mend(Row(Outcome.CRITICAL, "", "", object="/srv/data"), filled, known), Text)
    old = (20, [("dbus-daemon", "dbus.service"), ("sshd", "ssh.service")])
    assert isinstance(CHECKS["CFG-03c"].mend(Row(Outcome.WARNING, "", ""), old, known), Text)


DUPLICATES = postgresql.drop_duplicates("orders", "public", "it's", "kept", ['a "1"', "a'2"])
DATABASE_MENDS = [DUPLICATES, postgresql.rebuild_index("orders", "public", "broken"), postgresql.drop_remains("orders", "public", "x_ccnew"),
                  postgresql.analyze("orders", "public", "orders")]
OPTIONS = """for word; do case $word in PGOPTIONS=*) echo "$word" >&2 ;; esac; done\n"""
ORDERS = """after=; for word; do if [ "$after" = -c ]; then printf '%s\\n' "$word"; fi; after=$word; done\n"""


def with_psql(script: str, change: Path, psql: str) -> subprocess.CompletedProcess:
    """Run with this in place of psql, which gets the words that psql would get."""
    return subprocess.run(["sh", "-eu"], input=f"runuser() {{ {psql} }}\nPORT=5432 SAVED={change}/saved\n{script}", text=True, capture_output=True, check=False)


def test_names_are_quoted_for_sql_and_for_the_shell(tmp_path):
    """What psql is given, word for word, by a psql that only tells."""
    name = """it's "odd"; drop table x; --"""
    done = with_psql(postgresql.drop_remains("orders", "public", name).command, tmp_path, ORDERS)
    assert done.stdout == 'DROP INDEX CONCURRENTLY IF EXISTS "public"."it\'s ""odd""; drop table x; --"\n', done.stderr
    assert postgresql.literal(postgresql.identifier(name)) == """'"it''s ""odd""; drop table x; --"'"""
    assert not postgresql.usable("host=10.0.0.1 dbname=x") and not postgresql.usable("postgresql://x") and not postgresql.usable("a\nb", "x")


@pytest.mark.parametrize("mend", DATABASE_MENDS, ids=lambda mend: mend.title.en)
def test_a_database_that_does_not_answer_is_neither_well_nor_changed(mend, tmp_path):
    """A refusal must not pass for "done", nor for "nothing stands against it"."""
    for script in (mend.probe, mend.holds_before, mend.proof.replace("sleep 1", ":"), mend.command):
        done = with_psql(script, tmp_path, "return 2;")
        assert done.returncode != 0 and "DONE" not in done.stdout


@pytest.mark.parametrize("mend", DATABASE_MENDS, ids=lambda mend: mend.title.en)
def test_whoever_owns_a_database_cannot_bend_what_is_said_as_superuser_and_nothing_waits_for_ever(mend, tmp_path):
    for script in (mend.probe, mend.command):
        told = with_psql(script, tmp_path, OPTIONS).stderr
        assert "search_path=pg_catalog" in told and "standard_conforming_strings=on" in told
        assert re.search("lock_timeout=[1-9]", told) and re.search("statement_timeout=[1-9]", told)


def test_a_dropped_index_is_built_again_by_the_orders_that_were_saved(tmp_path):
    saved = tmp_path / "saved"
    saved.mkdir()
    assert with_psql(DUPLICATES.undo, tmp_path, "return 2;").returncode == 0, "nothing was dropped, nothing is asked"
    told = {"1": 'CREATE INDEX CONCURRENTLY "a ""1""" ON public.t USING btree (b)\nWHERE (c <> \'$(id)\'::text)', "1.space": "SET default_tablespace = ''",
            "1.comment": "COMMENT ON INDEX x IS E'a\\\\b'"}
    for name, text in told.items():
        (saved / name).write_text(text + "\n")
    done = with_psql(DUPLICATES.undo, tmp_path, 'case "$*" in *count*) echo 0 ;; *) ' + ORDERS + " ;; esac;")
    assert done.stdout.splitlines() == ['DROP INDEX CONCURRENTLY IF EXISTS "public"."a ""1"""', told["1.space"], *told["1"].splitlines(), told["1.comment"]]
    assert with_psql(DUPLICATES.undo, tmp_path, 'case "$*" in *count*) echo 1 ;; *) ' + ORDERS + " ;; esac;").stdout == "", "it is there"
    assert "it was" in with_psql(DUPLICATES.undo_proof, tmp_path, "echo 1;").stderr, "but not as it was"


def test_what_something_stands_on_and_the_systems_own_are_left_to_people():
    known, bad = Known(now=NOW, kind="postgresql", version=(15, 0)), Row(Outcome.WARNING, "", "", object="orders.public.t")
    group = {"database": "orders", "schema": "public", "name": "t", "keep": "a", "others": ["b"], "constrained": False, "bytes": 9}
    mend = CHECKS["PG-33"].mend
    assert isinstance(mend(bad, ([], [group]), known), Mend)
    for answer in ([group | {"constrained": True}], [group, group], [group | {"others": ["a\nb"]}]):
        assert isinstance(mend(bad, ([], answer), known), Text)
    index = {"database": "orders", "schema": "pg_toast", "name": "pg_toast_1_index", "building": False}
    found = Row(Outcome.WARNING, "", "", object="orders.pg_toast.pg_toast_1_index")
    assert isinstance(CHECKS["PG-34"].mend(found, ([], [index]), known), Text)
    left = Row(Outcome.WARNING, "", "", object="orders.pg_toast.pg_toast_1_index_ccnew1")
    assert "DROP INDEX" in CHECKS["PG-34"].mend(left, ([], [index | {"name": "pg_toast_1_index_ccnew1"}]), known).command


def test_a_database_is_mended_on_the_host_that_it_runs_on():
    answer = [{"database": "orders", "schema": "public", "name": "orders", "keep": "orders_total", "others": ["orders_total2"], "constrained": False,
               "bytes": 9}]
    check, known = CHECKS["PG-33"], Known(now=NOW, kind="postgresql", version=(15, 0))
    reading = Reading(judged(check, answer, limits_for(check), known), check.parse(answer), known)
    found = row("PG-33", "orders-db", "orders.public.orders", Outcome.WARNING)
    made = plan_corrections("CHG-20261123-001", request(), {"web1": survey()}, [found], CHECKS, {"orders-db": {"PG-33": reading}}, {}, (), NOW,
                            {"orders-db": ("web1", 5433)})
    step, = made.steps
    assert step.target == "web1" and "PORT=5433\n" in step.command and "DROP INDEX CONCURRENTLY" in step.command and "CONCURRENTLY" in step.undo
    promised, = made.acceptance
    assert (promised.target, promised.database, promised.check) == ("web1", "orders-db", "PG-33") and "FROM pg_index" in promised.command
    two = plan_corrections("CHG-20261123-001", request(), {"web1": survey()}, [found, found.model_copy(update={"target": "other-db"})], CHECKS,
                           {"orders-db": {"PG-33": reading}, "other-db": {"PG-33": reading}}, {}, (), NOW,
                           {"orders-db": ("web1", 5433), "other-db": ("web1", 5432)})
    assert len(two.steps) == len(two.acceptance) == 2, "the same names on two servers of one host"
    nowhere = plan_corrections("CHG-20261123-001", request(), {"web1": survey()}, [found], CHECKS, {"orders-db": {"PG-33": reading}}, {}, (), NOW)
    assert "does not say on which host" in nowhere.blockers[0].en and "没有写明" in nowhere.blockers[0].zh


# --- run in a real shell

def run(script: str, change: Path, dry: bool = False, **environment) -> subprocess.CompletedProcess:
    change.mkdir(exist_ok=True)
    done = subprocess.run(["sh", "-eu"], input=f'SAVED="$CHANGE_DIR/saved/x"\n{script}', text=True, capture_output=True, timeout=60,
                          env={**os.environ, "CHANGE_DIR": str(change), **environment})
    assert dry or done.returncode == 0, done.stderr + done.stdout
    return done


def word(script: str, change: Path, **environment) -> str:
    return run(script, change, **environment).stdout.split()[0]


@pytest.mark.parametrize("name", ["plain", "a b", "it's $HOME", "-rf", "变更"])
def test_a_mode_is_narrowed_and_comes_back_exactly(tmp_path, name):
    place, change = tmp_path / "place", tmp_path / "change"
    place.mkdir()
    file, folder = place / name, place / f"{name}.d"
    file.write_text("x")
    file.chmod(0o4666)
    folder.mkdir()
    folder.chmod(0o2777)
    mend = attributes.narrow([attributes.TooWide(str(file), 0o022), attributes.TooWide(str(folder), 0o002),
                              attributes.TooWide(str(place / "gone"), 0o002)], same("t"))
    assert run(mend.proof, change, dry=True).returncode != 0
    assert word(mend.probe, change) == "ABSENT"
    run(mend.undo, change)
    assert file.stat().st_mode & 0o7777 == 0o4666, "an undo without a beginning does nothing"
    run(mend.holds_before, change)
    run(mend.command, change)
    assert (file.stat().st_mode & 0o7777, folder.stat().st_mode & 0o7777) == (0o4644, 0o2775)
    run(mend.proof, change)
    assert word(mend.probe, change) == "DONE"
    file.chmod(0o666)  # half done, as after a crash: taken up, and what was saved first is not saved again
    assert word(mend.probe, change) == "PARTIAL"
    run(mend.command, change)
    assert run(mend.undo_proof, change, dry=True).returncode != 0
    for _ in range(2):
        run(mend.undo, change)
        run(mend.undo_proof, change)
        assert (file.stat().st_mode & 0o7777, folder.stat().st_mode & 0o7777) == (0o4666, 0o2777)


def test_a_path_that_became_a_link_is_not_followed(tmp_path):
    secret, file = tmp_path / "secret", tmp_path / "file"
    secret.write_text("x")
    secret.chmod(0o666)
    file.symlink_to(secret)
    mend = attributes.narrow([attributes.TooWide(str(file), 0o022)], same("t"))
    assert run(mend.holds_before, tmp_path / "change", dry=True).returncode != 0 and secret.stat().st_mode & 0o777 == 0o666


SYSTEMCTL = r"""#!/bin/sh
# a host's systemd in a folder: state/<unit> holds its state, enabled/<unit> whether it is enabled; $ROOT/etc its links
case $1 in
  is-active) [ "$2" = -q ] && { [ "$(cat "$ROOT/state/$3" 2>/dev/null)" = active ]; exit; }; cat "$ROOT/state/$2" 2>/dev/null || { echo inactive; exit 3; } ;;
  is-enabled) if [ -L "$ROOT/etc/multi-user.target.wants/$2" ]; then echo enabled; else echo disabled; exit 1; fi ;;
  show) case $* in *LoadState*) echo loaded ;; *Conflicts*) cat "$ROOT/conflicts" 2>/dev/null ;;
    *Wants*" orders.service") echo 'sysinit.target system.slice database.service'; echo running.service ;; *Wants*) echo orders.service ;; esac ;;
  start) echo active >"$ROOT/state/$2"; echo active >"$ROOT/state/database.service" ;;
  stop) echo inactive >"$ROOT/state/$2" ;;
  enable) mkdir -p "$ROOT/etc/multi-user.target.wants"; ln -s "/lib/$3" "$ROOT/etc/multi-user.target.wants/$3" ;;
  reset-failed|daemon-reload) ;;
  *) echo "systemctl $*" >&2; exit 9 ;;
esac
"""


@pytest.fixture
def host(tmp_path):
    """A folder that plays systemd; returns its root and the environment in which the scripts see it."""
    root = tmp_path / "root"
    for folder in ("bin", "state", "etc"):
        (root / folder).mkdir(parents=True)
    (root / "bin" / "systemctl").write_text(SYSTEMCTL)
    (root / "bin" / "sleep").write_text("#!/bin/sh\n")
    for file in (root / "bin").iterdir():
        file.chmod(0o755)
    (root / "state" / "running.service").write_text("active\n")
    return root, {"ROOT": str(root), "PATH": f"{root}/bin:{os.environ['PATH']}"}


def on(root: Path, mend: Mend) -> dict[str, str]:
    """The mend's scripts with /etc/systemd/system put into the folder."""
    return {name: getattr(mend, name).replace("/etc/systemd/system", f"{root}/etc") for name in SCRIPTS}


@pytest.mark.parametrize("before", ["inactive", "failed"])
def test_a_unit_is_started_and_enabled_and_rests_again_with_what_came_along(tmp_path, host, before):
    root, environment = host
    change, state = tmp_path / "change", root / "state"
    (state / "orders.service").write_text(before + "\n")
    scripts = on(root, unit.start("orders.service", enable=True))
    assert word(scripts["probe"], change, **environment) == "ABSENT"
    for name in ("undo", "undo_proof", "holds_before", "command", "proof"):
        run(scripts[name], change, **environment)
    assert word(scripts["probe"], change, **environment) == "DONE"
    assert (state / "orders.service").read_text() == "active\n" and (root / "etc/multi-user.target.wants/orders.service").is_symlink()
    assert (state / "database.service").read_text() == "active\n"
    run(scripts["command"], change, dry=True, **environment)  # a second attempt saves nothing over what was saved
    for _ in range(2):
        run(scripts["undo"], change, **environment)
        run(scripts["undo_proof"], change, **environment)
    assert {name.name: name.read_text() for name in state.iterdir()} == {
        "orders.service": "inactive\n", "database.service": "inactive\n", "running.service": "active\n"}
    assert list((root / "etc").iterdir()) == [], "the folder that enabling made is gone, too"


def test_killed_between_enabling_and_noting_it_the_links_are_taken_away_all_the_same(tmp_path, host):
    root, environment = host
    change = tmp_path / "change"
    scripts = on(root, unit.start("orders.service", enable=True))
    run(scripts["command"], change, **environment)
    (change / "saved/x/made").unlink()
    run(scripts["undo"], change, **environment)
    run(scripts["undo_proof"], change, **environment)
    assert list((root / "etc").iterdir()) == []


def test_a_unit_whose_start_would_stop_another_is_not_started(tmp_path, host):
    root, environment = host
    (root / "conflicts").write_text("shutdown.target running.service\n")
    done = run(on(root, unit.start("orders.service"))["holds_before"], tmp_path / "change", dry=True, **environment)
    assert done.returncode != 0 and "running.service runs, and starting orders.service would stop it" in done.stderr


def test_a_unit_that_does_not_stay_up_is_not_called_well(tmp_path, host):
    root, environment = host
    (root / "bin" / "sleep").write_text(f"#!/bin/sh\necho failed >{root}/state/orders.service\n")
    scripts = on(root, unit.start("orders.service"))
    run(scripts["command"], tmp_path / "change", **environment)
    assert run(scripts["proof"], tmp_path / "change", dry=True, **environment).returncode != 0


def test_a_unit_that_runs_is_enabled_and_not_stopped_by_the_undo(tmp_path, host):
    root, environment = host
    change = tmp_path / "change"
    scripts = on(root, unit.enable("running.service"))
    assert word(scripts["probe"], change, **environment) == "ABSENT"
    for name in ("command", "proof", "undo", "undo_proof"):
        run(scripts[name], change, **environment)
    assert (root / "state/running.service").read_text() == "active\n" and list((root / "etc").iterdir()) == []


def files(script: str, root: Path) -> str:
    return re.sub(r"(?<![\w/])/(etc|usr/share/zoneinfo|proc/sys)(?=[/ )\"])", rf"{root}/\1", script)


def test_the_time_zone_comes_back_byte_for_byte(tmp_path):
    root, change = tmp_path / "root", tmp_path / "change"
    (root / "etc").mkdir(parents=True)
    for zone in ("Asia/Shanghai", "Etc/UTC"):
        (root / "usr/share/zoneinfo" / zone).parent.mkdir(parents=True, exist_ok=True)
        (root / "usr/share/zoneinfo" / zone).write_text(zone)
    (root / "etc/localtime").symlink_to("../usr/share/zoneinfo/Etc/UTC")
    (root / "etc/timezone").write_text("Etc/UTC")
    mend = time_zone.set_time_zone("Asia/Shanghai")
    scripts = {name: files(getattr(mend, name), root) for name in SCRIPTS}
    assert word(scripts["probe"], change) == "ABSENT"
    for name in ("holds_before", "command", "proof"):
        run(scripts[name], change)
    assert word(scripts["probe"], change) == "DONE" and (root / "etc/timezone").read_text() == "Asia/Shanghai\n"
    run(scripts["undo"], change)
    run(scripts["undo_proof"], change)
    assert os.readlink(root / "etc/localtime") == "../usr/share/zoneinfo/Etc/UTC" and (root / "etc/timezone").read_text() == "Etc/UTC"
    assert sorted(path.name for path in (root / "etc").iterdir()) == ["localtime", "timezone"]


def test_a_kernel_parameter_is_set_and_set_back(tmp_path):
    root, change = tmp_path / "root", tmp_path / "change"
    (root / "proc/sys/kernel").mkdir(parents=True)
    file = root / "proc/sys/kernel/printk"
    file.write_text("7\t4\t1\t7\n")
    mend = kernel_parameter.set_parameter("kernel.printk", "4 4 1 7", "7 4 1 7")
    scripts = {name: files(getattr(mend, name), root) for name in SCRIPTS}
    assert word(scripts["probe"], change) == "ABSENT"
    run(scripts["command"], change)
    run(scripts["proof"], change)
    assert file.read_text() == "4 4 1 7\n" and word(scripts["probe"], change) == "DONE"
    run(scripts["undo"], change)
    run(scripts["undo_proof"], change)
    assert file.read_text() == "7\t4\t1\t7\n"


@pytest.mark.parametrize("mend", [sshd_setting.set_sshd("PermitEmptyPasswords", "no", same("x")), package_lists.fetch_lists(), unit.restart(["ssh.service"])],
                         ids=["sshd", "lists", "restart"])
def test_the_other_scripts_are_shell(mend):
    for name in SCRIPTS:
        assert_shell(getattr(mend, name))
