"""Tuning: the load's rounds as shell text, what a form may ask for, where a directive of nginx stands, options of Java, and the plan (R014)."""

from __future__ import annotations

import os
import pwd
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some
from pydantic import ValidationError

from reports.documents import render_plan_page, render_plan_text
from reports.records import Acceptance, ChangeRecord, CheckRow, Cluster, Outcome, StepOutcome, Survey, Text, same
from tasks.checks.catalogue import all_checks, limits_for
from tasks.checks.kinds import TUNING, Known, operation_of
from tasks.errors import BlockersFound
from tasks.operations.measuring import Load, measure
from tasks.planning.tuning import jvm, nginx, plan_tuning, systems
from tasks.planning.tuning.kinds import bytes_of
from tasks.planning.tuning.proposals import chosen, proposals_of
from tasks.requests import LoadWish, SettingWish, TuningRequest
from tasks.sections import Answer
from tasks.verification import measured_on

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
ME = pwd.getpwuid(os.getuid()).pw_name
SCRIPTS = ("probe", "holds_before", "command", "proof", "undo", "undo_proof")
LOAD = {"title": "orders", "command": "echo 1"}


# --- the load -------------------------------------------------------------------------------------------------------------

def load(command: str, words: str = "", **more) -> Load:
    return Load(**{"title": same("x"), "command": command, "words": words, "run_as": ME, "rounds": 3, "limit_s": 5, **more})


def run(script: str, folder: Path, ok: bool = True) -> str:
    bin_ = folder / "bin"
    bin_.mkdir(exist_ok=True)
    (bin_ / "runuser").write_text('#!/bin/sh\nshift 3\nexec "$@"\n')  # whoever runs the tests need not be root
    (bin_ / "runuser").chmod(0o755)
    (bin_ / "sleep").write_text("#!/bin/sh\n[ $1 = 2 ] || exec /bin/sleep $1\n")
    (bin_ / "sleep").chmod(0o755)
    done = subprocess.run(["sh", "-eu"], input=f"SAVED={folder}/saved\n{script}", text=True, capture_output=True, timeout=60, check=False,
                          env={**os.environ, "PATH": f"{bin_}:{os.environ['PATH']}"})
    assert (done.returncode == 0) == ok, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.mark.parametrize(("printed", "words", "figure"), [
    ("tps = 812.3 (without initial connection time)", "tps =", "812.3"), ("latency average = 1.2 ms\ntps = 7", "latency average", "1.2"),
    ("Requests/sec:   1234.56\nTransfer/sec: 9MB", "Requests/sec:", "1234.56"), ("one 1\ntwo 2 and 3.5e2\n", "", "3.5e2"), ("tps = 1\ntps = 2", "tps =", "2"),
    ("1 2 3 of 4", "", "4"),
], ids=["pgbench", "the right line", "wrk", "the last number", "the last line", "several on a line"])
def test_the_figure_of_a_round(tmp_path, printed, words, figure):
    (tmp_path / "printed").write_text(printed)
    mend = measure(load(f"cat {tmp_path}/printed", words), "before")
    assert run(mend.probe, tmp_path) == "ABSENT\n"
    run(mend.command, tmp_path)
    assert run(mend.proof, tmp_path) == "".join(f"standfast-measured {n} {figure}\n" for n in (1, 2, 3))
    assert run(mend.probe, tmp_path) == "DONE\n"


@pytest.mark.parametrize("command", ["echo none", "echo 0", "echo -5", "echo tps = x", "exit 1", "echo 7; exit 1"])
def test_what_gives_no_figure_fails(tmp_path, command, monkeypatch):
    monkeypatch.setattr("tasks.operations.measuring.WAIT_S", 0)
    mend = measure(load(command), "after")
    assert "gives no figure" in run(mend.command, tmp_path, ok=False)
    run(mend.proof, tmp_path, ok=False)


