"""Every control over its case file, and over answers that make no sense."""

from __future__ import annotations

import ast
import re
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reports.documents.phrases import catalogue
from reports.records import Outcome
from tasks.checks.kinds import Known, Row
from tasks.checks.reading import Answer, examine, host_script, judged
from tasks.controls.catalogue import all_controls, database_controls, host_controls
from tasks.controls.kinds import DatabaseControl, HostControl
from tests.tasks.checks.test_both_languages import BOTH, SAID

CASES = Path(__file__).parent / "cases"
ROOT = Path(__file__).parents[3]
NOW = datetime(2026, 11, 2, 2, 0, tzinfo=UTC)
# All clauses that level 2 has of 安全计算环境, as far as a host can show them.
LEVEL_2 = {f"7.1.4.{clause}" for clause in ("1 a", "1 b", "1 c", "2 a", "2 b", "2 c", "2 d", "3 a", "3 b", "3 c", "4 a", "4 b", "4 c", "4 e", "5", "6", "7")}
WORDS = {"pass": Outcome.OK, "fail": Outcome.WARNING, "unknown": Outcome.UNKNOWN, "not applicable": Outcome.NOT_APPLICABLE}
CHINESE = re.compile("[\u4e00-\u9fff]")
CONTROLS = all_controls()
# One of each way of understanding an answer: the judges differ, the parsers are shared.
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def cases_of(control) -> list[dict]:
    return yaml.load((CASES / f"{control.id}.yaml").read_text(), Loader=LOADER)


def rows_of(control, case: dict) -> tuple[Row, ...]:
    known = Known(now=NOW, expected=case.get("expected", {}), kind=case.get("kind", ""), version=tuple(case.get("version", (15, 0))))
    if isinstance(control, HostControl):
        return examine(control, Answer(case["output"], case.get("exit", 0)), control.bounds, known)
    return judged(control, case["answer"], control.bounds, known)


@pytest.mark.parametrize("control", CONTROLS, ids=lambda control: control.id)
def test_what_must_be_said_of_a_real_answer(control):
    seen = set()
    for case in cases_of(control):
        rows = rows_of(control, case)
        assert {row.object: row.outcome for row in rows} == {name: WORDS[word] for name, word in case["rows"].items()}, (case["name"], rows)
        assert all(row.zh and row.en and not CHINESE.search(row.en) for row in rows)
        seen |= set(case["rows"].values())
    assert seen >= {"pass", "fail", "unknown"}, f"the cases of {control.id} only show {seen}"


@pytest.mark.parametrize("control", CONTROLS, ids=lambda control: control.id)
def test_every_control_is_whole(control):
    """Both languages, a source for every figure, a clause of the standard, and what may break where much may."""
    for text in (control.title, control.remedy):
        assert text.zh and text.en and not CHINESE.search(text.en)
    assert CHINESE.search(control.title.zh)
    assert control.source and all(bound.source and bound.figure == bound.figure for bound in control.bounds.values())
    assert re.fullmatch(r"H-[A-Z]{2,4}-\d{2}[a-z]?", control.id) and re.fullmatch(r"1\.\d\.\d{1,2}( [a-g])?", control.clause)
    assert control.level == 3 or control.clauses[0] in LEVEL_2
    assert control.risk == "low" or control.breaks.en, "what may break"
    assert not control.limits, "controls have bounds"
    assert (ROOT / "tasks" / "controls" / control.family).is_dir()


def test_there_are_enough_of_them():
    assert len(host_controls()) >= 80
    assert len(database_controls("postgresql")) >= 15 and len(database_controls("mysql")) >= 13 and len(database_controls("mariadb")) >= 13
    assert len([control for control in CONTROLS if control.level == 3]) >= 15


def test_the_script_of_all_controls_is_shell(tmp_path):
    script = tmp_path / "script"
    script.write_text(host_script(host_controls(), "0123456789abcdef"))
    assert subprocess.run(["sh", "-n", script], capture_output=True, text=True).stderr == ""


SHARED = {(control.command, control.parse): control for control in CONTROLS if isinstance(control, HostControl)}


def test_answers_are_shared():
    """What costs is the number of commands, not of controls."""
    assert len({control.command for control in host_controls()}) <= 25