def test_what_is_just_starting_is_waited_for_and_its_round_does_not_count(tmp_path):
    count = tmp_path / "count"
    mend = measure(load(f"echo x >>{count}; n=$(wc -l <{count}); [ $n -gt 3 ] && echo $n"), "after")
    run(mend.command, tmp_path)
    assert run(mend.proof, tmp_path).split()[2::3] == ["5", "6", "7"]


def test_a_round_has_its_time(tmp_path):
    slow = tmp_path / "slow"
    mend = measure(load(f"echo 1; [ ! -e {slow} ] || sleep 30; touch {slow}", limit_s=1), "before")
    assert "round 1 of the load failed, or took longer than 1 s" in run(mend.command, tmp_path, ok=False)


def test_what_is_prepared_is_cleared_away_also_when_it_was_cut_off(tmp_path):
    there = tmp_path / "there"
    mend = measure(load(f"[ -d {there} ] && echo 1", prepare=f"mkdir {there}", clean=f"rm -rf {there}"), "before")
    run(mend.undo, tmp_path)  # of a step that was not begun
    run(mend.undo_proof, tmp_path)
    (tmp_path / "saved").mkdir()
    (tmp_path / "saved" / "begun").touch()
    there.mkdir()  # what a try that was cut off has left
    assert run(mend.probe, tmp_path) == "PARTIAL\n"
    run(mend.command, tmp_path)
    assert not there.exists() and not (tmp_path / "saved" / "begun").exists()
    (tmp_path / "saved" / "begun").touch()
    there.mkdir()
    run(mend.undo, tmp_path)
    run(mend.undo_proof, tmp_path)
    assert not there.exists()
    there.mkdir()  # somebody else's by now
    run(mend.undo, tmp_path)
    assert there.exists()


# --- the form -------------------------------------------------------------------------------------------------------------

def asked(settings=({"system": "kernel", "name": "vm.swappiness", "value": "10"},), loads=(LOAD,), **more) -> TuningRequest:
    return TuningRequest(**{"customer": "bureau", "hosts": ["web1"], "settings": list(settings), "loads": list(loads), "requester": "x", "reason": "x", **more})


@pytest.mark.parametrize("changes", [
    {"loads": []}, {"settings": []}, {"hosts": []}, {"settings": [{"system": "kernel", "name": "vm.x; id", "value": "1"}]},
    {"settings": [{"system": "kernel", "name": "vm.x", "value": "1\n2"}]}, {"settings": [{"system": "oracle", "name": "x", "value": "1"}]},
    {"settings": [{"system": "kernel", "name": "vm.x", "value": ""}]}, {"loads": [{**LOAD, "rounds": 2}]}, {"loads": [{**LOAD, "limit_s": 0}]},
    {"loads": [{**LOAD, "run_as": "a b"}]}, {"loads": [{**LOAD, "command": " "}]}, {"inspection": "CHG-20261123-001"},
], ids=["no load", "no setting", "no host", "a name that is a command", "two lines", "an unknown system", "no value", "too few rounds", "no time", "no account",
        "no command", "no inspection"])
def test_a_form_that_cannot_be_meant_is_refused(changes):
    with pytest.raises(ValidationError):
        asked(**changes)


def survey(**more) -> Survey:
    return Survey(**{"target": "web1", "when": "before 1", "taken_at": NOW, "os_id": "debian", "os_version": "12", "os_name": "Debian 12", "kernel": "6.1",
                     "architecture": "amd64", "package_manager": "apt", "memory_kib": 4 << 20, **more})


KERNEL = Answer((
    "now vm.swappiness yes 60", "now vm.min_free_kbytes yes 67584", "now net.core.somaxconn yes 4096", "now net.ipv4.tcp_rmem yes 4096 131072 6291456",
    "now kernel.core_pattern yes |/usr/bin/x", "now fs.file-max no 100000", "now net.ipv4.tcp_congestion_control yes cubic", "congestion reno cubic",
    "said vm.swappiness /etc/sysctl.d/10-x.conf 7", "said vm.min_free_kbytes /etc/sysctl.conf 3"), 0)


def planned(request: TuningRequest, answers=None, **facts):
    acceptance = {"web1": (Acceptance(target="web1", title=Text(zh="好", en="well"), command="true"),)}
    return plan_tuning("CHG-20261123-001", request, {"web1": survey(**facts)}, {"web1": request.settings}, {"web1": answers or {"kernel": KERNEL}},
                       acceptance, (), NOW)


@pytest.mark.parametrize(("changes", "told"), [
    ({"better": "lower", "at_least_pct": 100}, "nothing can be better by 100 %"), ({"command": "PGPASSWORD=abc psql"}, "seem to hold a password"),
    ({"rounds": 20, "limit_s": 900}, "may run 4 hours"), ({"at_least_pct": 0}, "At least one load must have to be better"),
], ids=["more than all", "a password", "half a day", "nothing need be better"])
def test_loads_that_make_no_sense_block_in_one_sentence(changes, told):
    plan = planned(asked(loads=[{**LOAD, **changes}]))
    assert len(plan.blockers) == 1 and told in plan.blockers[0].en and not plan.steps


@pytest.mark.parametrize(("name", "value", "told"), [
    ("vm.nothing", "1", "has no setting"), ("dev.raid.speed", "1", "has no setting"), ("vm.swappiness", "201", "out of range (0 to 200)"),
    ("vm.swappiness", "ten", "takes 1 whole figure, as now 60"), ("vm.swappiness", "1 2", "takes 1 whole figure"),
    ("net.ipv4.tcp_rmem", "1 2", "takes 3 whole figures"), ("kernel.core_pattern", "core", "is no figure"), ("fs.file-max", "1", "cannot be set on web1"),
    ("net.ipv4.tcp_congestion_control", "bbr", "takes one of reno, cubic"),
    ("vm.min_free_kbytes", "70000", "/etc/sysctl.conf, line 3, sets vm.min_free_kbytes and is read after"), ("vm.swappiness", "-1", "out of range"),
])
def test_the_kernel_refuses_in_one_sentence(name, value, told):
    plan = planned(asked([{"system": "kernel", "name": name, "value": value}]))
    assert len(plan.blockers) == 1 and told in plan.blockers[0].en and plan.blockers[0].zh != plan.blockers[0].en and not plan.steps


def test_a_plan_of_the_kernel_shows_where_the_value_stood_and_guards_the_network():
    plan = planned(asked([{"system": "kernel", "name": "vm.swappiness", "value": "10"}, {"system": "kernel", "name": "net.core.somaxconn", "value": "1024"}]))
    assert not plan.blockers and [step.key for step in plan.steps] == ["measure-before-load-1", "tune-kernel-1", "measure-after-load-1"]
    assert {(one.name, one.before, one.source.en, one.after) for one in plan.settings} == {
        ("vm.swappiness", "60", "/etc/sysctl.d/10-x.conf, line 7", "10"), ("net.core.somaxconn", "4096", "the kernel's default, in no file", "1024")}
    assert plan.steps[1].confirm_s and not any(step.on_copy for step in plan.steps) and plan.untested
    assert planned(asked([{"system": "kernel", "name": "vm.swappiness", "value": "60"}])).nothing_to_do


def test_a_load_for_the_copy_alone_needs_one_that_shows_it():
    kernel = planned(asked(loads=[{**LOAD, "where": "copy"}]))
    assert "name a staging host" in kernel.blockers[0].en
    assert not planned(asked(loads=[{**LOAD, "where": "copy"}], rehearse_on="web2")).blockers


def outcome(step, figures) -> StepOutcome:
    return StepOutcome(number=step.number, key=step.key, target=step.target, title=step.title, result="done",
                       output="".join(f"standfast-measured {count} {figure}\n" for count, figure in enumerate(figures, 1)))