@pytest.mark.parametrize("control", SHARED.values(), ids=lambda control: control.id)
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_an_answer_that_is_mangled_never_raises(control, data):
    """Nonsense; and real answers of any control that shares the command, cut, with a line lost or a word replaced."""
    if data.draw(st.integers(0, 4)) == 0:
        output = data.draw(st.one_of(st.text(max_size=200), st.sampled_from(["", "end\n", "{}\nend\n", "0\nend\n", "x y z\nend\n"])))
    else:
        lines = data.draw(st.sampled_from([case["output"] for case in cases_of(control)])).splitlines(keepends=True) or [""]
        place = data.draw(st.integers(0, len(lines) - 1))
        other = data.draw(st.sampled_from(["", "-1", "0", "99999999999999999999", '"x"', "null", "nan", "!", "\\", "  "]))
        output = "".join([*lines[:place], *([lines[place].rpartition(" ")[0] + f" {other}\n"] if data.draw(st.booleans()) else []), *lines[place + 1:]])
        output = output[:data.draw(st.integers(len(output) // 2, len(output)))] if data.draw(st.booleans()) else output
    for one in CONTROLS:
        if isinstance(one, HostControl) and (one.command, one.parse) == (control.command, control.parse):
            rows = examine(one, Answer(output, 0), one.bounds, Known(now=NOW))
            assert rows and all(row.zh and row.en for row in rows)


@pytest.mark.parametrize("control", SHARED.values(), ids=lambda control: control.id)
def test_empty_is_never_well(control):
    assert {row.outcome for row in examine(control, Answer("", 0), control.bounds, Known(now=NOW))} == {Outcome.UNKNOWN}


@pytest.mark.parametrize("control", [one for one in CONTROLS if isinstance(one, DatabaseControl)], ids=lambda control: control.id)
def test_a_database_says_nothing_is_never_well(control):
    """No row at all, a column that is missing, a value that makes no sense."""
    assert {row.outcome for row in judged(control, [], control.bounds, Known(now=NOW))} == {Outcome.UNKNOWN}
    for case in cases_of(control):
        for row in case["answer"]:
            for name in row:
                for other in (None, "x", -1, float("nan"), [], "\u202e"):
                    assert judged(control, [{**one, name: other} if one is row else one for one in case["answer"]], control.bounds, Known(now=NOW))
                assert judged(control, [{key: value for key, value in row.items() if key != name}], control.bounds, Known(now=NOW))


@pytest.mark.parametrize("control", [one for one in CONTROLS if isinstance(one, DatabaseControl)], ids=lambda control: control.id)
def test_every_version_has_its_question(control):
    """One read-only statement for every version that is promised."""
    for kind, versions in {"postgresql": [(v, 0) for v in range(12, 18)], "mysql": [(8, 0), (8, 4)], "mariadb": [(10, 11), (11, 4)]}.items():
        if kind in control.kinds:
            for version in versions:
                query = control.query(version, kind)
                assert query and re.match(r"\s*(SELECT|SHOW)\b", query) and ";" not in re.sub(r"'[^']*'", "", query)


@pytest.mark.parametrize("command", sorted({control.command for control in host_controls()}), ids=lambda command: " ".join(command.split())[:40])
def test_a_command_says_in_both_languages_why_it_has_no_answer(command):
    said = SAID.findall(command)
    assert len(said) == len(re.findall(r"\b(?:na|cannot) [\"']", command))
    for rest in said:
        both = BOTH.match(rest)
        assert both and CHINESE.search(both[1]) and not CHINESE.search(both[2]), rest


@pytest.mark.parametrize("path", sorted((ROOT / "tasks" / "controls").rglob("*.py")), ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_what_cannot_be_understood_is_told_in_both_languages(path):
    for call in (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Unreadable"):
        en, zh = map(ast.unparse, call.args)
        assert CHINESE.search(zh) and not CHINESE.search(en), f"{path.name}:{call.lineno}"


@pytest.mark.parametrize("control", CONTROLS, ids=lambda control: control.id)
def test_units_have_their_chinese(control):
    units = {bound.unit for bound in control.bounds.values()} | {row.unit for case in cases_of(control) for row in rows_of(control, case)}
    assert all(unit in ("", "MiB") or CHINESE.search(catalogue()[f"unit.{unit}"]["zh"]) for unit in units)