def test_where_loads_run_is_in_the_plan_and_decides_there():
    here = {"nginx": nginx_answer()}
    of = [{"system": "nginx", "name": "worker_connections", "value": "1024"}]
    for where, on_copy, on_host in (("copy and host", True, True), ("copy", True, False), ("host", False, True)):
        plan = planned(asked(of, [{**LOAD, "where": where}]), here)
        assert {(step.on_copy, step.on_host) for step in plan.steps if step.key.startswith("measure")} == {(on_copy, on_host)}, where
        assert [(one.on_copy, one.on_host, one.in_rehearsal) for one in plan.measurements] == [(on_copy, on_host, where != "host")]
        worse = [outcome(step, [1, 1, 1, 1, 1] if "after" in step.key else [9, 9, 9, 9, 9]) for step in plan.steps if step.key.startswith("measure")]
        assert [health.ok for health in measured_on(plan, "web1", worse, live=True)] == [False] * on_host
        assert [health.ok for health in measured_on(plan, "web1", worse, live=False)] == [False] * (where != "host")
        assert ("(in the rehearsal only)" in plan.steps[0].title.en) == (not on_host)
        assert ("Loads run on the live system" in plan.impact.en) == on_host


def test_papers_show_settings_and_criterion_in_both_languages():
    plan = planned(asked([{"system": "kernel", "name": "vm.swappiness", "value": "10"}], [{**LOAD, "unit": "tps", "at_least_pct": 12.5}]))
    for language, words in (("zh", ("参数变化", "/etc/sysctl.d/10-x.conf 第 7 行", "至少改善 12.5 %", "vm.swappiness")),
                            ("en", ("Settings", "/etc/sysctl.d/10-x.conf, line 7", "better by 12.5 % at least", "vm.swappiness"))):
        record = ChangeRecord(number=plan.change, procedure=plan.procedure, customer="bureau", customer_name=Text(zh="局", en="Bureau"), language=language,
                              provider_name=Text(zh="司", en="Firm"), requester="x", reason="x", opened_at=NOW, plan=plan)
        text = render_plan_text(plan, language) + render_plan_page(record, language)
        assert all(word in text for word in words), text[:3000]


# --- nginx ----------------------------------------------------------------------------------------------------------------

MAIN = """user www-data;
worker_processes auto;
events {
\tworker_connections 768; # many
}
http {
    gzip on; gzip_vary on;
    keepalive_timeout
        65;
    log_format main '$remote_addr; {"x"}';
    include conf.d/*.conf;
    include /etc/nginx/sites-enabled/*;
}"""
SITE = """server {
    location / { proxy_read_timeout 10s; }
    location /x { proxy_read_timeout 20s; client_max_body_size 1m; }
    sendfile on;
}"""


def nginx_answer(*said: str, main: str = MAIN, site: str = SITE) -> Answer:
    dump = f"# configuration file /etc/nginx/nginx.conf:\n{main}\n# configuration file /etc/nginx/sites-enabled/s:\n{site}\n"
    takes = ("takes worker_connections", "takes gzip_comp_level", "takes gzip", "takes sendfile", "takes keepalive_timeout", "takes proxy_read_timeout",
             "takes multi_accept", "takes client_max_body_size", "takes worker_processes", "takes worker_rlimit_nofile")
    return Answer((*takes, *said, "real /etc/nginx/sites-enabled/s /etc/nginx/sites-available/s", "----", *dump.split("\n")), 0)


def tuned(name: str, value: str, at: str = "", **more):
    return nginx.tune([SettingWish(system="nginx", name=name, value=value, at=at)], {"nginx": nginx_answer(**more)}, survey())


def test_every_directive_is_found_in_its_block():
    lines = nginx_answer().lines
    found = nginx.directives(nginx.files_of(lines[lines.index("----") + 1:]))
    where = {(one.name, one.value): (one.file.rpartition("/")[2], one.line, one.context, one.alone) for one in found}
    assert where["worker_connections", "768"] == ("nginx.conf", 4, ("events",), True)
    assert where["gzip", "on"] == ("nginx.conf", 7, ("http",), False) and where["keepalive_timeout", "65"] == ("nginx.conf", 9, ("http",), False)
    assert where["log_format", "main $remote_addr; {\"x\"}"][:3] == ("nginx.conf", 10, ("http",))
    assert where["proxy_read_timeout", "20s"][2] == ("http", "server", "location") and where["sendfile", "on"] == ("s", 4, ("http", "server"), True)


def test_a_directive_changes_where_it_stands_or_gets_a_file_of_its_own():
    one, = tuned("worker_connections", "1024")
    assert one.settings[0].source.en == "/etc/nginx/nginx.conf, line 4" and one.settings[0].before == "768"
    assert one.mend.files[0].after == ("\tworker_connections 1024;",) and one.mend.files[0].before == ("\tworker_connections 768; # many",)
    one, = tuned("gzip_comp_level", "5")
    assert one.mend.files[0].path == "/etc/nginx/conf.d/zz-standfast.conf" and one.settings[0].before == "-"
    one, = tuned("worker_rlimit_nofile", "4096")
    assert one.mend.files[0].path == "/etc/nginx/nginx.conf"
    one, = tuned("sendfile", "off", at="/etc/nginx/sites-enabled/s")
    assert one.mend.files[0].path == "/etc/nginx/sites-available/s", "the file itself, not the link to it"
    assert tuned("worker_connections", "768") == []


@pytest.mark.parametrize(("name", "value", "at", "told"), [
    ("gzip", "off", "", "does not stand on a line of its own"), ("keepalive_timeout", "5", "", "does not stand on a line of its own"),
    ("sendfile", "off", "", "is also set in /etc/nginx/sites-enabled/s, line 4, which overrides"), ("proxy_read_timeout", "5s", "", "is also set in"),
    ("proxy_read_timeout", "5s", "/etc/nginx/sites-enabled/s", "stands 2 times in"), ("multi_accept", "on", "", "stands nowhere yet"),
    ("gzip_level", "5", "", "does not take"), ("worker_priority", "2; id", "", "signs that have a meaning"),
])
def test_a_directive_that_cannot_be_placed_is_refused(name, value, at, told):
    with pytest.raises(BlockersFound, match=told) as refused:
        tuned(name, value, at)
    assert refused.value.text.zh != refused.value.text.en


@pytest.mark.parametrize("main", ["http {", "}", "a {}}", "include x.conf; {"])
def test_a_configuration_that_cannot_be_followed_is_refused(main):
    with pytest.raises(BlockersFound, match="cannot be followed"):
        tuned("worker_connections", "5", main=main)


WORDS = some.text(alphabet="abc_09./", min_size=1, max_size=6)


@given(some.recursive(some.lists(some.tuples(WORDS, WORDS), min_size=0, max_size=3).map(lambda of: [f"{a} {b};" for a, b in of]),
                      lambda inner: some.tuples(WORDS, inner).map(lambda of: [of[0] + " {", *of[1], "}"]), max_leaves=5))
def test_the_parser_finds_as_many_as_were_written(lines):
    found = nginx.directives({"/etc/nginx/nginx.conf": lines})
    assert len(found) == sum(line.endswith(";") and not line.startswith("include ") for line in lines) + sum(line.startswith("include ") for line in lines)
    assert all(one.alone for one in found if one.name != "include")


# --- Java and sizes -------------------------------------------------------------------------------------------------------

def java(line: str, *has: str, name: str = "-Xmx", value: str = "300m"):
    answer = Answer((*(f"has {one}" for one in has), *([f"line /etc/default/tomcat10 4:{line}"] if line else []), "taken"), 0)
    return jvm.tune([SettingWish(system="jvm", name=name, value=value, at="tomcat10")], {"jvm-tomcat10": answer}, survey())


@pytest.mark.parametrize(("line", "has", "name", "value", "after"), [
    ('JAVA_OPTS="-Djava.awt.headless=true"', (), "-Xmx", "300m", 'JAVA_OPTS="-Djava.awt.headless=true -Xmx300m"'),
    ("JAVA_OPTS='-Xmx1g -Xms1g'", ("-Xmx1g",), "-Xmx", "300m", 'JAVA_OPTS="-Xmx300m -Xms1g"'),
    ("export CATALINA_OPTS=-Xmx1g", ("-Xmx1g",), "-Xmx", "300m", 'export CATALINA_OPTS="-Xmx300m"'),
    ('JAVA_OPTS="-XX:+UseG1GC -Xmx1g -Xmx2g"', ("-Xmx2g",), "-Xmx", "300m", 'JAVA_OPTS="-XX:+UseG1GC -Xmx300m"'),
    ('JAVA_OPTS="-XX:+UseG1GC"', ("-XX:+UseG1GC",), "-XX:UseG1GC", "off", 'JAVA_OPTS="-XX:-UseG1GC"'),
    ('JAVA_OPTS=""', (), "-XX:MaxGCPauseMillis", "50", 'JAVA_OPTS="-XX:MaxGCPauseMillis=50"'),
    ('JAVA_OPTS="-Da.b=1"  # ours', ("-Da.b=1",), "-Da.b", "2", 'JAVA_OPTS="-Da.b=2"'),
])
def test_options_of_java_change_in_their_line(line, has, name, value, after):
    one, = java(line, *has, name=name, value=value)
    assert one.mend.files[0].after == (after,) and one.mend.files[0].before == (line,) and one.mend.interrupts


@pytest.mark.parametrize(("line", "has", "told"), [
    ("", (), "from 0 lines"), ('JAVA_OPTS="$JAVA_OPTS -Xss1m"', (), "more than a list of options"), ('JAVA_OPTS="-Xss1m"', ("-Xmx2g",), "another file sets it"),
])
def test_options_that_stand_elsewhere_are_refused(line, has, told):
    with pytest.raises(BlockersFound, match=told):
        java(line, *has)


@pytest.mark.parametrize(("name", "value"), [("-Xmx", "1g; id"), ("-Xmx", "$(id)"), ("-javaagent", "x"), ("-XX:", "1"), ("Xmx", "1g")])
def test_what_is_no_option_is_refused(name, value):
    with pytest.raises(BlockersFound):
        jvm.option_of(SettingWish(system="jvm", name=name, value=value, at="x"))


@pytest.mark.parametrize(("size", "amount"), [("512m", 512 << 20), ("4GB", 4 << 30), ("1 KiB", 1024), ("77", 77), ("1x", None), ("", None), ("-1", None)])
def test_sizes(size, amount):
    assert bytes_of(size) == amount


def test_which_server_is_meant():
    postgresql = next(system for system in systems() if system.name == "postgresql")
    two = survey(clusters=tuple(Cluster(engine="postgresql", name=f"15/{port}", version="15", port=port, running=True) for port in (5432, 5433)))
    with pytest.raises(BlockersFound, match="several PostgreSQL servers"):
        postgresql.facts([SettingWish(system="postgresql", name="work_mem", value="1MB")], two)
    assert postgresql.facts([SettingWish(system="postgresql", name="work_mem", value="1MB", at="5433")], two)[0].name == "postgresql-5433"


def test_every_system_of_the_form_is_one_that_is_there():
    assert {system.name for system in systems()} == set(SettingWish.model_fields["system"].annotation.__args__)
    assert LoadWish(**LOAD).rounds >= 3


@given(some.text(alphabet=some.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp")), min_size=1, max_size=40))
def test_no_value_becomes_shell(value):
    """Whatever somebody types as a value stands in scripts as a word, or is refused."""
    for system, name, at in (("postgresql", "work_mem", "5432"), ("mariadb", "sort_buffer_size", ""), ("nginx", "gzip_comp_level", ""), ("jvm", "-Xmx", "x"),
                             ("kernel", "vm.swappiness", "")):
        wish = SettingWish(system=system, name=name, value=value, at=at)
        try:
            parts = next(one for one in systems() if one.name == system).facts([wish], survey())
        except BlockersFound:
            continue
        for part in parts:
            subprocess.run(["sh", "-n"], input=part.body, text=True, check=True, timeout=10, capture_output=True)


# --- proposals of an inspection -------------------------------------------------------------------------------------------

def finding(check: str, en: str, target: str = "db1-sql", object_: str = "x") -> CheckRow:
    return CheckRow(target=target, check=check, object=object_, outcome=Outcome.WARNING, says=Text(zh="有建议", en=en))


SORTS = finding("MY-43", "20 % of sorts take several passes; run: SET GLOBAL sort_buffer_size = 4194304;", object_="sorts")
BUFFERS = finding("PG-41", "it is 1 % of the memory; run and restart: ALTER SYSTEM SET shared_buffers = '1024MB';", "web1-sql", "shared_buffers")
GAP = finding("MY-40", "where memory is free: SET GLOBAL innodb_buffer_pool_size = <six tenths of the memory, bytes>;", object_="hit")


def test_what_a_row_says_becomes_a_wish():
    assert proposals_of(BUFFERS.says.en, 5433) == [SettingWish(system="postgresql", name="shared_buffers", value="1024MB", at="5433")]
    both = "run: SET GLOBAL tmp_table_size = 32; SET GLOBAL max_heap_table_size = 32;"
    assert [wish.name for wish in proposals_of(both, 3306)] == ["tmp_table_size", "max_heap_table_size"]
    assert proposals_of(GAP.says.en, 3306) == [] and proposals_of("ALTER SYSTEM SET shared_buffers = '...';", 1) == []


def test_findings_that_say_what_to_set_are_chosen():
    other = finding("PG-37", "run: ALTER SYSTEM SET work_mem = '64MB';")
    rows = [SORTS, BUFFERS, GAP, other]
    assert chosen(rows, [], all_checks()) == [SORTS, BUFFERS]
    assert chosen(rows, ["PG-41 web1-sql shared_buffers"], all_checks()) == [BUFFERS]
    for wishes, told in ((["MY-40"], "that says what to set"), (["PG-37"], "that says what to set"), (["PG-41 web1-sql other"], "that says what to set")):
        with pytest.raises(BlockersFound, match=told):
            chosen(rows, wishes, all_checks())
    with pytest.raises(BlockersFound, match="proposes no setting"):
        chosen([GAP, other], [], all_checks())


MANY = {"select_full_join": 0, "select_range_check": 0, "sort_merge_passes": 900, "sort_scan": 1000, "sort_range": 0, "uptime": 86400,
        "created_tmp_tables": 2000,
        "created_tmp_disk_tables": 1900, "tmp_table_size": 1 << 24, "max_heap_table_size": 1 << 24, "open_tables": 2000, "opened_tables": 1e6,
        "table_open_cache": 2000, "open_files": 1, "open_files_limit": 1000, "threads_created": 900, "connections": 1000,
        "innodb_buffer_pool_size": 1 << 27, "innodb_buffer_pool_reads": 9e5, "innodb_buffer_pool_read_requests": 1e6, "innodb_buffer_pool_wait_free": 0,
        "shared_buffers": 1 << 20, "effective_cache_size": 1 << 30, "work_mem": 1 << 22, "maintenance_work_mem": 1 << 26, "max_connections": 100}


@pytest.mark.parametrize(("check", "name"), [("MY-40", "innodb_buffer_pool_size"), ("MY-42", "tmp_table_size"), ("MY-43", "sort_buffer_size"),
                                             ("MY-44", "table_open_cache"), ("PG-41", "shared_buffers"), ("PG-45", "autovacuum_vacuum_cost_limit")])
def test_what_checks_say_can_be_read_as_a_proposal(check, name):
    """A statement that nobody can read any more would leave its check without a way."""
    one = next(each for each in all_checks() if each.id == check)
    assert operation_of(one) == TUNING
    rows = list(one.judge((3, 3, 7200) if check == "PG-45" else MANY, limits_for(one), Known(now=NOW, expected={"memory_gib": 4})))
    assert name in {wish.name for row in rows if row.outcome is not Outcome.OK for wish in proposals_of(row.en, 1)}, rows


def test_every_check_that_tuning_is_for_is_tried_above():
    assert {check.id for check in all_checks() if operation_of(check) == TUNING} == {"MY-40", "MY-42", "MY-43", "MY-44", "PG-41", "PG-45"}
